// @ts-check
/** Busy loops that listen to nobody, ended by each of the confinements that can. */
import { gateLibrary } from "./gate-library.js";
import { RowNotRun } from "./not-run.js";

/** @import { Effect, Running } from "../src/runtime/confinement/effect.js" */
/** @import { Prepared } from "../src/runtime/confinement/program.js" */

/** Milliseconds that a program has to end by itself. */
export const GRACE = 1;

const WORKER = `export default ({ request }) => {
  const count = new Int32Array(request);
  for (;;) Atomics.add(count, 0, 1);
};`;
const SHELL = `trap "" TERM; echo ready; while :; do :; done`;

const never = new AbortController();

/** @param {Effect} effect @param {unknown} [request] */
const start = (effect, request) =>
  effect.start({ request, signal: never.signal, checkpoint: async () => {} });

/** Ends one loop that is running; gives the answer and the milliseconds. @param {Running} running */
async function halt(running) {
  const began = performance.now();
  const { answer } = await running.interrupt();
  const took = performance.now() - began;
  await running.ended;
  return { answer, took };
}

/** @returns {Promise<() => Promise<{answer: string, took: number}>>} */
export async function workerHalts() {
  const { systemClock, worker } = await gateLibrary();
  return async () => {
    const shared = new SharedArrayBuffer(4);
    const count = new Int32Array(shared);
    const effect = worker({ source: WORKER }, { clock: systemClock, grace: GRACE });
    const running = start(effect, shared);
    while (Atomics.load(count, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const halted = await halt(running);
    const then = Atomics.load(count, 0);
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (Atomics.load(count, 0) !== then) throw new Error("a worker that was ended still counts");
    return halted;
  };
}

/** @param {"process" | "sandbox"} level @returns {Promise<() => Promise<{answer: string, took: number}>>} */
export async function programHalts(level) {
  const library = await gateLibrary();
  const { bubblewrap, findBubblewrap, prepareProgram, processGroup, systemClock } = library;
  const found = level === "sandbox" ? await findBubblewrap() : undefined;
  if (found && !found.ok) throw new RowNotRun(`no bubblewrap that works here: ${found.found}`);
  return async () => {
    const prepared = await prepareProgram({
      program: "/bin/sh",
      arguments: ["-c", SHELL],
      environment: { PATH: "/usr/bin:/bin" },
    });
    if (!prepared.ok) throw new Error(`${prepared.code}: ${prepared.found}`);
    let ready = () => {};
    const began = new Promise((resolve) => (ready = () => resolve(undefined)));
    const options = { clock: systemClock, grace: GRACE, output: () => ready() };
    /** @param {Prepared} program */
    const effectOf = (program) => {
      if (!found) return processGroup(program, options);
      const sets = { read: library.systemPaths(), write: [], net: [] };
      const boxed = bubblewrap(found.value, program, sets, options);
      if (!boxed.ok) throw new Error(`${boxed.code}: ${boxed.found}`);
      return boxed.value;
    };
    const running = start(effectOf(prepared.value));
    await began;
    return await halt(running);
  };
}
