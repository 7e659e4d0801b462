/** What continuity breaks by, named by the code that would deny now. */
import type { Drift } from "../lineage/entry/drift.js";
import type { Code } from "../verdict.js";

export type DriftKind = Drift["drift"];

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
