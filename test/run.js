// @ts-check
/** `npm test`: the unit suite, then the conformance suite on every runtime that is installed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSuite } from "./conformance/build.js";
import { conformance } from "./conformance/run.js";

const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");

function unit() {
  const folder = mkdtempSync(join(tmpdir(), "writ-test-"));
  const file = join(folder, "results.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const { status } = spawnSync(process.execPath, [vitest, "run", ...reporters], {
    stdio: "inherit",
  });
  try {
    const results = JSON.parse(readFileSync(file, "utf8"));
    const broken = results.testResults.filter(
      /** @param {{status: string, assertionResults: unknown[]}} each */
      (each) => each.status === "failed" && each.assertionResults.length === 0,
    );
    const failed = results.numFailedTests + broken.length;
    // Whatever vitest complains of besides tests, such as an unhandled rejection, is a failure too.
    return {
      passed: results.numPassedTests,
      failed: failed === 0 && status !== 0 ? 1 : failed,
      skipped: results.numPendingTests + results.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const vectors =
  process.env["WRIT_VECTORS"] ?? fileURLToPath(new URL("../../shared/vectors", import.meta.url));
const vectorsThere = existsSync(join(vectors, "go-checksum-database"));

const units = unit();
if (!vectorsThere) {
  console.log(
    `Vectors: not in ${vectors}; the tests over real data were skipped; set WRIT_VECTORS`,
  );
}
console.log("Conformance: one suite, one digest, on every runtime");
await buildSuite();
const runtimes = await conformance({ print: (line) => console.log(line) });

const passed = units.passed + runtimes.passed;
const failed = units.failed + runtimes.failed;
if (units.skipped > 0) console.log(`${units.skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
