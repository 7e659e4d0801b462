import { NO_PREFIX, SHA256_STATE_BYTES, SHA512_STATE_BYTES } from "../../assembly/abi.js";
import type { Border } from "./border.js";

/** The digests that the kernel itself computes. */
export type HashAlgorithm = "sha256" | "sha512";

const SHAPES = {
  sha256: {
    state: SHA256_STATE_BYTES,
    digest: 32,
    init: "sha256Init",
    update: "sha256Update",
    final: "sha256Final",
  },
  sha512: {
    state: SHA512_STATE_BYTES,
    digest: 64,
    init: "sha512Init",
    update: "sha512Update",
    final: "sha512Final",
  },
} as const;

/** A digest in progress. Any number may be open at once; each holds its own state. */
export class Hasher {
  readonly #border: Border;
  readonly #shape: (typeof SHAPES)[HashAlgorithm];
  #state: Uint8Array | undefined;

  constructor(border: Border, algorithm: HashAlgorithm) {
    this.#border = border;
    this.#shape = SHAPES[algorithm];
    border.begin();
    const state = border.reserve(this.#shape.state);
    border.call(this.#shape.init, state);
    this.#state = border.take(state, this.#shape.state);
  }

  /** Adds bytes, of any length and at any split point. */
  update(bytes: Uint8Array): this {
    const border = this.#border;
    this.#open();
    for (let from = 0; from < bytes.length;) {
      const state = this.#load();
      const part = bytes.subarray(from, from + border.room - 16);
      border.call(this.#shape.update, state, border.put(part), part.length);
      this.#state = border.take(state, this.#shape.state);
      from += part.length;
    }
    return this;
  }

  /** Ends the digest and returns its bytes; the hasher takes nothing more. */
  digest(): Uint8Array {
    const border = this.#border;
    const state = this.#load();
    this.#state = undefined;
    const out = border.reserve(this.#shape.digest);
    border.call(this.#shape.final, state, out);
    return border.take(out, this.#shape.digest);
  }

  #open(): Uint8Array {
    if (!this.#state) throw new TypeError("this hasher has already given its digest; open another");
    return this.#state;
  }

  #load(): number {
    const state = this.#open();
    this.#border.begin();
    return this.#border.put(state);
  }
}

/**
 * SHA-256 of many messages, each after an optional prefix byte, as one array of 32-byte digests.
 * Messages that fit the arena together cross the border in one call.
 */
export function sha256Many(
  border: Border,
  messages: readonly Uint8Array[],
  prefix: number = NO_PREFIX,
): Uint8Array {
  const digests = new Uint8Array(messages.length * 32);
  // A message's bytes, its length word and its digest; 64 covers the alignment of the three regions.
  const budget = border.capacity - 64;
  let from = 0;
  while (from < messages.length) {
    let to = from;
    let bytes = 0;
    for (; to < messages.length; to++) {
      const more = (messages[to] as Uint8Array).length + 36;
      if (bytes + more > budget) break;
      bytes += more;
    }
    if (to === from) {
      const hasher = new Hasher(border, "sha256");
      if (prefix !== NO_PREFIX) hasher.update(Uint8Array.of(prefix));
      digests.set(hasher.update(messages[from] as Uint8Array).digest(), from * 32);
      from += 1;
      continue;
    }
    digests.set(packed(border, messages, from, to, prefix), from * 32);
    from = to;
  }
  return digests;
}

function packed(
  border: Border,
  messages: readonly Uint8Array[],
  from: number,
  to: number,
  prefix: number,
): Uint8Array {
  const count = to - from;
  border.begin();
  const lengths = border.reserve(count * 4);
  const out = border.reserve(count * 32);
  const data = border.reserve(0);
  for (let i = 0, at = data; i < count; i++) {
    const message = messages[from + i] as Uint8Array;
    border.setU32(lengths + i * 4, message.length);
    border.putAt(at, message);
    at += message.length;
  }
  border.call("sha256Many", prefix, lengths, count, data, out);
  return border.take(out, count * 32);
}
