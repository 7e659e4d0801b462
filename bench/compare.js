// @ts-check
/**
 * Times ours and its peers against each other. Nothing here belongs to one runtime: Deno, Bun and
 * browsers can run it too.
 */
import { Bench } from "tinybench";
import { summarize } from "./summary.js";

/** @import { Task } from "tinybench" */

/** @typedef {Uint8Array | readonly number[]} Result */
/**
 * `ours` and the peers do the same work on `input`, which is `items` items, and give the same
 * result. They must also agree on every one of `controls`: inputs with something wrong in them,
 * so that a function that checks nothing is found out. A peer is a function that loads it; when
 * that throws, the peer is listed as not run. A peer that by nature computes something else is
 * named in `different`, with the result that it has to give and a note for the reader. A function
 * that gives a promise is awaited before it is called again.
 * @template Input
 * @typedef {{
 *   items: number,
 *   input: Input,
 *   controls?: readonly Input[],
 *   ours: Peer<Input>,
 *   peers: Record<string, () => Peer<Input> | Promise<Peer<Input>>>,
 *   different?: Record<string, {note: string, expected: Result}>,
 *   notes?: Record<string, string>,
 * }} Contest
 */
/** @template Input @typedef {(input: Input) => Result | Promise<Result>} Peer */
/** @typedef {{name: string, task: Task, async: boolean, rounds: number[]}} Variant */
/** @typedef {{most: number, time: number, budget: number, warmUp: number}} Plan */

/**
 * Milliseconds a variant gets in a round, in all rounds together with the others, and for warming up.
 * Many short rounds and not few long ones: a neighbour that takes the processor for a second then
 * falls on all variants alike, and on few of the rounds.
 */
/** @type {Plan} */
export const FULL = { most: 41, time: 25, budget: 12_000, warmUp: 4_000 };
/** @type {Plan} */
export const QUICK = { most: 15, time: 8, budget: 1_500, warmUp: 300 };
const LEAST_ROUNDS = 7;
const STABLE = 0.05;
const MOST_WARM_UPS = 30;

/**
 * @template Input
 * @param {Contest<Input>} contest @param {Plan} plan
 * @returns {Promise<import("./summary.js").Figures>}
 */
export async function compare(contest, plan) {
  const { loaded, notRun } = await load(contest.peers);
  const asynchronous = await agree(contest, loaded);

  const bench = new Bench({ time: plan.time, iterations: 1, warmup: false, throws: true });
  /** @type {Variant[]} */
  const variants = [["ours", contest.ours], ...loaded].map(([name, run]) => {
    const peer = /** @type {Peer<Input>} */ (run);
    const async = asynchronous.has(`${name}`);
    bench.add(`${name}`, () => peer(contest.input), { async });
    const task = /** @type {Task} */ (bench.getTask(`${name}`));
    return { name: `${name}`, task, async, rounds: [] };
  });

  globalThis.gc?.();
  await warmUp(variants, plan.warmUp, contest.items);
  const end = performance.now() + plan.budget;
  for (let round = 0; round < plan.most; round++) {
    if (round >= LEAST_ROUNDS && performance.now() > end) break;
    for (const variant of variants) variant.rounds.push(await time(variant, contest.items));
  }

  const [ours, ...peers] = variants;
  const notes = { ...contest.notes };
  for (const [name, { note }] of Object.entries(contest.different ?? {})) notes[name] = note;
  return summarize(
    contest.items,
    ours?.rounds ?? [],
    Object.fromEntries(peers.map(({ name, rounds }) => [name, rounds])),
    notRun,
    notes,
  );
}

/**
 * @template Input
 * @param {Contest<Input>["peers"]} peers
 */
async function load(peers) {
  /** @type {[string, Peer<Input>][]} */
  const loaded = [];
  /** @type {Record<string, string>} */
  const notRun = {};
  for (const [name, start] of Object.entries(peers)) {
    try {
      loaded.push([name, await start()]);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // Node ends it with the file that asked, a path of this machine.
      notRun[name] = (message.split("\n")[0] ?? message).replace(/ imported from .*/, "");
    }
  }
  return { loaded, notRun };
}

/**
 * The names of those that answer with a promise.
 * @template Input
 * @param {Contest<Input>} contest @param {[string, Peer<Input>][]} loaded
 */
async function agree({ input, controls = [], ours, different = {} }, loaded) {
  /** @type {Set<string>} */
  const asynchronous = new Set();
  /** @param {string} name @param {Result | Promise<Result>} answer */
  const settle = (name, answer) => {
    if (answer instanceof Promise) asynchronous.add(name);
    return answer;
  };
  for (const [i, each] of [input, ...controls].entries()) {
    const expected = (await settle("ours", ours(each))).slice();
    for (const [name, run] of loaded) {
      const exception = different[name];
      if (exception && i > 0) continue;
      if (!same(exception?.expected ?? expected, await settle(name, run(each)))) {
        const where = i === 0 ? "the input" : `control ${i}`;
        throw new Error(
          `${name} gives another result than ours on ${where}: this compares nothing`,
        );
      }
    }
    if (i > 0 && same(expected, await ours(input))) {
      throw new Error(`control ${i} gives the same result as the input: it controls nothing`);
    }
  }
  return asynchronous;
}

/** @param {Result} a @param {Result} b */
function same(a, b) {
  return a.length === b.length && a.every((/** @type {number} */ value, i) => value === b[i]);
}

/**
 * Runs each variant until two consecutive rounds differ little; together no longer than `budget`
 * milliseconds, since a variant that takes longer than that was warm within its first run.
 * @param {Variant[]} variants @param {number} budget @param {number} items
 */
async function warmUp(variants, budget, items) {
  const end = performance.now() + budget;
  const last = new Map(variants.map(({ name }) => [name, Infinity]));
  for (let round = 0; round < MOST_WARM_UPS && last.size > 0; round++) {
    for (const variant of variants) {
      const { name } = variant;
      const before = last.get(name);
      if (before === undefined) continue;
      if (performance.now() > end) return;
      const now = await time(variant, items);
      if (Math.abs(now - before) < STABLE * now) last.delete(name);
      else last.set(name, now);
    }
  }
}

/**
 * Nanoseconds an item in one round. The mean of the round's runs and not their median, so that the
 * garbage a variant makes is on its bill; the median over the rounds drops the machine's hiccups.
 * @param {Variant} variant @param {number} items
 */
async function time({ task, async }, items) {
  // What the variant before this one left behind is not to be collected on this one's time.
  globalThis.gc?.({ type: "minor" });
  task.reset();
  const { result } = async ? await task.run() : task.runSync();
  if (result.state !== "completed") throw new Error(`tinybench left ${task.name} ${result.state}`);
  return (result.latency.mean * 1e6) / items;
}
