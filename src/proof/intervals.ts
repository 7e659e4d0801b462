/**
 * For how long each run was trusted: from a decision that allowed it to the end of what that decision
 * rested on, to the next decision, or to the run's end, whichever comes first.
 */
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";

/** A decision that allowed a run, with the trust that it rested on. */
export interface AllowedUntil {
  /** Milliseconds since the epoch, as the others here. */
  readonly time: number;
  readonly validUntil: number;
  /** Milliseconds after which it had to be made again. */
  readonly recheck: number;
  /** Milliseconds: the oldest evidence that it rested on. */
  readonly age: number;
}

/** Upper ends of the classes of age, in milliseconds; the last class has none. */
const CLASSES = [100, 1_000, 5_000, 10_000, 30_000, 60_000, 300_000] as const;

/** Milliseconds that a decision may be late at least: timers are not exact, and a machine may be busy. */
const LATE = 250;

/** Half of the time after which it is due: where one is left out, it shows. */
function lateness({ recheck }: AllowedUntil): number {
  return Math.max(LATE, recheck / 2);
}

/** What was said of all runs together. */
export interface IntervalTotals {
  /** Milliseconds that effects were running. */
  readonly running: number;
  /** Milliseconds of these under trust that had not ended. */
  readonly trusted: number;
  /** Milliseconds: the oldest evidence of any decision that allowed. */
  readonly oldest: number;
  /** Milliseconds: the longest that any decision that allowed could have been relied on. */
  readonly bound: number;
  /** How many decisions rested on evidence of at most that age; the last class has no bound. */
  readonly ages: readonly { readonly most: number | null; readonly decisions: number }[];
}

interface Open {
  since: number;
  last: AllowedUntil;
}

export class Intervals {
  readonly #runs = new Map<string, Open>();
  readonly #ages = Array.from({ length: CLASSES.length + 1 }, () => 0);
  #running = 0;
  #trusted = 0;
  #oldest = 0;
  #bound = 0;

  /** The effect begins, or begins again. */
  begin(run: string, decision: AllowedUntil): void {
    this.#runs.set(run, { since: decision.time, last: decision });
    this.#count(decision);
  }

  /** Decided again and allowed. GAP where that was too late for what it had been allowed on. */
  renew(run: string, decision: AllowedUntil): Failure | undefined {
    const open = this.#runs.get(run);
    this.#count(decision);
    if (!open) return undefined;
    const { last } = open;
    this.#close(open, decision.time);
    this.#runs.set(run, { since: decision.time, last: decision });
    if (decision.time > last.validUntil + 1 + lateness(last)) {
      const found = `${decision.time - last.validUntil} ms without`;
      return failure("GAP", "a decision before the trust of the last one ends", found);
    }
    const due = last.time + last.recheck + lateness(last);
    if (decision.time <= due) return undefined;
    const expected = `a decision on the run every ${last.recheck} ms`;
    return failure("GAP", expected, `${decision.time - last.time} ms without`);
  }

  /** It has ended, or was stopped. GAP where it was due to be decided on before. */
  end(run: string, time: number): Failure | undefined {
    const open = this.#runs.get(run);
    if (!open) return undefined;
    this.#runs.delete(run);
    this.#close(open, time);
    const { last } = open;
    if (time <= last.time + last.recheck + lateness(last)) return undefined;
    const expected = `a decision on the run every ${last.recheck} ms`;
    return failure("GAP", expected, `${time - last.time} ms without`);
  }

  /** The last decision on a run whose effect is running. */
  of(run: string): AllowedUntil | undefined {
    return this.#runs.get(run)?.last;
  }

  totals(): IntervalTotals {
    return {
      running: this.#running,
      trusted: this.#trusted,
      oldest: this.#oldest,
      bound: this.#bound,
      ages: this.#ages.map((decisions, i) => ({ most: CLASSES[i] ?? null, decisions })),
    };
  }

  #close({ since, last }: Open, time: number): void {
    this.#running += time - since;
    this.#trusted += Math.min(time, last.validUntil) - since;
  }

  #count({ age, validUntil, time }: AllowedUntil): void {
    const at = CLASSES.findIndex((most) => age <= most);
    const index = at < 0 ? CLASSES.length : at;
    this.#ages[index] = (this.#ages[index] as number) + 1;
    this.#oldest = Math.max(this.#oldest, age);
    this.#bound = Math.max(this.#bound, validUntil - time);
  }
}
