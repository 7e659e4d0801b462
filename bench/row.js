// @ts-check
/** Runs one row, named by the first argument, and sends its outcome to the process that forked it. */
import { compare, FULL, QUICK } from "./compare.js";
import { RowNotRun } from "./not-run.js";
import { rows } from "./rows/all.js";

/** @import { Kernel } from "../src/index.js" */
/** @import { Contest } from "./compare.js" */
/** @import { Outcome, Figures, Unit } from "./summary.js" */

/**
 * `kernel` is what an embedder gets by default; `kernelOnly` never hands a message to the platform.
 * @typedef {{kernel: Kernel, kernelOnly: Kernel, quick: boolean}} Context
 */
/** @typedef {{outcome: Outcome, kernelDigest: string} | {notRun: string} | {failure: string}} Answer */
/**
 * A line of the table: either `prepare` gives the functions that `compare` times against each other,
 * or `measure` finds the figures its own way. `item` says what one item is. Either may throw a
 * `RowNotRun`.
 * @typedef {{
 *   name: string,
 *   unit: Unit,
 *   item: string,
 *   prepare?: (context: Context) => Contest<any> | Promise<Contest<any>>,
 *   measure?: (context: Context) => Figures | Promise<Figures>,
 * }} Row
 */

// The code is the build's, the types are the source's: the bundle has none.
const dist = new URL("../dist/index.js", import.meta.url).href;
/** @type {typeof import("../src/index.js")} */
const { kernelDigest, loadKernel } = await import(dist);

/** @param {string} name @param {boolean} quick @returns {Promise<Answer>} */
async function run(name, quick) {
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`no row is called ${name}`);
  // Of a kernel without such an option, both are the same.
  const load = /** @type {(options?: object) => Promise<Kernel>} */ (loadKernel);
  const context = { kernel: await load(), kernelOnly: await load({}), quick };
  const { unit, item } = row;
  const figures = row.prepare
    ? await compare(await row.prepare(context), quick ? QUICK : FULL)
    : await row.measure?.(context);
  if (!figures) throw new Error(`the row ${name} has neither prepare nor measure`);
  return { outcome: { name, unit, item, ...figures }, kernelDigest };
}

// A row that waits for its workers is not over: they alone do not keep a process.
setInterval(() => {}, 60_000);
const [name = "", ...flags] = process.argv.slice(2);
/** @type {Answer} */
const answer = await run(name, flags.includes("--quick")).catch((error) => {
  if (error instanceof RowNotRun) return { notRun: error.message };
  return { failure: error instanceof Error ? error.message : String(error) };
});
if (!process.send) throw new Error("row.js is started by main.js");
process.send(answer, undefined, undefined, () => process.exit());
