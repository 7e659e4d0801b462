import {
  ED25519_BATCH_JOBS,
  ED25519_BATCH_JOB_BYTES,
  ED25519_BATCH_WORK_BYTES,
  ED25519_DIGESTED,
  ED25519_EQUATION,
  ED25519_JOB_BYTES,
  ED25519_JOB_STATUS,
  ED25519_KEY_ENCODING,
  ED25519_KEY_ORDER,
  ED25519_PREPARED,
  ED25519_R_ENCODING,
  ED25519_S_RANGE,
  ED25519_SEED_BYTES,
  OK,
} from "../../assembly/abi.js";
import type { Border } from "./border.js";
import { Hasher } from "./hash.js";
import { PreparedKey, PreparedKeys } from "./prepared.js";

/**
 * A claim that `signature` (64 bytes) over `message` was made by the holder of `key`: 32 bytes, or
 * what `kernel.prepareKey` made of them.
 */
export interface SignatureClaim {
  readonly key: Uint8Array | PreparedKey;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

const STATUS = {
  [OK]: "ok",
  [ED25519_S_RANGE]: "s-range",
  [ED25519_KEY_ENCODING]: "key-encoding",
  [ED25519_KEY_ORDER]: "key-order",
  [ED25519_R_ENCODING]: "r-encoding",
  [ED25519_EQUATION]: "equation",
} as const;

/**
 * `ok`; `s-range`: S is not below the group order; `key-encoding`, `r-encoding`: not the canonical
 * encoding of a point of the curve; `key-order`: the key is of small order; `equation`: the
 * signature does not fit the message and key.
 */
export type Ed25519Status = (typeof STATUS)[keyof typeof STATUS];

/** From so many jobs on, one equation for all is faster than one for each (bench/). */
const LEAST_BATCH = 4;
/** The same where all keys are prepared. */
const LEAST_PREPARED_BATCH = 8;

interface Job {
  readonly key: Uint8Array | PreparedKey;
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  readonly flags: number;
}

/** Ed25519 over the border: claims in chunks that fit the arena, and the prepared keys. */
export class Ed25519 {
  readonly #border: Border;
  readonly #prepared: PreparedKeys;

  constructor(border: Border) {
    this.#border = border;
    this.#prepared = new PreparedKeys(border);
  }

  prepare(publicKey: Uint8Array): PreparedKey {
    return this.#prepared.prepare(checked("key", publicKey, 32));
  }

  check(claims: readonly SignatureClaim[], seed?: Uint8Array): Ed25519Status[] {
    const seedBytes = checked("seed", seed ?? NO_SEED, ED25519_SEED_BYTES);
    const jobs = claims.map((claim) => this.#job(claim));
    const results: Ed25519Status[] = [];
    const room = this.#border.capacity - ED25519_BATCH_WORK_BYTES - 256;
    for (let from = 0; from < jobs.length;) {
      let to = from;
      for (let bytes = 0; to < jobs.length && to - from < ED25519_BATCH_JOBS; to++) {
        bytes += MOST_JOB_BYTES + (jobs[to] as Job).message.length;
        if (bytes > room) break;
      }
      const part = jobs.slice(from, to);
      const prepared = part.every(({ key }) => key instanceof PreparedKey);
      const together = part.length >= (prepared ? LEAST_PREPARED_BATCH : LEAST_BATCH);
      for (const group of together ? [part] : part.map((job) => [job])) {
        for (const status of this.#run(group, together ? seedBytes : undefined))
          results.push(status);
      }
      from = to;
    }
    return results;
  }

  /** Long messages are digested first, since the stream needs the arena for itself. */
  #job({ key, signature, message }: SignatureClaim): Job {
    if (!(key instanceof PreparedKey)) checked("key", key, 32);
    checked("signature", signature, 64);
    if (message.length <= LONG) return { key, signature, message, flags: 0 };
    const digest = new Hasher(this.#border, "sha512")
      .update(signature.subarray(0, 32))
      .update(keyBytes(key))
      .update(message)
      .digest();
    return { key, signature, message: digest, flags: ED25519_DIGESTED };
  }

  /** One call of the kernel: with a seed one equation for all, else each by itself. */
  #run(jobs: readonly Job[], seed?: Uint8Array): Ed25519Status[] {
    const border = this.#border;
    border.begin();
    const records = border.reserve(jobs.length * ED25519_JOB_BYTES);
    border.clear(records, jobs.length * ED25519_JOB_BYTES);
    jobs.forEach(({ key, signature, message, flags }, i) => {
      const at = records + i * ED25519_JOB_BYTES;
      const table = !seed && key instanceof PreparedKey ? this.#prepared.table(key) : undefined;
      border.setU32(at, border.put(table ?? keyBytes(key)));
      border.setU32(at + 4, border.put(signature));
      border.setU32(at + 8, border.put(message));
      border.setU32(at + 12, message.length);
      border.setU32(at + 16, flags | (table ? ED25519_PREPARED : 0));
    });
    if (seed) {
      const seedAt = border.put(seed);
      const scratch = border.reserve(
        jobs.length * ED25519_BATCH_JOB_BYTES + ED25519_BATCH_WORK_BYTES,
      );
      border.call("checkEd25519Batch", records, jobs.length, scratch, seedAt);
    } else {
      border.call("checkEd25519", records, jobs.length);
    }
    return jobs.map((_, i) =>
      border.statusAt(records + i * ED25519_JOB_BYTES + ED25519_JOB_STATUS, STATUS),
    );
  }
}

const NO_SEED = new Uint8Array(ED25519_SEED_BYTES);
/** Messages above this are digested before their batch. */
const LONG = 1 << 20;
/** Record, key, signature and scratch of a job, and the alignment of each. */
const MOST_JOB_BYTES = ED25519_JOB_BYTES + 32 + 64 + 48 + ED25519_BATCH_JOB_BYTES;

/** The 32 bytes of a claim's key. */
export function keyBytes(key: SignatureClaim["key"]): Uint8Array {
  return key instanceof PreparedKey ? key.bytes : key;
}

function checked(what: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) {
    throw new TypeError(`expected an Ed25519 ${what} of ${length} bytes, found ${bytes.length}`);
  }
  return bytes;
}
