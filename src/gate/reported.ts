/** What effects report, brought into the form of entries: they are made by hosts, and may say anything. */
import type { Interruption } from "../lineage/entry/drift.js";
import { INTERRUPTION_STEPS } from "../lineage/entry/drift.js";
import type { Outcome } from "../lineage/entry/run.js";
import type { Clock } from "./clock.js";
import type { Ended, Interrupted } from "./confinement.js";
import { within } from "./within.js";

/** Milliseconds that an interruption may take, whatever its grace time: then nobody knows what it did. */
const BOUND = 60_000;

const ANSWERS = ["stopped", "not-stopped", "unknown"] as const;

/** What an end says: `failed` unless it says that all was done. */
export function outcomeOf(ended: Ended): Pick<Outcome, "outcome" | "exit" | "signal"> {
  try {
    return readOutcome(ended);
  } catch {
    return { outcome: "failed", exit: null, signal: null };
  }
}

function readOutcome({
  outcome,
  exit,
  signal,
}: Ended): Pick<Outcome, "outcome" | "exit" | "signal"> {
  const isExit = typeof exit === "number" && Number.isSafeInteger(exit) && exit >= 0;
  const isSignal = typeof signal === "string" && /^[A-Z0-9]{1,32}$/.test(signal);
  return {
    outcome: outcome === "done" ? "done" : "failed",
    exit: isExit ? exit : null,
    signal: isSignal ? signal : null,
  };
}

/** What an interruption says, `unknown` where it says nothing that is known, or nothing in time. */
export async function interruptionOf(
  clock: Clock,
  interrupted: Promise<Interrupted>,
): Promise<Pick<Interruption, "answer" | "steps" | "took">> {
  const began = clock.elapsed();
  try {
    const said = await within(clock, BOUND, interrupted, () => undefined).catch(() => undefined);
    return readInterruption(said, () => clock.elapsed() - began);
  } catch {
    return { answer: "unknown", steps: [], took: 0 };
  }
}

function readInterruption(
  found: Interrupted | undefined,
  since: () => number,
): Pick<Interruption, "answer" | "steps" | "took"> {
  const answer = ANSWERS.find((each) => each === found?.answer) ?? "unknown";
  const steps = Array.isArray(found?.steps) ? found.steps : [];
  const known = steps.filter((step) => INTERRUPTION_STEPS.includes(step)).slice(0, 8);
  const took = found && Number.isFinite(found.took) ? found.took : since();
  return { answer, steps: known, took: Math.min(Math.max(0, Math.round(took)), 2 ** 31) };
}
