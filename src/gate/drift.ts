/** What continuity breaks by, named by the code that would deny now. */
import type { Drift } from "../lineage/entry/drift.js";
import type { Code } from "../verdict.js";

export type DriftKind = Drift["drift"];

/** The entry of a drift of a run or, with null, of the gate, which is contained by it. */
export function driftEntry(
  run: string | null,
  drift: DriftKind,
  code: Code,
  rule: string | undefined,
): Drift {
  const state = run === null ? "contained" : "drifted";
  return { kind: "drift", run, state, drift, code, rule: rule ?? null, evidence: null };
}

const KINDS: { readonly [Each in Code]?: DriftKind } = {
  STALE: "staleness",
  EXPIRED: "staleness",
  NO_TRUST: "staleness",
  QUORUM: "staleness",
  MISSING: "staleness",
  ROLLBACK: "staleness",
  REVOKED: "revocation",
  KEY: "revocation",
  UNTRUSTED: "revocation",
  CONTAINED: "containment",
  EQUIVOCATION: "equivocation",
  KERNEL: "environment",
  ENV: "environment",
  INTERNAL: "environment",
  ISOLATION: "environment",
  LOG: "log",
  CHAIN: "log",
  CLOCK: "clock",
  LIMIT: "limit",
  CRASH: "crash",
};

/** Whatever else denies what was allowed before is another policy, of the domain or the authorization. */
export function driftOf(code: Code): DriftKind {
  return KINDS[code] ?? "policy";
}
