/**
 * How old a trust state is, and until when it may support an allow. A state that was made too long
 * ago, whose metadata has expired, or whose clock cannot be right, supports none.
 */
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Terms } from "./contents/peers.js";
import type { StateMetadata, VerifiedTrustState } from "./state.js";

export interface FreshnessDemand {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds: the least of the peer's, the authorization's and the reader's own. */
  readonly maxStaleness: number;
  /** What is pinned with the domain: how long its timestamps may live, how far its clock may run ahead. */
  readonly terms: Pick<Terms, "maxLifetime" | "skew">;
}

/** The answer, with the age and the bound whether it is fresh or not. */
export interface Freshness {
  /** Milliseconds since the timestamp was issued; undefined where it does not say. */
  readonly age: number | undefined;
  /** The last millisecond at which this state may support an allow. */
  readonly validUntil: number;
  /** What ends it then. */
  readonly limit: "maxStaleness" | keyof StateMetadata;
  /** Why it supports no allow at `now`; undefined if it does. */
  readonly failure: Failure | undefined;
}

const ROLES = ["root", "timestamp", "snapshot", "targets", "status"] as const;

export function judgeFreshness(state: VerifiedTrustState, demand: FreshnessDemand): Freshness {
  requireDurations(demand);
  const { now, maxStaleness } = demand;
  const { metadata, issued } = state;
  // Metadata is valid before its expiry, an age is allowed up to its bound.
  let limit: Freshness["limit"] = "maxStaleness";
  let at = issued === undefined ? Number.POSITIVE_INFINITY : issued + maxStaleness;
  for (const role of ROLES) {
    const last = metadata[role].expires - 1;
    if (last < at) [limit, at] = [role, last];
  }
  const age = issued === undefined ? undefined : now - issued;
  const failed = issueOf(state, demand) ?? endOf(limit, at, demand, age);
  return { age, validUntil: at, limit, failure: failed };
}

function issueOf(
  { issued, metadata }: VerifiedTrustState,
  { now, terms }: FreshnessDemand,
): Failure | undefined {
  if (issued === undefined) {
    return failure("STALE", "a timestamp that says when it was issued", "one of unknown age");
  }
  if (issued > now + terms.skew) {
    const expected = `a timestamp issued at most ${terms.skew} ms ahead of the given time`;
    return failure("CLOCK", expected, `${issued - now} ms ahead`);
  }
  const lifetime = metadata.timestamp.expires - issued;
  if (lifetime <= terms.maxLifetime) return undefined;
  return failure(
    "CLOCK",
    `a timestamp valid for at most ${terms.maxLifetime} ms`,
    `${lifetime} ms`,
  );
}

function endOf(
  limit: Freshness["limit"],
  at: number,
  { now, maxStaleness }: FreshnessDemand,
  age: number | undefined,
): Failure | undefined {
  if (now <= at) return undefined;
  if (limit === "maxStaleness") {
    return failure("STALE", `a state at most ${maxStaleness} ms old`, `${age} ms`);
  }
  const code = limit === "timestamp" ? "STALE" : "EXPIRED";
  return failure(code, `${limit} metadata before its expiry`, `expired for ${now - at} ms`);
}

/** Demands that at least `k` of these domains, each counted once, are fresh. */
export function checkFreshQuorum(
  k: number,
  answers: readonly { readonly domain: string; readonly freshness: Freshness | undefined }[],
): Result<readonly string[]> {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`k is a positive integer, not ${k}`);
  const fresh = answers.filter(({ freshness }) => freshness && !freshness.failure);
  const domains = [...new Set(fresh.map(({ domain }) => domain))].sort();
  if (domains.length >= k) return ok(domains);
  const expected = `${k} of ${new Set(answers.map(({ domain }) => domain)).size} domains fresh`;
  return failure("QUORUM", expected, domains.join(", ") || "none");
}

/** NaN would make every comparison false, and with it every demand. */
function requireDurations({ now, maxStaleness, terms }: FreshnessDemand): void {
  if (!Number.isFinite(now)) throw new TypeError("`now` is milliseconds since the epoch");
  if (!(maxStaleness >= 0)) throw new TypeError("`maxStaleness` is milliseconds");
  if (!(terms.maxLifetime > 0)) throw new TypeError("`maxLifetime` is milliseconds");
  if (!(terms.skew >= 0 && Number.isFinite(terms.skew)))
    throw new TypeError("`skew` is milliseconds");
}
