/** Nonces for proofs of possession: of this gate's memory only, each good once and for a short time. */
import { encodeHex } from "../bytes/hex.js";
import { POSSESSION_LIFETIME } from "../authorization/possession.js";
import type { Clock } from "./clock.js";

export interface Challenge {
  /** The origin of the gate. */
  readonly gate: string;
  /** 32 bytes in hexadecimal. */
  readonly nonce: string;
}

/** Open challenges; the oldest give way, so that asking for more costs nobody memory. */
const MOST = 4096;

export class Challenges {
  /** When each was issued, by the clock that nobody sets. */
  readonly #open = new Map<string, number>();

  constructor(
    readonly gate: string,
    readonly clock: Pick<Clock, "elapsed">,
    readonly random: (length: number) => Uint8Array,
  ) {}

  issue(): Challenge {
    const nonce = encodeHex(this.random(32));
    const oldest = this.#open.size >= MOST ? this.#open.keys().next().value : undefined;
    if (oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(nonce, this.clock.elapsed());
    return { gate: this.gate, nonce };
  }

  /** True the first time, if it was issued here and not too long ago. */
  take(nonce: string): boolean {
    const issued = this.#open.get(nonce);
    this.#open.delete(nonce);
    return issued !== undefined && this.clock.elapsed() - issued <= POSSESSION_LIFETIME;
  }
}
