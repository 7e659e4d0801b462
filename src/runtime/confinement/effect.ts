/**
 * What runs in a confinement, in the shapes of the gate's port (src/gate/confinement.ts), which this
 * floor may not import; a test holds the two together.
 */

/** From the weakest to the strongest. */
export type Level = "cooperative" | "worker" | "process" | "sandbox";

/** What is allowed; a set that is absent is not limited. */
export interface Sets {
  /** Absolute paths, with what lies below them. */
  readonly read?: readonly string[] | undefined;
  /** Absolute paths, with what lies below them. */
  readonly write?: readonly string[] | undefined;
  /** Hosts, with or without a port. */
  readonly net?: readonly string[] | undefined;
  /** Programs. */
  readonly run?: readonly string[] | undefined;
}

/** As it is: the level, and the sets that are enforced. */
export interface Isolation extends Sets {
  readonly level: Level;
}

export interface EffectContext {
  readonly request: unknown;
  readonly signal: AbortSignal;
  readonly checkpoint: () => Promise<void>;
}

export interface Effect<Context extends EffectContext = EffectContext> {
  readonly isolation: Isolation;
  start(context: Context): Running;
}

export interface Running {
  readonly ended: Promise<Ended>;
  interrupt(): Promise<Interrupted>;
}

export interface Ended {
  readonly outcome: "done" | "failed";
  readonly exit: number | null;
  readonly signal: string | null;
  readonly value?: unknown;
  readonly error?: unknown;
}

export type Answer = "stopped" | "not-stopped" | "unknown";

export type Step = "signalled" | "closed" | "terminated" | "killed";

export interface Interrupted {
  readonly answer: Answer;
  readonly steps: readonly Step[];
  readonly took: number;
}

export function failedWith(error: unknown): Ended {
  return { outcome: "failed", exit: null, signal: null, error };
}

/** The sets that are given, as they are now. */
export function frozenSets(sets: Sets): Sets {
  const given = (["read", "write", "net", "run"] as const).flatMap((name) => {
    const set = sets[name];
    return set === undefined ? [] : [[name, Object.freeze([...set])] as const];
  });
  return Object.fromEntries(given);
}
