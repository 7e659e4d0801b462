// @ts-check
/**
 * Ours against WebCrypto and @noble, in whichever runtime this was bundled for. Nothing here may
 * need more than what every runtime has.
 */
import { compare } from "../compare.js";
import { rows } from "./rows.js";

/** @import { Kernel } from "../../src/index.js" */
/** @import { Outcome } from "../summary.js" */

/** Fewer rounds than on Node: the rows are repeated for each runtime. */
const FULL = { most: 31, time: 25, budget: 5_000, warmUp: 2_500 };
const QUICK = { most: 11, time: 8, budget: 700, warmUp: 300 };

/**
 * @param {string} name of the row @param {Kernel} kernel @param {boolean} quick
 * @returns {Promise<Outcome>}
 */
export async function measure(name, kernel, quick) {
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`no row is called ${name}`);
  const contest = await row.prepare(kernel, quick);
  const figures = await compare(contest, quick ? QUICK : FULL);
  return { name, unit: "ns/item", item: row.item, ...figures };
}
