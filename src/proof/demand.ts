/** What a verifier of proof bundles brings along: its trust, its time, and what it demands. */
import type { Entry } from "../lineage/entry.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { Policy } from "../tlog/policy.js";
import type { Verifiers } from "../tlog/verifiers.js";
import type { Opened } from "./opened.js";
import type { QuorumDemand } from "./witnessed.js";

/** What the verifier trusts and demands. Nothing of trust or time has a default. */
export interface BundleDemand {
  /** Root metadata of domains, obtained in a way that the verifier trusts. */
  readonly roots: readonly Uint8Array[];
  /** Milliseconds since the epoch: nothing may be from later than `now + skew`. */
  readonly now: number;
  /** Milliseconds that clocks may be apart. */
  readonly skew: number;
  /** Which witnesses count; undefined: one of a pinned domain other than the log's own. */
  readonly policy: Policy | undefined;
  /** From `loadVerifiers(policy)`; `NO_VERIFIERS` where Ed25519 is enough. */
  readonly verifiers: Verifiers;
  /** Milliseconds within which others must bear the time of a decision out. */
  readonly witnessInterval: number;
  /** Milliseconds since the epoch: every gate's log must be vouched for up to here; undefined: wherever it ends. */
  readonly asOf?: number | undefined;
  /** Checkpoints that the verifier has seen of these logs: none may be shorter now, or another one. */
  readonly remembered?: readonly Uint8Array[] | undefined;
  /**
   * Ed25519 keys, in hexadecimal, that were stolen: of logs, of witnesses, in chains, of resumers. What they
   * sign counts nothing. Those of a domain's own roles are replaced by its roots: pin a newer one.
   */
  readonly compromised?: ReadonlySet<string> | undefined;
  /** Bytes of the bundle at most: 256 MiB unless told. */
  readonly limit?: number | undefined;
  /** Told now and then how many bytes were read. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Is shown what is verified, as it is read; what it is shown may still turn out to be refuted. */
  readonly onEntry?: ((entry: ShownEntry) => void) | undefined;
}

/** An entry as it is read. */
export interface ShownEntry extends EntryName {
  readonly bytes: Uint8Array;
  /** Of a gate's log; undefined for a domain's. */
  readonly entry: Entry | undefined;
  /** What stands behind it in the bundle and opens its digests; undefined where nothing does. */
  readonly opened: Opened | undefined;
}

/** Throws a TypeError on a demand that nobody means: NaN would make every comparison false. */
export function requireDemand(demand: BundleDemand): void {
  const { roots, now, skew, witnessInterval, asOf, compromised = NOBODY } = demand;
  if (!isTime(now)) throw new TypeError("`now` is milliseconds since the epoch");
  if (!(skew >= 0 && isTime(now + skew))) throw new TypeError("`skew` is milliseconds");
  if (!(witnessInterval >= 0)) throw new TypeError("`witnessInterval` is milliseconds");
  if (asOf !== undefined && !isTime(asOf)) throw new TypeError("`asOf` is a time");
  for (const key of compromised) {
    // In any other form it would be no key's, and count for nothing.
    if (!/^[0-9a-f]{64}$/.test(key)) throw new TypeError(`not a key in hexadecimal: ${key}`);
  }
  if (roots.length === 0) throw new TypeError("`roots` holds at least one pinned root");
}

/** Milliseconds of a year from 0 to 9999; false for NaN. */
function isTime(time: number): boolean {
  return time >= -62_167_219_200_000 && time <= 253_402_300_799_999;
}

/** The part of it that is about witnesses. */
export function quorumIn(demand: BundleDemand): QuorumDemand {
  const { policy, verifiers, now, skew, compromised = NOBODY } = demand;
  return { policy, verifiers, compromised, now, skew };
}

const NOBODY: ReadonlySet<string> = new Set();
