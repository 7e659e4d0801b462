// @ts-check
/**
 * Runs one suite on every runtime and compares what they computed.
 *
 *     node test/conformance/run.js [--only node,deno] [--json FILE]
 *
 * A runtime that is not installed is reported; with WRIT_RUNTIMES=all that is a failure.
 */
import { existsSync, realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildSuite } from "./build.js";
import * as bun from "./launch/bun.js";
import * as chromium from "./launch/chromium.js";
import * as deno from "./launch/deno.js";
import * as firefox from "./launch/firefox.js";
import * as node from "./launch/node.js";
import { LaunchError } from "./launch/outcome.js";
import * as webkit from "./launch/webkit.js";
import * as workerd from "./launch/workerd.js";

/**
 * The first one is what the others are compared with.
 * @type {import("./launch/outcome.js").Launcher[]}
 */
const LAUNCHERS = [node, node.node24, deno, bun, workerd, chromium, firefox, webkit];

const SUITE_DIR = fileURLToPath(new URL("../../dist/conformance", import.meta.url));
const TIMEOUT_MS = 180_000;
const AT_ONCE = 2;
const SHOWN = 20;
const LINE = 500;

/**
 * `digest` is empty where the suite did not finish; `missing` is set where nothing was run.
 * @typedef {{
 *   name: string, version: string, missing: string, passed: number, failed: number,
 *   failures: import("./launch/outcome.js").Failure[], digest: string, equal: boolean,
 *   notes: string[], milliseconds: number,
 * }} Result
 * @typedef {{passed: number, failed: number, results: Result[]}} Conformance
 */

/**
 * @param {object} [options]
 * @param {string[] | undefined} [options.only] names of runtimes; all of them by default
 * @param {boolean} [options.all] whether a missing runtime is a failure
 * @param {string} [options.suiteDir]
 * @param {number} [options.timeoutMs] for the suite on one runtime
 * @param {(line: string) => void} [options.print] gets each line for people as soon as it is known
 * @returns {Promise<Conformance>}
 */
export async function conformance({
  only,
  all = process.env["WRIT_RUNTIMES"] === "all",
  suiteDir = SUITE_DIR,
  timeoutMs = TIMEOUT_MS,
  print = () => {},
} = {}) {
  const names = LAUNCHERS.map((launcher) => launcher.name);
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new RangeError(`expected some of ${names.join(", ")}, found ${unknown.join(", ")}`);
  }
  for (const file of ["suite.js", "suite.workerd.js", "kernel.wasm"]) {
    const path = `${suiteDir}/${file}`;
    if (!existsSync(path)) throw new Error(`${path} is not there: run buildSuite() of build.js`);
  }

  const chosen = LAUNCHERS.filter(({ name }) => only?.includes(name) ?? true);
  const pending = inOrder(chosen, (launcher) => execute(launcher, suiteDir, timeoutMs));
  /** @type {Conformance} */
  const total = { passed: 0, failed: 0, results: [] };
  /** @type {Result | undefined} */
  let reference;
  for (const next of pending) {
    const result = await next;
    if (result.digest) reference ??= result;
    result.equal = result.digest !== "" && result.digest === reference?.digest;
    total.results.push(result);
    total.passed += result.passed;
    total.failed += result.failed;
    if (result.digest && !result.equal) total.failed++;
    if (result.missing && all) total.failed++;
    for (const line of describe(result)) print(line);
  }
  if (total.results.every((result) => result.missing) && total.failed === 0) {
    total.failed++;
    print("no runtime was run");
  }
  return total;
}

/**
 * Starts the jobs in their order, a few at once.
 * @template T, R
 * @param {T[]} items
 * @param {(item: T) => Promise<R>} job
 * @returns {Promise<R>[]}
 */
function inOrder(items, job) {
  let free = AT_ONCE;
  /** @type {(() => void)[]} */
  const waiting = [];
  return items.map(async (item) => {
    if (free > 0) free--;
    else await new Promise((resolve) => waiting.push(() => resolve(undefined)));
    try {
      return await job(item);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  });
}

/**
 * @param {import("./launch/outcome.js").Launcher} launcher
 * @param {string} suiteDir
 * @param {number} timeoutMs
 * @returns {Promise<Result>} never rejects: what went wrong is a failure of that runtime
 */
async function execute({ name, find, run }, suiteDir, timeoutMs) {
  /** @type {Result} */
  const result = {
    name,
    version: "",
    missing: "",
    passed: 0,
    failed: 0,
    failures: [],
    digest: "",
    equal: false,
    notes: [],
    milliseconds: 0,
  };
  const start = performance.now();
  try {
    const found = await find();
    if ("missing" in found) {
      result.missing = found.missing;
    } else {
      result.version = found.version;
      const once = () => run(found, suiteDir, { timeoutMs });
      const report = await once().catch((error) => {
        if (!(error instanceof LaunchError)) throw error;
        result.notes.push(`started a second time: ${error.message}`);
        return once();
      });
      Object.assign(result, report);
    }
  } catch (thrown) {
    const error = /** @type {Error} */ (thrown);
    result.failed = 1;
    result.failures = [{ name: "suite", errorName: error.name, message: error.message }];
  }
  result.milliseconds = Math.round(performance.now() - start);
  return result;
}

/** @param {Result} result */
function describe(result) {
  const { name, version, missing, passed, failed, failures, digest, equal, notes } = result;
  const label = name.padEnd(9);
  if (missing) return [oneLine(`${label} not run: ${missing}`)];
  const lines = [
    [
      label,
      version.padEnd(14),
      `${String(passed).padStart(6)} passed`,
      `${String(failed).padStart(4)} failed `,
      digest.slice(0, 16).padEnd(16, digest ? " " : "-"),
      digest ? (equal ? "equal" : "DIFFERENT") : "not finished",
    ].join(" "),
  ];
  for (const note of notes) lines.push(oneLine(`    ${note}`));
  for (const failure of failures.slice(0, SHOWN)) {
    lines.push(oneLine(`    ${failure.name}: ${failure.errorName}: ${failure.message}`));
  }
  if (failures.length > SHOWN) lines.push(`    and ${failures.length - SHOWN} more`);
  return lines;
}

/**
 * A browser that does not start says so at length; all of it is in the JSON.
 * @param {string} text
 */
function oneLine(text) {
  const line = text.trimEnd().replace(/\p{Cc}+/gu, " ");
  return line.length > LINE ? `${line.slice(0, LINE)}...` : line;
}

async function main() {
  const { values } = parseArgs({
    options: { only: { type: "string" }, json: { type: "string" } },
  });
  const only = values.only?.split(",").filter(Boolean);
  await buildSuite();
  const total = await conformance({ only, print: (line) => console.log(line) });
  if (values.json) writeFileSync(values.json, `${JSON.stringify(total, null, 2)}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

const script = process.argv[1];
if (script && realpathSync(script) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(`conformance: ${/** @type {Error} */ (error).message}`);
    process.exitCode = 1;
  }
  // A driver's left-over socket or timer must not hold the end up.
  process.exit();
}
