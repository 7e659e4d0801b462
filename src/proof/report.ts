/** What a verification of a proof bundle reports: the verdict, and what can be told of what happened. */
import type { RunState } from "../lineage/entry/common.js";
import type { Code, Outcome } from "../verdict.js";
import type { BundleCheck } from "./findings.js";
import type { IntervalTotals } from "./intervals.js";

/** JSON alone; the same bundle and demand give the same, byte for byte, on every runtime. */
export interface BundleReport {
  readonly outcome: Outcome;
  /** The code of the first check that failed, else of the first that misses something; null if PROVEN. */
  readonly code: Code | null;
  /** SHA-256 of the manifest; null where there is none that can be read. */
  readonly id: string | null;
  /** RFC 3339: until when all logs are vouched for by the quorum; null where one is not. */
  readonly asOf: string | null;
  readonly checks: readonly BundleCheck[];
  /** What no bundle shows, or this one could not: in sentences. */
  readonly notChecked: readonly string[];
  readonly logs: readonly LogReport[];
  /** Of the gates, in the order of their logs. */
  readonly gates: readonly GateReport[];
}

export interface LogReport {
  readonly kind: "domain" | "gate";
  readonly origin: string;
  readonly domain: string;
  /** The entries that are here: from this index, up to and without the other. */
  readonly from: number;
  readonly to: number;
  /** Entries under the largest checkpoint that the quorum cosigned. */
  readonly size: number | null;
  /** RFC 3339: when the quorum had seen it. */
  readonly asOf: string | null;
  /** Who has cosigned it, of those that count. */
  readonly witnesses: readonly string[];
}

export interface GateReport {
  readonly origin: string;
  readonly decisions: DecisionCounts;
  readonly runs: {
    readonly runs: number;
    readonly completed: number;
    readonly denied: number;
    readonly contained: number;
    readonly revoked: number;
    readonly open: number;
  };
  /** Milliseconds of running, of running under trust, and the ages of what that rested on. */
  readonly trust: IntervalTotals;
  /** The first thousand of those that the bundle is about. */
  readonly reported: readonly RunReport[];
}

/** What became of the decisions of a gate. */
export interface DecisionCounts {
  /** Made again, and the same. */
  agreed: number;
  /** Denials that rest on the gate's own condition: its word. */
  asserted: number;
  /** Not made again, as something was withheld or is missing. */
  open: number;
  /** Of runs that this is not about: they are here for what they changed, and what they rest on is not. */
  others: number;
}

/** A run as the log has it; filled while it is replayed. */
export interface RunReport {
  readonly run: string;
  readonly begin: string;
  /** Null while it is under way. */
  end: string | null;
  state: RunState;
  principal: string | null;
  command: string | null;
  authorization: string | null;
  issuer: string | null;
  entries: number;
  drifts: number;
}

/** Of a run of which nothing is known yet. */
export function newReport(run: string, begin: string): RunReport {
  return {
    run,
    begin,
    end: null,
    state: "baseline",
    principal: null,
    command: null,
    authorization: null,
    issuer: null,
    entries: 0,
    drifts: 0,
  };
}
