/**
 * The border: everything that the host can call. The host owns the arena between calls, the kernel
 * during one. Every offset and length is checked in 64 bits before it is used; nothing here throws,
 * allocates, or leaves state behind for the next call. Each function returns a status (abi.ts).
 */
import {
  CONSISTENCY_FIXED_HASHES,
  CONSISTENCY_JOB_BYTES,
  ED25519_BATCH_JOBS,
  ED25519_DIGESTED,
  ED25519_JOB_BYTES,
  ED25519_JOB_STATUS,
  ED25519_PREPARED,
  ED25519_PREPARED_BYTES,
  ED25519_SEED_BYTES,
  FRONTIER_BYTES,
  INCLUSION_FIXED_HASHES,
  INCLUSION_JOB_BYTES,
  MEMO_BYTES,
  NOT_RUN,
  OK,
  OUT_OF_ARENA,
  PROOF_JOB_STATUS,
  RANGES_BYTES,
  SHA256_STATE_BYTES,
  SHA512_STATE_BYTES,
} from "./abi";
import * as batch from "./ed25519/batch";
import * as ed25519 from "./ed25519/ed25519";
import * as frontiers from "./merkle/frontier";
import * as inclusions from "./merkle/inclusion-batch";
import * as nodes from "./merkle/nodes";
import * as prepared from "./ed25519/prepared";
import * as proofs from "./merkle/proofs";
import * as sha256 from "./sha/sha256";
import { hashMany } from "./sha/sha256-many";
import * as sha512 from "./sha/sha512";

/** First byte of the arena: past the kernel's own tables and scratch, on a 64-byte line. */
export function arenaStart(): u32 {
  return (<u32>__heap_base + 63) & ~63;
}

/** One past the arena: the end of memory, less 64 bytes that padding may read (sha256.ts). */
export function arenaEnd(): u32 {
  return (memory.size() << 16) - 64;
}

// @ts-ignore: decorator
@inline
function inArena(offset: u32, bytes: u64): bool {
  return offset >= arenaStart() && <u64>offset + bytes <= <u64>arenaEnd();
}

export function sha256Init(state: u32): u32 {
  if (!inArena(state, SHA256_STATE_BYTES)) return OUT_OF_ARENA;
  sha256.sha256Init(state);
  return OK;
}

export function sha256Update(state: u32, data: u32, length: u32): u32 {
  if (!inArena(state, SHA256_STATE_BYTES) || !inArena(data, length)) return OUT_OF_ARENA;
  sha256.sha256Update(state, data, length);
  return OK;
}

export function sha256Final(state: u32, out: u32): u32 {
  if (!inArena(state, SHA256_STATE_BYTES) || !inArena(out, 32)) return OUT_OF_ARENA;
  sha256.sha256Final(state, out);
  return OK;
}

export function sha512Init(state: u32): u32 {
  if (!inArena(state, SHA512_STATE_BYTES)) return OUT_OF_ARENA;
  sha512.sha512Init(state);
  return OK;
}

export function sha512Update(state: u32, data: u32, length: u32): u32 {
  if (!inArena(state, SHA512_STATE_BYTES) || !inArena(data, length)) return OUT_OF_ARENA;
  sha512.sha512Update(state, data, length);
  return OK;
}

export function sha512Final(state: u32, out: u32): u32 {
  if (!inArena(state, SHA512_STATE_BYTES) || !inArena(out, 64)) return OUT_OF_ARENA;
  sha512.sha512Final(state, out);
  return OK;
}

/**
 * SHA-256 of `count` messages that lie one behind the other at `data`, with their lengths as u32 at
 * `lengths`; digests to `out`. `prefix` (0 to 255) goes before each message; NO_PREFIX: none.
 */
export function sha256Many(prefix: i32, lengths: u32, count: u32, data: u32, out: u32): u32 {
  if (!inArena(lengths, <u64>count * 4) || !inArena(out, <u64>count * 32)) return OUT_OF_ARENA;
  let total: u64 = 0;
  for (let i: u32 = 0; i < count; i++) total += load<u32>(lengths + i * 4);
  if (!inArena(data, total)) return OUT_OF_ARENA;
  hashMany(prefix, lengths, count, data, out);
  return OK;
}

/** `count` pairs of hashes at `pairs` to `count` nodes at `out`, which may be `pairs`. */
export function nodeHashes(pairs: u32, count: u32, out: u32): u32 {
  if (!inArena(pairs, <u64>count * 64) || !inArena(out, <u64>count * 32)) return OUT_OF_ARENA;
  nodes.nodeHashes(pairs, count, out);
  return OK;
}

/** Appends leaf hashes to a frontier and overwrites them. */
export function frontierAppend(frontier: u32, hashes: u32, count: u32): u32 {
  if (!inArena(frontier, FRONTIER_BYTES) || !inArena(hashes, <u64>count * 32)) return OUT_OF_ARENA;
  frontiers.frontierAppend(frontier, hashes, count);
  return OK;
}

export function frontierRoot(frontier: u32, out: u32): u32 {
  if (!inArena(frontier, FRONTIER_BYTES) || !inArena(out, 32)) return OUT_OF_ARENA;
  frontiers.frontierRoot(frontier, out);
  return OK;
}

/** Ranges of an inclusion proof; the host checked index < size. u32 count, u32 zero, pairs. */
export function inclusionRanges(index: u64, size: u64, out: u32): u32 {
  if (!inArena(out, RANGES_BYTES) || index >= size) return OUT_OF_ARENA;
  store<u64>(out, proofs.inclusionRanges(index, size, out + 8));
  return OK;
}

/** Ranges of a consistency proof; the host checked 0 < oldSize <= newSize. */
export function consistencyRanges(oldSize: u64, newSize: u64, out: u32): u32 {
  if (!inArena(out, RANGES_BYTES) || oldSize == 0 || oldSize > newSize) return OUT_OF_ARENA;
  store<u64>(out, proofs.consistencyRanges(oldSize, newSize, out + 8));
  return OK;
}

/** Checks `count` inclusion jobs; each gets its status. `memo`: 0, or memory for shared nodes. */
export function checkInclusions(jobs: u32, count: u32, memo: u32): u32 {
  if (!inArena(jobs, <u64>count * INCLUSION_JOB_BYTES)) return OUT_OF_ARENA;
  if (memo != 0 && !inArena(memo, MEMO_BYTES)) return OUT_OF_ARENA;
  for (let i: u32 = 0; i < count; i++) {
    const job = jobs + i * INCLUSION_JOB_BYTES;
    if (inArena(load<u32>(job, 16), (<u64>load<u32>(job, 20) + INCLUSION_FIXED_HASHES) * 32)) {
      inclusions.addInclusion(job, memo);
    } else {
      store<u32>(job, OUT_OF_ARENA, PROOF_JOB_STATUS);
    }
  }
  inclusions.endInclusions(memo);
  return OK;
}

/** Checks `count` consistency jobs; each gets its status. */
export function checkConsistencies(jobs: u32, count: u32): u32 {
  if (!inArena(jobs, <u64>count * CONSISTENCY_JOB_BYTES)) return OUT_OF_ARENA;
  for (let i: u32 = 0; i < count; i++) {
    const job = jobs + i * CONSISTENCY_JOB_BYTES;
    const hashes = load<u32>(job, 16);
    const length = load<u32>(job, 20);
    const status = inArena(hashes, (<u64>length + CONSISTENCY_FIXED_HASHES) * 32)
      ? proofs.checkConsistency(load<u64>(job), load<u64>(job, 8), hashes, length)
      : OUT_OF_ARENA;
    store<u32>(job, status, PROOF_JOB_STATUS);
  }
  return OK;
}

const digest = memory.data(64, 16);
const digestState = memory.data(SHA512_STATE_BYTES, 16);

/** Checks `count` Ed25519 jobs one by one; each gets its status. */
export function checkEd25519(jobs: u32, count: u32): u32 {
  if (!inArena(jobs, <u64>count * ED25519_JOB_BYTES)) return OUT_OF_ARENA;
  for (let i: u32 = 0; i < count; i++) {
    const job = jobs + i * ED25519_JOB_BYTES;
    store<u32>(job, checkOne(job), ED25519_JOB_STATUS);
  }
  return OK;
}

/** Checks `count` Ed25519 jobs together; each gets the status that it gets alone. */
export function checkEd25519Batch(jobs: u32, count: u32, scratch: u32, seed: u32): u32 {
  if (count == 0 || count > <u32>ED25519_BATCH_JOBS) return OUT_OF_ARENA;
  if (!inArena(jobs, <u64>count * ED25519_JOB_BYTES)) return OUT_OF_ARENA;
  if (!inArena(scratch, batch.batchBytes(count))) return OUT_OF_ARENA;
  if (!inArena(seed, ED25519_SEED_BYTES)) return OUT_OF_ARENA;
  for (let i: u32 = 0; i < count; i++) {
    const job = jobs + i * ED25519_JOB_BYTES;
    const status = challenge(job, scratch + i * batch.ITEM_BYTES + batch.ITEM_DIGEST);
    store<u32>(job, status == OK ? NOT_RUN : status, ED25519_JOB_STATUS);
  }
  batch.verifyBatch(jobs, count, scratch, seed);
  return OK;
}

/** Prepares a key of 32 bytes: u32 status, u32 zero, ED25519_PREPARED_BYTES to `out`. */
export function prepareEd25519(key: u32, out: u32): u32 {
  if (!inArena(key, 32) || !inArena(out, 8 + ED25519_PREPARED_BYTES)) return OUT_OF_ARENA;
  store<u64>(out, prepared.ed25519Prepare(out + 8, key));
  return OK;
}

function checkOne(job: u32): u32 {
  const status = challenge(job, digest);
  if (status != OK) return status;
  const key = load<u32>(job);
  const signature = load<u32>(job, 4);
  return (load<u32>(job, 16) & ED25519_PREPARED) != 0
    ? prepared.ed25519VerifyPrepared(key, signature, digest)
    : ed25519.ed25519Verify(key, signature, digest);
}

/** SHA-512(R || A || M) of a job; OUT_OF_ARENA unless all of the job lies in the arena. */
function challenge(job: u32, out: usize): u32 {
  const key = load<u32>(job);
  const signature = load<u32>(job, 4);
  const message = load<u32>(job, 8);
  const length = load<u32>(job, 12);
  const flags = load<u32>(job, 16);
  const digested = (flags & ED25519_DIGESTED) != 0;
  const keyBytes = (flags & ED25519_PREPARED) != 0 ? ED25519_PREPARED_BYTES : 32;
  if (!inArena(key, keyBytes) || !inArena(signature, 64)) return OUT_OF_ARENA;
  if (!inArena(message, digested ? 64 : length)) return OUT_OF_ARENA;
  if (digested) {
    memory.copy(out, message, 64);
    return OK;
  }
  sha512.sha512Init(digestState);
  sha512.sha512Update(digestState, signature, 32);
  sha512.sha512Update(digestState, key, 32);
  sha512.sha512Update(digestState, message, length);
  sha512.sha512Final(digestState, out);
  return OK;
}
