/** What runs, in some confinement. Hosts make these: a function, a worker, a process. */
import type { RequestParts } from "../authorization/request.js";
import type { Interruption } from "../lineage/entry/drift.js";
import type { EntryIsolation } from "../lineage/entry/run.js";

export interface Effect {
  /** As it is: the level, and the sets that are kept to. */
  readonly isolation: EntryIsolation;
  /** Begins. Called once the intent is durable; what it throws is taken for a failed end. */
  start(context: EffectContext): Running;
}

export interface EffectContext {
  /** What was decided on; immutable. */
  readonly request: RequestParts;
  /** Aborted at an interruption. */
  readonly signal: AbortSignal;
  /** A checkpoint of the effect's own: the run is decided on again, and this rejects where it may not go on. */
  readonly checkpoint: () => Promise<void>;
}

export interface Running {
  /** How it ended by itself; never rejects. After an interruption it may never resolve. */
  readonly ended: Promise<Ended>;
  /** Stops it by all that the level has; resolves in bounded time with what is known then. */
  interrupt(): Promise<Interrupted>;
}

export interface Ended {
  /** `failed`: it threw, or ended with another exit code than 0. */
  readonly outcome: "done" | "failed";
  /** The exit code of a process. */
  readonly exit: number | null;
  /** The signal that ended a process. */
  readonly signal: string | null;
  /** What a function gave. */
  readonly value?: unknown;
  /** What it threw, or why it could not begin. */
  readonly error?: unknown;
}

export interface Interrupted {
  readonly answer: Interruption["answer"];
  readonly steps: Interruption["steps"];
  /** Milliseconds from the first step to the answer. */
  readonly took: number;
}
