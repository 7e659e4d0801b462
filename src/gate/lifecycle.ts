/**
 * The two tables of states: of a run and of a gate. Pure; what is not in a table is refused, and every
 * change of state is an entry.
 */
import type { EntryBody } from "../lineage/entry.js";
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

/** What an entry of a kind may make of a run in each state; what is not here, no gate writes. */
export const RUN_STEPS: {
  readonly [Kind in EntryBody["kind"]]?: { readonly [State in RunState]?: readonly RunState[] };
} = {
  admission: { baseline: ["authorized"] },
  measurement: { authorized: ["trusted"] },
  decision: {
    baseline: ["denied"],
    authorized: ["denied"],
    trusted: ["trusted", "denied"],
    executing: ["executing"],
    recovering: ["recovering"],
  },
  intent: { trusted: ["executing"] },
  outcome: { executing: ["completed"] },
  heartbeat: { executing: ["executing"] },
  handover: { executing: ["executing"] },
  drift: {
    baseline: ["drifted"],
    authorized: ["drifted"],
    trusted: ["drifted"],
    executing: ["drifted"],
    contained: ["drifted"],
    recovering: ["drifted"],
  },
  interruption: { drifted: ["contained"] },
  transition: {
    baseline: ["denied", "revoked"],
    authorized: ["denied", "revoked"],
    trusted: ["denied", "revoked"],
    executing: ["revoked"],
    drifted: ["revoked"],
    contained: ["recovering", "revoked"],
    recovering: ["contained", "revoked"],
  },
  resume: { recovering: ["executing"] },
};

/** The same of a gate. One that is contained may find more wrong: what must be answered is the latest. */
export const GATE_STEPS: {
  readonly [Kind in EntryBody["kind"]]?: { readonly [Mode in GateMode]?: readonly GateMode[] };
} = {
  drift: { open: ["contained", "revoked"], contained: ["contained", "revoked"] },
  transition: { open: ["revoked"], contained: ["revoked"] },
  resume: { contained: ["open"] },
};

/** An entry about a run. */
export type RunEntry = Extract<EntryBody, { readonly run: string | null }> & {
  readonly run: string;
};

/** The state of the run after `entry`, given the one before. Throws where the tables do not allow it. */
export function nextRunState(before: RunState, { kind, state }: RunEntry): RunState {
  const to = RUN_STEPS[kind]?.[before]?.find((each) => each === state);
  if (to === undefined) throw new IllegalTransition("a run", before, `${state} (${kind})`);
  if (to !== before) requireRunStep(before, to);
  return to;
}

/** The same of the gate. */
export function nextGateMode(
  before: GateMode,
  { kind, state }: { readonly kind: EntryBody["kind"]; readonly state: RunState | GateMode },
): GateMode {
  const to = GATE_STEPS[kind]?.[before]?.find((each) => each === state);
  if (to === undefined) throw new IllegalTransition("a gate", before, `${state} (${kind})`);
  if (to !== before) requireGateStep(before, to);
  return to;
}
