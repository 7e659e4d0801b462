/** Entries about what went wrong, what was done about it, and how it went on. */
import * as v from "valibot";
import { label } from "../../trust/name.js";
import { hex32 } from "../../trust/schema.js";
import type { Code } from "../../verdict.js";
import type { GateMode, RunState, SignedStatement } from "./common.js";
import { code, gateMode, linked, runId, runState, signedStatement, whole } from "./common.js";
import { LEVELS } from "./run.js";

/** What continuity can break by. */
export const DRIFTS = [
  "staleness",
  "revocation",
  "policy",
  "environment",
  "equivocation",
  "log",
  "clock",
  "limit",
  "crash",
  "containment",
] as const;

/** Continuity is broken: of a run, or of the gate with all its runs. */
export type Drift = {
  /** Tells it from other entries. */
  readonly kind: "drift";
  /** The run; null for the gate. */
  readonly run: string | null;
  /** Where it stands now: a run is drifted, a gate is contained or revoked. */
  readonly state: RunState | GateMode;
  /** What broke. */
  readonly drift: (typeof DRIFTS)[number];
  /** The code that would deny now. */
  readonly code: Code;
  /** The limit of the domain's policy that was reached; null where it was something else. */
  readonly rule: string | null;
  /** Digest of the evidence, which is kept beside; null where there is none. */
  readonly evidence: string | null;
};

/** What was done to stop a run, and what is known of it since. */
export type Interruption = {
  /** Tells it from other entries. */
  readonly kind: "interruption";
  /** The run. */
  readonly run: string;
  /** Where it stands now. */
  readonly state: "contained";
  /** How it was confined. */
  readonly level: (typeof LEVELS)[number];
  /** `unknown`: what was told to end did, and something of it may live on. */
  readonly answer: "stopped" | "not-stopped" | "unknown";
  /** What was done, in order. */
  readonly steps: readonly InterruptionStep[];
  /** Milliseconds from the first step to the answer. */
  readonly took: number;
};

/** `closed`: the handles through which it acts. */
export const INTERRUPTION_STEPS = ["signalled", "closed", "terminated", "killed"] as const;

type InterruptionStep = (typeof INTERRUPTION_STEPS)[number];

/** A change of state that no other kind of entry makes. */
export type Transition = {
  /** Tells it from other entries. */
  readonly kind: "transition";
  /** The run; null for the gate. */
  readonly run: string | null;
  /** Where it stands now. */
  readonly state: RunState | GateMode;
  /** Why; null where it is no failure. */
  readonly code: Code | null;
};

/** A run, or the gate, goes on: on the word of a key with that role. */
export type Resume = {
  /** Tells it from other entries. */
  readonly kind: "resume";
  /** The run; null for the gate. */
  readonly run: string | null;
  /** Where it stands now: a run is executing, a gate is open. */
  readonly state: "executing" | "open";
  /** Leaf hash of the drift that is answered. */
  readonly drift: string;
  /** The word, as it was signed. */
  readonly statement: SignedStatement;
};

const either = v.union([runState, gateMode]);

/** @internal */
export const drift = v.strictObject({
  ...linked,
  kind: v.literal("drift"),
  run: v.nullable(runId),
  state: either,
  drift: v.picklist(DRIFTS, "a kind of drift"),
  code,
  rule: v.nullable(label),
  evidence: v.nullable(hex32),
});

/** @internal */
export const interruption = v.strictObject({
  ...linked,
  kind: v.literal("interruption"),
  run: runId,
  state: v.literal("contained"),
  level: v.picklist(LEVELS, `a level: ${LEVELS.join(", ")}`),
  answer: v.picklist(["stopped", "not-stopped", "unknown"], "what is known"),
  steps: v.pipe(
    v.array(v.picklist(INTERRUPTION_STEPS, "a step"), "steps"),
    v.maxLength(8, "at most 8 steps"),
  ),
  took: whole,
});

/** @internal */
export const transition = v.strictObject({
  ...linked,
  kind: v.literal("transition"),
  run: v.nullable(runId),
  state: either,
  code: v.nullable(code),
});

/** @internal */
export const resume = v.strictObject({
  ...linked,
  kind: v.literal("resume"),
  run: v.nullable(runId),
  state: v.picklist(["executing", "open"], "executing or open"),
  drift: hex32,
  statement: signedStatement,
});
