import type { GateMode, RunState } from "../../lineage/entry/common.js";
import type { EntryIsolation } from "../../lineage/entry/run.js";
import type { RunEntry } from "../lifecycle.js";
import { IllegalTransition, isTerminal, nextRunState } from "../lifecycle.js";

/** A run that is not over. */
export interface RunRecord {
  readonly state: RunState;
  /** The identity of its authorization; undefined before it is admitted. */
  readonly authorization: string | undefined;
  readonly command: string | undefined;
  /** Milliseconds since the epoch: when its effect was first allowed to begin. */
  readonly since: number | undefined;
  /** How often it was decided on. */
  readonly decisions: number;
  /** Leaf hash of the decision on which its effect may begin; undefined where none allows that. */
  readonly allowed: string | undefined;
  /** Leaf hash of its latest drift. */
  readonly drift: string | undefined;
  /** How it is confined; undefined before it is measured. */
  readonly level: EntryIsolation["level"] | undefined;
  /** Index of its admission. */
  readonly admission: number | undefined;
}

/** Where an entry about a run stands. */
export interface Place {
  readonly index: number;
  readonly leaf: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Of the gate. */
  readonly mode: GateMode;
}

/** The run after an entry, or undefined where it is over. Throws `IllegalTransition`. */
export function nextRecord(
  before: RunRecord | undefined,
  entry: RunEntry,
  { index, leaf, time, mode }: Place,
): { readonly state: RunState; readonly record: RunRecord | undefined } {
  if (!before && !BEGINNINGS.has(entry.kind)) {
    throw new IllegalTransition("a run", "nothing", entry.kind);
  }
  const old = before ?? NEW_RUN;
  const state = entry.kind === "accept" && !before ? "baseline" : nextRunState(old.state, entry);
  let next: RunRecord = { ...old, state };
  switch (entry.kind) {
    case "admission": {
      const { authorization, command } = entry;
      next = { ...next, authorization, command, admission: index };
      break;
    }
    case "measurement":
      next = { ...next, level: entry.isolation.level };
      break;
    case "decision": {
      if (entry.number !== old.decisions) refuse(`${old.decisions} decisions`, `${entry.number}`);
      const allows = entry.outcome === "allow";
      if (state === (allows ? "denied" : "trusted")) {
        refuse(old.state, `${state} by a decision to ${entry.outcome}`);
      }
      const allowed = allows ? leaf : undefined;
      next = { ...next, decisions: old.decisions + 1, allowed };
      break;
    }
    case "intent":
      if (entry.decision !== old.allowed) refuse(`decision ${old.allowed}`, entry.decision);
      if (mode === "revoked") refuse("a gate that is revoked", state);
      next = { ...next, since: time, allowed: undefined };
      break;
    case "resume":
      if (entry.drift !== old.drift) refuse(`drift ${old.drift}`, `an answer to ${entry.drift}`);
      if (old.allowed === undefined) refuse("a run that is denied", state);
      if (mode === "revoked") refuse("a gate that is revoked", state);
      next = { ...next, allowed: undefined };
      break;
    case "drift":
      next = { ...next, drift: leaf, allowed: undefined };
      break;
    case "transition":
      next = { ...next, allowed: undefined };
      break;
  }
  return { state, record: isTerminal(state) ? undefined : next };
}

function refuse(from: string, to: string): never {
  throw new IllegalTransition("a run", from, to);
}

/** Entries that a run can begin with: before them it is in the baseline that its gate has. */
const BEGINNINGS: ReadonlySet<RunEntry["kind"]> = new Set(["accept", "admission", "decision"]);

const NEW_RUN: RunRecord = Object.freeze({
  state: "baseline",
  authorization: undefined,
  command: undefined,
  since: undefined,
  decisions: 0,
  allowed: undefined,
  drift: undefined,
  level: undefined,
  admission: undefined,
});
