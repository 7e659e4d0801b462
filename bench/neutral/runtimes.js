// @ts-check
/** Runs the neutral rows on Deno, Bun and Chromium, each row in a process or a browser of its own. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { common } from "../../build/bundle.js";
import * as bun from "../../test/conformance/launch/bun.js";
import * as chromium from "../../test/conformance/launch/chromium.js";
import * as deno from "../../test/conformance/launch/deno.js";
import { load } from "../../test/conformance/launch/installed.js";
import { collector, deadline } from "../../test/conformance/launch/outcome.js";
import { withScratch } from "../../test/conformance/launch/scratch.js";
import { OUTCOME, serve } from "../../test/conformance/launch/server.js";
import { rows } from "./rows.js";

/** @import { Outcome } from "../summary.js" */

const root = fileURLToPath(new URL("../..", import.meta.url));
const LIMIT_MS = 180_000;
const MARK = "writ-outcome ";

/** @typedef {(path: string, suiteDir: string) => Promise<string>} Run gives what `collect` did */
/**
 * @typedef {{
 *   runtime: {name: string, version: string},
 *   rows: Outcome[],
 *   failed: Record<string, string>,
 *   notRun?: string,
 * }} RuntimeReport
 */

/**
 * @param {string[]} args that stand before the file to run
 * @param {Record<string, string>} env
 * @returns {Run}
 */
function program(args, env) {
  return (path, suiteDir) =>
    withScratch(async (scratch) => {
      const entry = join(scratch.folder, "entry.mjs");
      const suite = pathToFileURL(join(suiteDir, "suite.js")).href;
      writeFileSync(entry, `${collector(suite)}console.log("${MARK}" + (await collect()));\n`);
      const child = scratch.spawn(path, [...args, entry], { env });
      const { end, stdout, stderr } = await scratch.finish(child, LIMIT_MS, "a result");
      const line = stdout.split("\n").find((text) => text.startsWith(MARK));
      if (line) return line.slice(MARK.length);
      throw new Error(`expected a result, found ${end} ${stderr.trim().slice(-500)}`.trim());
    });
}

/** @type {Run} */
function page(executablePath, suiteDir) {
  return withScratch(async (scratch) => {
    const server = await serve(suiteDir);
    try {
      const context = await load("playwright-core").chromium.launchPersistentContext(
        `${scratch.folder}/profile`,
        {
          executablePath,
          env: scratch.env,
          headless: true,
          chromiumSandbox: false,
          args: ["--disable-gpu", "--disable-background-networking", "--js-flags=--expose-gc"],
          artifactsDir: scratch.folder,
          handleSIGINT: false,
          handleSIGTERM: false,
          handleSIGHUP: false,
        },
      );
      const tab = context.pages()[0] ?? (await context.newPage());
      await tab.goto(server.url);
      return await deadline(
        tab.locator(`#${OUTCOME}`).textContent({ timeout: 0 }),
        LIMIT_MS,
        "a result",
      );
    } finally {
      server.close();
    }
  });
}

const DENO = ["run", "--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-npm"];
/** @type {{launcher: {name: string, find: typeof deno.find}, run: Run}[]} */
const runtimes = [
  {
    launcher: deno,
    run: program([...DENO, "--no-remote", "--v8-flags=--expose-gc"], { DENO_NO_UPDATE_CHECK: "1" }),
  },
  { launcher: bun, run: program(["run", "--no-install"], { DO_NOT_TRACK: "1" }) },
  { launcher: chromium, run: page },
];

/** @param {string} row @param {boolean} quick @returns {Promise<string>} the folder of its suite.js */
async function bundleRow(row, quick) {
  const folder = `${root}/dist/bench/${row}`;
  mkdirSync(folder, { recursive: true });
  await build({
    ...common,
    stdin: {
      contents: `
        import { loadKernel, kernelDigest } from "../../dist/index.js";
        import { measure } from "./measure.js";
        export const run = async () => ({
          kernel: kernelDigest,
          outcome: await measure(${JSON.stringify(row)}, await loadKernel(), ${quick}),
        });
      `,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    outfile: `${folder}/suite.js`,
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*"],
  });
  return folder;
}

/** @param {{only: string, quick: boolean}} options @returns {Promise<RuntimeReport[]>} */
export async function runRuntimes({ only, quick }) {
  /** @type {Map<string, string>} */
  const suites = new Map();
  for (const { name } of rows) {
    if (name.startsWith(only)) suites.set(name, await bundleRow(name, quick));
  }
  /** @type {RuntimeReport[]} */
  const reports = [];
  for (const { launcher, run } of runtimes) {
    const { name } = launcher;
    const found = await launcher.find();
    if ("missing" in found) {
      const runtime = { name, version: "" };
      reports.push({ runtime, rows: [], failed: {}, notRun: found.missing });
      process.stderr.write(`${name} not run: ${found.missing}\n`);
      continue;
    }
    /** @type {RuntimeReport} */
    const report = { runtime: { name, version: found.version }, rows: [], failed: {} };
    for (const [row, suite] of suites) {
      process.stderr.write(`${`${name} ${row}`.padEnd(30)}`);
      const start = performance.now();
      try {
        const { report: answer, error } = JSON.parse(await run(found.path, suite));
        if (error) throw new Error(`${error.name}: ${error.message}`);
        report.rows.push(answer.outcome);
        process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s\n`);
      } catch (error) {
        report.failed[row] = error instanceof Error ? error.message : String(error);
        process.stderr.write(`failed: ${report.failed[row]}\n`);
      }
    }
    reports.push(report);
  }
  return reports;
}
