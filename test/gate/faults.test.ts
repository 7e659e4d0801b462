/** F8 F20: a gate among faults, from seeds. WRIT_SEED tries others; a seed that fails tells its story. */
import { expect, test } from "vitest";
import { SEED } from "../authorization/random.js";
import { FaultWorld } from "./fault-world.js";

const FAULTS = Number(process.env["WRIT_FAULTS"] ?? 10_000);
const STEPS = 120;

test(`F8 F20: ${FAULTS} faults, and no effect without trust and a durable intent`, async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  let faults = 0;
  let began = 0;
  let completed = 0;
  const denials = new Map<string, number>();
  try {
    for (let seed = SEED; faults < FAULTS; seed++) {
      const world = new FaultWorld(seed);
      await world.live(STEPS);
      faults += world.faults;
      began += world.began.length;
      completed += world.completed.size;
      for (const code of world.denials) denials.set(code, (denials.get(code) ?? 0) + 1);
      const found = world.violation ?? (unhandled.length > 0 ? String(unhandled[0]) : undefined);
      if (found !== undefined) {
        throw new Error(`WRIT_SEED=${seed}: ${found}\n${world.story.join("\n")}`, {
          cause: unhandled[0],
        });
      }
    }
  } finally {
    process.off("unhandledRejection", note);
  }
  expect(faults).toBeGreaterThanOrEqual(FAULTS);
  // Faults that keep everything from beginning would show nothing.
  expect(began).toBeGreaterThan(faults / 50);
  expect(completed).toBeGreaterThan(began / 50);
  expect(denials.size).toBeGreaterThan(8);
}, 300_000);
