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
  /** The root that the proof gives, where its length let one be computed. */
  readonly foundRoot?: Uint8Array;
}

export interface ConsistencyResult {
  readonly status: ConsistencyStatus;
  /** The roots that the proof gives, where its length let them be computed. */
  readonly foundOldRoot?: Uint8Array;
  readonly foundNewRoot?: Uint8Array;
}

/** One more than the longest proof of any tree, so that a longer one is still seen as too long. */
const MOST_HASHES = 65;
const MAX_U64 = (1n << 64n) - 1n;

export function checkInclusions(
  border: Border,
  claims: readonly InclusionClaim[],
): InclusionResult[] {
  const jobs = claims.map(({ index, size, leafHash, root, proof }) => ({
    numbers: [index, size] as const,
    fixed: [leafHash, root],
    proof,
  }));
  const shape = { bytes: INCLUSION_JOB_BYTES, fixed: INCLUSION_FIXED_HASHES };
  return runJobs(border, "checkInclusions", shape, jobs, (job, hashes) => {
    const status = border.statusAt(job + PROOF_JOB_STATUS, INCLUSION_STATUS);
    if (status !== "ok" && status !== "root") return { status };
    return { status, foundRoot: border.take(hashes + 64, 32) };
  });
}

export function checkConsistencies(
  border: Border,
  claims: readonly ConsistencyClaim[],
): ConsistencyResult[] {
  const jobs = claims.map(({ oldSize, oldRoot, newSize, newRoot, proof }) => ({
    numbers: [oldSize, newSize] as const,
    fixed: [oldRoot, newRoot],
    proof,
  }));
  const shape = { bytes: CONSISTENCY_JOB_BYTES, fixed: CONSISTENCY_FIXED_HASHES };
  return runJobs(border, "checkConsistencies", shape, jobs, (job, hashes) => {
    const status = border.statusAt(job + PROOF_JOB_STATUS, CONSISTENCY_STATUS);
    if (status !== "ok" && status !== "old-root" && status !== "new-root") return { status };
    return {
      status,
      foundOldRoot: border.take(hashes + 64, 32),
      foundNewRoot: border.take(hashes + 96, 32),
    };
  });
}

interface ProofJob {
  readonly numbers: readonly [bigint, bigint];
  readonly fixed: readonly Uint8Array[];
  readonly proof: readonly Uint8Array[];
}

/** Lays jobs out in the arena (abi.ts), as many at a time as fit, runs them and reads each result. */
function runJobs<Result>(
  border: Border,
  call: "checkInclusions" | "checkConsistencies",
  shape: { bytes: number; fixed: number },
  jobs: readonly ProofJob[],
  read: (job: number, hashes: number) => Result,
): Result[] {
  const results: Result[] = [];
  const most = Math.floor(
    (border.capacity - 64) / (shape.bytes + (shape.fixed + MOST_HASHES) * 32),
  );
  for (let from = 0; from < jobs.length; from += most) {
    const part = jobs.slice(from, from + most);
    border.begin();
    const table = border.reserve(part.length * shape.bytes);
    border.clear(table, part.length * shape.bytes);
    const places = part.map((job, i) => {
      const at = table + i * shape.bytes;
      const proof = job.proof.slice(0, MOST_HASHES);
      const hashes = border.reserve((shape.fixed + proof.length) * 32);
      border.clear(hashes, shape.fixed * 32);
      border.setU64(at, checkedU64(job.numbers[0]));
      border.setU64(at + 8, checkedU64(job.numbers[1]));
      border.setU32(at + 16, hashes);
      border.setU32(at + 20, proof.length);
      job.fixed.forEach((hash, k) => border.putAt(hashes + k * 32, checkedHash(hash)));
      proof.forEach((hash, k) => border.putAt(hashes + (shape.fixed + k) * 32, checkedHash(hash)));
      return hashes;
    });
    border.call(call, table, part.length);
    places.forEach((hashes, i) => results.push(read(table + i * shape.bytes, hashes)));
  }
  return results;
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
