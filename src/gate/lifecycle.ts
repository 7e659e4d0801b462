/**
 * The two tables of states: of a run and of a gate. Pure; what is not in a table is refused, and every
 * change of state is an entry.
 */
import type { Entry, EntryBody } from "../lineage/entry.js";
import type { GateMode, RunState } from "../lineage/entry/common.js";

/** From each state of a run, those that can follow. A run begins in `baseline`. */
export const RUN_TABLE: { readonly [State in RunState]: readonly RunState[] } = {
  baseline: ["authorized", "denied", "drifted", "revoked"],
  authorized: ["trusted", "denied", "drifted", "revoked"],
  trusted: ["executing", "denied", "drifted", "revoked"],
  executing: ["completed", "drifted", "revoked"],
  drifted: ["contained", "revoked"],
  contained: ["recovering", "drifted", "revoked"],
  recovering: ["executing", "contained", "drifted", "revoked"],
  completed: [],
  denied: [],
  revoked: [],
};

/** From each state of a gate, those that can follow. `revoked` is for ever. */
export const GATE_TABLE: { readonly [Mode in GateMode]: readonly GateMode[] } = {
  open: ["contained", "revoked"],
  contained: ["open", "revoked"],
  revoked: [],
};

/** Nothing follows: a run that is over. */
export function isTerminal(state: RunState): boolean {
  return RUN_TABLE[state].length === 0;
}

/** The states in which a run can have brought something about that is not over. */
export function isStopped(state: RunState): boolean {
  return state === "drifted" || state === "contained" || state === "recovering";
}

/** Throws unless `to` may follow `from`. */
export function requireRunStep(from: RunState, to: RunState): void {
  if (!RUN_TABLE[from].includes(to)) throw new IllegalTransition("a run", from, to);
}

/** Throws unless `to` may follow `from`. */
export function requireGateStep(from: GateMode, to: GateMode): void {
  if (!GATE_TABLE[from].includes(to)) throw new IllegalTransition("a gate", from, to);
}

/** A defect of ours, or a log that no gate has written. */
export class IllegalTransition extends Error {
  override readonly name = "IllegalTransition";

  constructor(what: string, from: string, to: string) {
    super(`${what} does not go from ${from} to ${to}`);
  }
}

/**
 * The states in which a run can be when an entry of this kind is written; undefined for kinds that no
 * run takes part in. What an entry leaves as it is has the same state before and after.
 */
export const RUN_KINDS: {
  readonly [Kind in EntryBody["kind"]]?: readonly RunState[];
} = {
  accept: [],
  admission: ["baseline"],
  measurement: ["authorized"],
  decision: ["baseline", "authorized", "trusted", "executing", "recovering"],
  intent: ["trusted"],
  outcome: ["executing"],
  heartbeat: ["executing"],
  handover: ["executing"],
  drift: ["baseline", "authorized", "trusted", "executing", "contained", "recovering"],
  interruption: ["drifted"],
  transition: [
    "contained",
    "recovering",
    "baseline",
    "authorized",
    "trusted",
    "executing",
    "drifted",
  ],
  resume: ["recovering"],
};

/** An entry about a run. */
export type RunEntry = Extract<EntryBody, { readonly run: string | null }> & {
  readonly run: string;
};

/** The state of the run after `entry`, given the one before. Throws where the tables do not allow it. */
export function nextRunState(before: RunState, entry: RunEntry): RunState {
  const allowed = RUN_KINDS[entry.kind] ?? [];
  const to = entry.state as RunState;
  if (!allowed.includes(before))
    throw new IllegalTransition("a run", before, `${to} (${entry.kind})`);
  if (to === before && STILL.has(entry.kind)) return to;
  if (entry.kind === "decision" && to !== "denied") {
    throw new IllegalTransition("a run", before, `${to} (${entry.kind})`);
  }
  requireRunStep(before, to);
  return to;
}

/** Entries that may leave a run as it is. */
const STILL: ReadonlySet<Entry["kind"]> = new Set(["decision", "heartbeat", "handover"]);
