/**
 * The constants that both sides of the border agree on. No types are named here, so that the same
 * file compiles as AssemblyScript and as TypeScript. Offsets and sizes are in bytes; integers are
 * little-endian.
 */

/** Memory never grows: 64 pages of 64 KiB. */
export const MEMORY_PAGES = 64;

// Status of a call or of one job in a batch. 0 is what zeroed memory says: not run.
export const NOT_RUN = 0;
export const OK = 1;
/** An offset or a length points outside the arena. */
export const OUT_OF_ARENA = 2;

// Hash states. SHA-256: 8 x u32, u64 length, 64-byte block. SHA-512: 8 x u64, u64 length, 128-byte block.
export const SHA256_STATE_BYTES = 104;
export const SHA512_STATE_BYTES = 200;
/** `prefix` of sha256Many for messages hashed as they are. */
export const NO_PREFIX = -1;

// Compact frontier: u64 size, then one 32-byte slot a level.
export const FRONTIER_BYTES = 8 + 64 * 32;
/** Room for the ranges of one proof: u32 count, u32 zero, then at most 65 pairs (u64 start, u64 end). */
export const RANGES_BYTES = 8 + 65 * 16;

/**
 * Inclusion job: u64 index, u64 size, u32 hashes, u32 proof length in hashes, u32 status, u32 zero.
 * At `hashes`: leaf hash, expected root, found root (written by the kernel), then the proof.
 */
export const INCLUSION_JOB_BYTES = 32;
export const INCLUSION_FIXED_HASHES = 3;
export const INCLUSION_INDEX = 3;
export const INCLUSION_LENGTH = 4;
export const INCLUSION_ROOT = 5;
/** Memory for nodes that proofs share: MEMO_NODES bytes, zeroed by the host, then 96 a node. */
export const MEMO_NODES = 32768;
export const MEMO_BYTES = MEMO_NODES * 97;

/**
 * Consistency job: u64 old size, u64 new size, u32 hashes, u32 proof length in hashes, u32 status,
 * u32 zero. At `hashes`: old root, new root, found old root, found new root, then the proof.
 */
export const CONSISTENCY_JOB_BYTES = 32;
export const CONSISTENCY_FIXED_HASHES = 4;
export const CONSISTENCY_OLD_SIZE = 3;
export const CONSISTENCY_ORDER = 4;
export const CONSISTENCY_LENGTH = 5;
export const CONSISTENCY_OLD_ROOT = 6;
export const CONSISTENCY_NEW_ROOT = 7;

/** Offset of the status in an inclusion or a consistency job. */
export const PROOF_JOB_STATUS = 24;

/**
 * Ed25519 job: u32 key, u32 signature, u32 message, u32 message length, u32 flags, u32 status,
 * u64 zero. With ED25519_DIGESTED in the flags, `message` is the 64-byte SHA-512(R || A || M).
 */
export const ED25519_JOB_BYTES = 32;
export const ED25519_JOB_STATUS = 20;
export const ED25519_DIGESTED = 1;
/** With ED25519_PREPARED in the flags, `key` is a prepared key: 32 key bytes and a table. */
export const ED25519_PREPARED = 2;
export const ED25519_PREPARED_BYTES = 32 + 128 * 160;
export const ED25519_S_RANGE = 3;
export const ED25519_KEY_ENCODING = 4;
export const ED25519_KEY_ORDER = 5;
export const ED25519_R_ENCODING = 6;
export const ED25519_EQUATION = 7;
/** A batch has at most so many jobs, and so much scratch for each and for all of them. */
export const ED25519_BATCH_JOBS = 1024;
export const ED25519_BATCH_JOB_BYTES = 912;
export const ED25519_BATCH_WORK_BYTES = 294_976;
export const ED25519_SEED_BYTES = 32;
