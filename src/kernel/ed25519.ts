import {
  ED25519_DIGESTED,
  ED25519_EQUATION,
  ED25519_JOB_BYTES,
  ED25519_JOB_STATUS,
  ED25519_KEY_ENCODING,
  ED25519_KEY_ORDER,
  ED25519_R_ENCODING,
  ED25519_S_RANGE,
  OK,
} from "../../assembly/abi.js";
import type { Border } from "./border.js";
import { Hasher } from "./hash.js";

/** A claim that `signature` (64 bytes) over `message` was made by the holder of `key` (32 bytes). */
export interface SignatureClaim {
  readonly key: Uint8Array;
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

export function checkEd25519(border: Border, claims: readonly SignatureClaim[]): Ed25519Status[] {
  // Long messages are digested first, since the stream needs the arena for itself.
  const long = Math.floor(border.capacity / 4);
  const jobs = claims.map((claim) => {
    if (claim.key.length !== 32) {
      throw new TypeError(`expected an Ed25519 key of 32 bytes, found ${claim.key.length}`);
    }
    if (claim.signature.length !== 64) {
      throw new TypeError(
        `expected an Ed25519 signature of 64 bytes, found ${claim.signature.length}`,
      );
    }
    const { key, signature, message } = claim;
    if (message.length <= long) return { key, signature, message, flags: 0 };
    const hasher = new Hasher(border, "sha512").update(signature.subarray(0, 32)).update(key);
    return { key, signature, message: hasher.update(message).digest(), flags: ED25519_DIGESTED };
  });

  const results: Ed25519Status[] = [];
  for (let from = 0; from < jobs.length;) {
    let to = from;
    for (let bytes = 64; to < jobs.length; to++) {
      // Record, key, signature, message, and the alignment of each.
      bytes += ED25519_JOB_BYTES + 96 + (jobs[to]?.message.length ?? 0) + 48;
      if (bytes > border.capacity) break;
    }
    const part = jobs.slice(from, to);
    border.begin();
    const table = border.reserve(part.length * ED25519_JOB_BYTES);
    border.clear(table, part.length * ED25519_JOB_BYTES);
    part.forEach((job, i) => {
      const at = table + i * ED25519_JOB_BYTES;
      border.setU32(at, border.put(job.key));
      border.setU32(at + 4, border.put(job.signature));
      border.setU32(at + 8, border.put(job.message));
      border.setU32(at + 12, job.message.length);
      border.setU32(at + 16, job.flags);
    });
    border.call("checkEd25519", table, part.length);
    part.forEach((_, i) =>
      results.push(border.statusAt(table + i * ED25519_JOB_BYTES + ED25519_JOB_STATUS, STATUS)),
    );
    from = to;
  }
  return results;
}
