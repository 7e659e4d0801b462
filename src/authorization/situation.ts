/** What a request is decided in: the time, the trust, and what the gate has measured. */
import type { DigestSet } from "../attestation/statement.js";
import type { Terms } from "../trust/contents/peers.js";
import type { KnownDomains } from "./domains.js";
import type { Possession } from "./possession.js";
import { isProven } from "./possession.js";

export interface Situation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The origin of the gate that decides. */
  readonly gate: string;
  readonly domains: KnownDomains;
  /** Milliseconds that trust state may be old at most, whatever peers and authorizations say. */
  readonly maxStaleness: number;
  /** How the gate's own domain is pinned. */
  readonly terms: Pick<Terms, "maxLifetime" | "skew">;
  /** From `checkPossession`, for this authorization and request. */
  readonly possession: Possession;
  /** What would run, as the gate has measured it: a digest set an artifact. */
  readonly artifacts: readonly DigestSet[];
}

/** In place of a gate, or of a proof: that step is left out of a rehearsal. */
export const NOT_CHECKED: unique symbol = Symbol("not checked");

/** A situation in which not all is known: of a tool that tries a request out, and begins nothing. */
export type Rehearsal = Omit<Situation, "gate" | "possession"> & {
  readonly gate: string | typeof NOT_CHECKED;
  readonly possession: Possession | typeof NOT_CHECKED;
};

/** Throws on what no caller means. NaN would make every comparison false. */
export function requireRehearsal({ now, gate, maxStaleness, possession }: Rehearsal): void {
  if (!Number.isFinite(now)) throw new TypeError("`now` is milliseconds since the epoch");
  if (!(maxStaleness >= 0)) throw new TypeError("`maxStaleness` is milliseconds");
  if (typeof gate !== "string" && gate !== NOT_CHECKED) throw new TypeError("`gate` is an origin");
  if (possession === NOT_CHECKED) return;
  if (!isProven(possession)) throw new TypeError("`possession` comes from checkPossession");
  if (gate === NOT_CHECKED) throw new TypeError("a proof of possession is for a gate: name it");
}
