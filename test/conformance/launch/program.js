// @ts-check
/** Runs the suite with a command-line runtime: Node, Deno and Bun differ in their flags only. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { collector, readOutcome } from "./outcome.js";
import { withScratch } from "./scratch.js";

const MARK = "writ-outcome ";

/**
 * @param {string} path of the runtime
 * @param {string[]} args that stand before the file to run
 * @param {string} suiteDir
 * @param {import("./outcome.js").Limits} limits
 * @param {Record<string, string>} [env]
 */
export async function runProgram(path, args, suiteDir, { timeoutMs }, env = {}) {
  return withScratch(async (scratch) => {
    const entry = join(scratch.folder, "entry.mjs");
    const suite = pathToFileURL(join(suiteDir, "suite.js")).href;
    writeFileSync(entry, `${collector(suite)}console.log("${MARK}" + (await collect()));\n`);
    const child = scratch.spawn(path, [...args, entry], { env });
    const { end, stdout, stderr } = await scratch.finish(child, timeoutMs, "a report");
    const line = stdout.split("\n").find((text) => text.startsWith(MARK));
    if (line) return readOutcome(line.slice(MARK.length));
    throw new Error(`expected a report, found ${end} ${stderr.trim().slice(-500)}`.trim());
  });
}
