import {
  CONSISTENCY_FIXED_HASHES,
  CONSISTENCY_JOB_BYTES,
  CONSISTENCY_LENGTH,
  CONSISTENCY_NEW_ROOT,
  CONSISTENCY_OLD_ROOT,
  CONSISTENCY_OLD_SIZE,
  CONSISTENCY_ORDER,
  INCLUSION_FIXED_HASHES,
  INCLUSION_INDEX,
  INCLUSION_JOB_BYTES,
  INCLUSION_LENGTH,
  INCLUSION_ROOT,
  MEMO_BYTES,
  MEMO_NODES,
  NOT_RUN,
  OK,
  PROOF_JOB_STATUS,
} from "../../assembly/abi.js";
import type { Border } from "./border.js";

/** A claim that a leaf stands at `index` of the tree with `size` leaves and this root. */
export interface InclusionClaim {
  readonly index: bigint;
  readonly size: bigint;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
  /** Sibling hashes from the leaf upward, 32 bytes each. */
  readonly proof: readonly Uint8Array[];
}

/** A claim that the tree of `newSize` begins with the tree of `oldSize`. */
export interface ConsistencyClaim {
  readonly oldSize: bigint;
  readonly oldRoot: Uint8Array;
  readonly newSize: bigint;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

const INCLUSION_STATUS = {
  [OK]: "ok",
  [INCLUSION_INDEX]: "index",
  [INCLUSION_LENGTH]: "length",
  [INCLUSION_ROOT]: "root",
} as const;

const CONSISTENCY_STATUS = {
  [OK]: "ok",
  [CONSISTENCY_OLD_SIZE]: "old-size",
  [CONSISTENCY_ORDER]: "order",
  [CONSISTENCY_LENGTH]: "length",
  [CONSISTENCY_OLD_ROOT]: "old-root",
  [CONSISTENCY_NEW_ROOT]: "new-root",
} as const;

/**
 * `ok`; `index`: not below the tree size; `length`: the proof has not the length that the tree gives
 * it; `root`: another root comes out.
 */
export type InclusionStatus = (typeof INCLUSION_STATUS)[keyof typeof INCLUSION_STATUS];

/**
 * `ok`; `old-size`: 0, of which nothing can be said; `order`: the old tree is the larger one;
 * `length`: the proof has not the length that the sizes give it; `new-root`: another new root comes
 * out; `old-root`: the new root comes out, and another old root, so the two trees contradict each other.
 */
export type ConsistencyStatus = (typeof CONSISTENCY_STATUS)[keyof typeof CONSISTENCY_STATUS];

export interface InclusionResult {
  readonly status: InclusionStatus;
  /** The root that the proof gives, where its length let one be computed. Results may share it. */
  readonly foundRoot?: Uint8Array;
}

export interface ConsistencyResult {
  readonly status: ConsistencyStatus;
  /** The roots that the proof gives, where its length let them be computed. */
  readonly foundOldRoot?: Uint8Array;
  readonly foundNewRoot?: Uint8Array;
}

/** One more than the longest proof of any tree, so that a longer one is still seen as too long. */
const MOST_HASHES = 66;
const MAX_U64 = (1n << 64n) - 1n;

/** Jobs that cross the border together, at most; the arena may hold fewer. */
const MOST_JOBS = 4096;
/** From this many claims on their proofs may share enough nodes to look for them. */
const SHARING = 32;
/** Bytes that the memo must leave to the jobs of one call. */
const LEFT_FOR_JOBS = 1 << 19;

export function checkInclusions(
  border: Border,
  claims: readonly InclusionClaim[],
): InclusionResult[] {
  const results: InclusionResult[] = [];
  const shares = claims.length >= SHARING && border.capacity >= MEMO_BYTES + LEFT_FOR_JOBS;
  // Claims that hold for one and the same root share a result: a tenth of the time went to copies.
  let agreed: { root: Uint8Array; result: InclusionResult } | undefined;
  while (results.length < claims.length) {
    const from = results.length;
    border.begin();
    // The memo lies first, so that one part of the claims leaves it to the next.
    const memo = shares ? border.reserve(MEMO_BYTES) : 0;
    if (memo !== 0 && from === 0) border.clear(memo, MEMO_NODES);
    const jobs = new Jobs(
      border,
      INCLUSION_JOB_BYTES,
      INCLUSION_FIXED_HASHES,
      claims.length - from,
    );
    while (jobs.hasRoom) {
      const { index, size, leafHash, root, proof } = claims[from + jobs.count] as InclusionClaim;
      jobs.add(index, size, leafHash, root, proof);
    }
    border.call("checkInclusions", jobs.table, jobs.count, memo);
    for (let job = jobs.table; job < jobs.end; job += INCLUSION_JOB_BYTES) {
      const status = border.statusAt(job + PROOF_JOB_STATUS, INCLUSION_STATUS);
      const { root } = claims[results.length] as InclusionClaim;
      if (status === "ok" && root === agreed?.root) {
        results.push(agreed.result);
      } else if (status === "ok" || status === "root") {
        const result = { status, foundRoot: border.take(border.getU32(job + 16) + 64, 32) };
        results.push(result);
        if (status === "ok") agreed = { root, result };
      } else {
        results.push({ status });
      }
    }
  }
  return results;
}

export function checkConsistencies(
  border: Border,
  claims: readonly ConsistencyClaim[],
): ConsistencyResult[] {
  const results: ConsistencyResult[] = [];
  while (results.length < claims.length) {
    const from = results.length;
    border.begin();
    const left = claims.length - from;
    const jobs = new Jobs(border, CONSISTENCY_JOB_BYTES, CONSISTENCY_FIXED_HASHES, left);
    while (jobs.hasRoom) {
      const claim = claims[from + jobs.count] as ConsistencyClaim;
      jobs.add(claim.oldSize, claim.newSize, claim.oldRoot, claim.newRoot, claim.proof);
    }
    border.call("checkConsistencies", jobs.table, jobs.count);
    for (let job = jobs.table; job < jobs.end; job += CONSISTENCY_JOB_BYTES) {
      const status = border.statusAt(job + PROOF_JOB_STATUS, CONSISTENCY_STATUS);
      const found = border.getU32(job + 16) + 64;
      results.push(
        status === "ok" || status === "old-root" || status === "new-root"
          ? {
              status,
              foundOldRoot: border.take(found, 32),
              foundNewRoot: border.take(found + 32, 32),
            }
          : { status },
      );
    }
  }
  return results;
}

/** Jobs laid out in the arena (abi.ts): a table of them, and behind it the hashes of each. */
class Jobs {
  readonly table: number;
  count = 0;
  readonly #border: Border;
  readonly #bytes: number;
  readonly #fixed: number;
  readonly #most: number;

  constructor(border: Border, bytes: number, fixed: number, most: number) {
    this.#border = border;
    this.#bytes = bytes;
    this.#fixed = fixed;
    this.#most = Math.min(most, MOST_JOBS);
    this.table = border.reserve(this.#most * bytes);
  }

  /** Whether there is another job to add, and room for the largest one. */
  get hasRoom(): boolean {
    const largest = (this.#fixed + MOST_HASHES) * 32 + 16;
    return this.count < this.#most && this.#border.room >= largest;
  }

  /** One past the last job. */
  get end(): number {
    return this.table + this.count * this.#bytes;
  }

  /** Two numbers, two hashes, room for those that the kernel finds, the proof. */
  add(
    first: bigint,
    second: bigint,
    firstHash: Uint8Array,
    secondHash: Uint8Array,
    proof: readonly Uint8Array[],
  ): void {
    const border = this.#border;
    const at = this.end;
    const length = Math.min(proof.length, MOST_HASHES);
    const hashes = border.reserve((this.#fixed + length) * 32);
    border.setU64(at, checkedU64(first));
    border.setU64(at + 8, checkedU64(second));
    border.setU32(at + 16, hashes);
    border.setU32(at + 20, length);
    border.setU32(at + PROOF_JOB_STATUS, NOT_RUN);
    border.putAt(hashes, checkedHash(firstHash));
    border.putAt(hashes + 32, checkedHash(secondHash));
    for (let i = 0, to = hashes + this.#fixed * 32; i < length; i++, to += 32) {
      border.putAt(to, checkedHash(proof[i] as Uint8Array));
    }
    this.count += 1;
  }
}

function checkedHash(hash: Uint8Array): Uint8Array {
  if (hash.length !== 32)
    throw new TypeError(`expected a 32-byte hash, found ${hash.length} bytes`);
  return hash;
}

function checkedU64(value: bigint): bigint {
  if (value < 0n || value > MAX_U64) {
    throw new RangeError(`expected an index or size from 0 to 2^64 - 1, found ${value}`);
  }
  return value;
}
