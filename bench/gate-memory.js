// @ts-check
/** What a gate keeps of many decisions. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOTHING } from "./gate-world.js";

/** @import { GateWorld } from "./gate-world.js" */

const MIB = 1 << 20;
/** Decisions under way at a time. */
const BATCH = 500;

/**
 * Of ten decisions one is an allow, whose run is completed, and nine are denials of a proof that was
 * used before. Growth in MiB, from the first tenth to the end.
 * @param {GateWorld} world @param {number} decisions
 */
export async function memoryOver(world, decisions) {
  const folder = mkdtempSync(join(tmpdir(), "writ-bench-memory-"));
  const gate = await world.open(new world.library.FileStorage(folder));
  const samples = [];
  try {
    for (let done = 0; done < decisions;) {
      const work = [];
      for (let i = 0; i < BATCH; i += 10) {
        const ask = await world.ask(gate, NOTHING, done + i);
        work.push(expectOutcome(gate.run(ask), "completed"));
        for (let k = 1; k < 10; k++) work.push(expectOutcome(gate.run(ask), "deny"));
      }
      await Promise.all(work);
      const before = Math.floor((done * 10) / decisions);
      done += BATCH;
      if (Math.floor((done * 10) / decisions) > before) {
        // Entries that no checkpoint covers are in memory: how many there are differs.
        await gate.checkpoint();
        await new Promise((resolve) => setTimeout(resolve, 100));
        globalThis.gc?.();
        const { heapUsed, external, rss } = process.memoryUsage();
        samples.push({ heap: (heapUsed + external) / MIB, rss: rss / MIB });
      }
    }
    await gate.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
  const [first, last] = [samples[0]?.heap ?? NaN, samples.at(-1)?.heap ?? NaN];
  return { growth: last - first, samples };
}

/** @param {Promise<{outcome: string}>} running @param {string} expected */
async function expectOutcome(running, expected) {
  const { outcome } = await running;
  if (outcome !== expected) throw new Error(`expected ${expected}, found ${outcome}`);
}
