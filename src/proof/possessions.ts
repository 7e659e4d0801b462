/** Proofs of possession that a gate has taken: each serves one run. */
import { inspectPossession, POSSESSION_LIFETIME } from "../authorization/possession.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { SignedStatement } from "../lineage/entry/common.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";

/** Nonces that are remembered, before those are dropped whose proofs are over. */
const MANY = 4_096;

export class Possessions {
  /** By nonce: when the proof was signed, in milliseconds since the epoch. */
  readonly #taken = new Map<string, number>();

  /** HOLDER for a nonce that has served before; `time` is the decision's. */
  take(statement: SignedStatement, time: number): Failure | undefined {
    const said = inspectPossession(encodeUtf8(formatCanonical(statement as unknown as Json)));
    if (!said.ok) return said;
    const { nonce } = said.value;
    if (this.#taken.has(nonce)) return failure("HOLDER", "a nonce that serves once", nonce);
    this.#taken.set(nonce, said.value.time);
    if (this.#taken.size >= MANY) this.#forget(time - 2 * POSSESSION_LIFETIME);
    return undefined;
  }

  /** A proof from before that supports no decision any more. */
  #forget(before: number): void {
    for (const [nonce, signed] of this.#taken) if (signed < before) this.#taken.delete(nonce);
  }
}
