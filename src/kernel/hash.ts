import { NO_PREFIX, SHA256_STATE_BYTES, SHA512_STATE_BYTES } from "../../assembly/abi.js";
import type { Border } from "./border.js";
import { outputOf } from "./output.js";
import type { PlatformHash, PlatformStream } from "./platform-hash.js";

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

/** Bytes of a stream that are held back until it is known to be long enough for the platform. */
const HELD = 2048;

/** A digest in progress. Any number may be open at once; each holds its own state. */
export class Hasher {
  readonly #border: Border;
  readonly #shape: (typeof SHAPES)[HashAlgorithm];
  readonly #platform: PlatformHash | undefined;
  #state: Uint8Array | undefined;
  /** What a stream holds back, and how much of that is filled. */
  #held: Uint8Array | undefined;
  #heldLength = 0;
  #stream: PlatformStream | undefined;

  constructor(border: Border, algorithm: HashAlgorithm, platform?: PlatformHash) {
    this.#border = border;
    this.#shape = SHAPES[algorithm];
    if (algorithm === "sha256") this.#platform = platform;
    border.begin();
    const state = border.reserve(this.#shape.state);
    border.call(this.#shape.init, state);
    this.#state = border.take(state, this.#shape.state);
  }

  /** Adds bytes, of any length and at any split point. */
  update(bytes: Uint8Array): this {
    if (!this.#state) throw spent();
    if (!this.#platform) return this.#compress(bytes);
    if (!this.#stream) {
      this.#held ??= new Uint8Array(HELD);
      if (this.#heldLength + bytes.length <= HELD) {
        this.#held.set(bytes, this.#heldLength);
        this.#heldLength += bytes.length;
        return this;
      }
      this.#stream = this.#platform.stream();
      this.#stream.update(this.#held.subarray(0, this.#heldLength));
    }
    this.#stream.update(bytes);
    return this;
  }

  /** Ends the digest and returns its bytes; the hasher takes nothing more. */
  digest(): Uint8Array {
    if (!this.#state) throw spent();
    if (this.#stream) {
      this.#state = undefined;
      return new Uint8Array(this.#stream.digest());
    }
    if (this.#held) this.#compress(this.#held.subarray(0, this.#heldLength));
    const border = this.#border;
    border.begin();
    const state = border.put(this.#state);
    this.#state = undefined;
    const out = border.reserve(this.#shape.digest);
    border.call(this.#shape.final, state, out);
    return border.take(out, this.#shape.digest);
  }

  #compress(bytes: Uint8Array): this {
    const border = this.#border;
    for (let from = 0; from < bytes.length && this.#state;) {
      border.begin();
      const state = border.put(this.#state);
      const part = bytes.subarray(from, from + border.room - 16);
      border.call(this.#shape.update, state, border.put(part), part.length);
      this.#state = border.take(state, this.#shape.state);
      from += part.length;
    }
    return this;
  }
}

function spent(): TypeError {
  return new TypeError("this hasher has already given its digest; open another");
}

/** SHA-256 of one message after an optional prefix byte. */
export function sha256One(
  border: Border,
  platform: PlatformHash | undefined,
  message: Uint8Array,
  prefix: number = NO_PREFIX,
): Uint8Array {
  if (platform && message.length >= platform.from) return byPlatform(platform, message, prefix);
  if (message.length > border.capacity - 128) {
    const hasher = new Hasher(border, "sha256");
    if (prefix !== NO_PREFIX) hasher.update(Uint8Array.of(prefix));
    return hasher.update(message).digest();
  }
  border.begin();
  const out = border.reserve(32);
  const length = border.reserve(4);
  border.setU32(length, message.length);
  border.call("sha256Many", prefix, length, 1, border.put(message), out);
  return border.take(out, 32);
}

/**
 * SHA-256 of many messages, each after an optional prefix byte, as one array of 32-byte digests.
 * Messages that fit the arena together cross the border in one call.
 */
export function sha256Many(
  border: Border,
  platform: PlatformHash | undefined,
  messages: readonly Uint8Array[],
  prefix: number = NO_PREFIX,
  out?: Uint8Array,
): Uint8Array {
  const digests = outputOf(out, messages.length * 32);
  // Among others a message costs the kernel a quarter, so that it must be longer to go elsewhere.
  const most = Math.min(border.capacity - 128, platform ? 4 * platform.from : Infinity);
  for (let from = 0; from < messages.length;) {
    const to = hashRun(border, messages, from, most, prefix, digests);
    for (; from < to; from++) {
      const message = messages[from] as Uint8Array;
      if (message.length < most) continue;
      digests.set(sha256One(border, platform, message, prefix), from * 32);
    }
  }
  return digests;
}

/** Hashes messages from `from` on, as many as fit; those not below `most` bytes as if empty. */
function hashRun(
  border: Border,
  messages: readonly Uint8Array[],
  from: number,
  most: number,
  prefix: number,
  digests: Uint8Array,
): number {
  border.begin();
  // A message's bytes, its length word and its digest; 64 covers the alignment of the three regions.
  let room = border.capacity - 64;
  let to = from;
  for (; to < messages.length; to++) {
    const { length } = messages[to] as Uint8Array;
    room -= 36 + (length < most ? length : 0);
    if (room < 0) break;
  }
  const count = to - from;
  const lengths = border.reserve(count * 4);
  const out = border.reserve(count * 32);
  const data = border.reserve(0);
  for (let i = 0, at = data; i < count; i++) {
    const message = messages[from + i] as Uint8Array;
    if (message.length >= most) {
      border.setU32(lengths + i * 4, 0);
      continue;
    }
    border.setU32(lengths + i * 4, message.length);
    border.putAt(at, message);
    at += message.length;
  }
  border.call("sha256Many", prefix, lengths, count, data, out);
  border.takeInto(digests, from * 32, out, count * 32);
  return to;
}

/** Room for a prefix and a message, so that most of them are one call. */
const joined = new Uint8Array(4096);

function byPlatform(platform: PlatformHash, message: Uint8Array, prefix: number): Uint8Array {
  if (prefix === NO_PREFIX) return platform.sha256(message);
  if (message.length < joined.length) {
    joined[0] = prefix;
    joined.set(message, 1);
    return platform.sha256(joined.subarray(0, message.length + 1));
  }
  const stream = platform.stream();
  stream.update(Uint8Array.of(prefix));
  stream.update(message);
  return new Uint8Array(stream.digest());
}
