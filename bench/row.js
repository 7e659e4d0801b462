// @ts-check
/** Runs one row, named by the first argument, and sends its outcome to the process that forked it. */
import { compare } from "./compare.js";
import { rows } from "./rows/all.js";

/** @import { Kernel } from "../src/index.js" */
/** @import { Contest } from "./compare.js" */
/** @import { Outcome, Figures } from "./summary.js" */

/** @typedef {{kernel: Kernel, quick: boolean}} Context */
/** @typedef {{outcome: Outcome, kernelDigest: string}} Answer */
/**
 * A line of the table: either `prepare` gives the functions that `compare` times against each other,
 * or `measure` finds the figures its own way. `item` says what one item is.
 * @typedef {{
 *   name: string,
 *   unit: "ns/item" | "bytes",
 *   item: string,
 *   prepare?: (context: Context) => Contest<any> | Promise<Contest<any>>,
 *   measure?: (context: Context) => Figures | Promise<Figures>,
 * }} Row
 */

// The code is the build's, the types are the source's: the bundle has none.
const dist = new URL("../dist/index.js", import.meta.url).href;
/** @type {typeof import("../src/index.js")} */
const { kernelDigest, loadKernel } = await import(dist);

const [name, ...flags] = process.argv.slice(2);
const row = rows.find((candidate) => candidate.name === name);
if (!row || !process.send) throw new Error("row.js is started by main.js, with a row's name");

const context = { kernel: await loadKernel(), quick: flags.includes("--quick") };
const { unit, item } = row;
const figures = row.prepare
  ? await compare(await row.prepare(context), context.quick)
  : await row.measure?.(context);
if (!figures) throw new Error(`the row ${row.name} has neither prepare nor measure`);

/** @type {Answer} */
const answer = { outcome: { name: row.name, unit, item, ...figures }, kernelDigest };
process.send(answer);
process.disconnect();
