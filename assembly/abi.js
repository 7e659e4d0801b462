"use strict";
/**
 * The constants that both sides of the border agree on. No types are named here, so that the same
 * file compiles as AssemblyScript and as TypeScript. Offsets and sizes are in bytes; integers are
 * little-endian.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.ED25519_EQUATION = exports.ED25519_R_ENCODING = exports.ED25519_KEY_ORDER = exports.ED25519_KEY_ENCODING = exports.ED25519_S_RANGE = exports.ED25519_DIGESTED = exports.ED25519_JOB_STATUS = exports.ED25519_JOB_BYTES = exports.PROOF_JOB_STATUS = exports.CONSISTENCY_NEW_ROOT = exports.CONSISTENCY_OLD_ROOT = exports.CONSISTENCY_LENGTH = exports.CONSISTENCY_ORDER = exports.CONSISTENCY_OLD_SIZE = exports.CONSISTENCY_FIXED_HASHES = exports.CONSISTENCY_JOB_BYTES = exports.INCLUSION_ROOT = exports.INCLUSION_LENGTH = exports.INCLUSION_INDEX = exports.INCLUSION_FIXED_HASHES = exports.INCLUSION_JOB_BYTES = exports.RANGES_BYTES = exports.FRONTIER_BYTES = exports.NO_PREFIX = exports.SHA512_STATE_BYTES = exports.SHA256_STATE_BYTES = exports.OUT_OF_ARENA = exports.OK = exports.NOT_RUN = exports.MEMORY_PAGES = void 0;
/** Memory never grows: 64 pages of 64 KiB. */
exports.MEMORY_PAGES = 64;
// Status of a call or of one job in a batch. 0 is what zeroed memory says: not run.
exports.NOT_RUN = 0;
exports.OK = 1;
/** An offset or a length points outside the arena. */
exports.OUT_OF_ARENA = 2;
// Hash states. SHA-256: 8 x u32, u64 length, 64-byte block. SHA-512: 8 x u64, u64 length, 128-byte block.
exports.SHA256_STATE_BYTES = 104;
exports.SHA512_STATE_BYTES = 200;
/** `prefix` of sha256Many for messages hashed as they are. */
exports.NO_PREFIX = -1;
// Compact frontier: u64 size, then one 32-byte slot a level.
exports.FRONTIER_BYTES = 8 + 64 * 32;
/** Room for the ranges of one proof: u32 count, u32 zero, then at most 64 pairs (u64 start, u64 end). */
exports.RANGES_BYTES = 8 + 64 * 16;
/**
 * Inclusion job: u64 index, u64 size, u32 hashes, u32 proof length in hashes, u32 status, u32 zero.
 * At `hashes`: leaf hash, expected root, found root (written by the kernel), then the proof.
 */
exports.INCLUSION_JOB_BYTES = 32;
exports.INCLUSION_FIXED_HASHES = 3;
exports.INCLUSION_INDEX = 3;
exports.INCLUSION_LENGTH = 4;
exports.INCLUSION_ROOT = 5;
/**
 * Consistency job: u64 old size, u64 new size, u32 hashes, u32 proof length in hashes, u32 status,
 * u32 zero. At `hashes`: old root, new root, found old root, found new root, then the proof.
 */
exports.CONSISTENCY_JOB_BYTES = 32;
exports.CONSISTENCY_FIXED_HASHES = 4;
exports.CONSISTENCY_OLD_SIZE = 3;
exports.CONSISTENCY_ORDER = 4;
exports.CONSISTENCY_LENGTH = 5;
exports.CONSISTENCY_OLD_ROOT = 6;
exports.CONSISTENCY_NEW_ROOT = 7;
/** Offset of the status in an inclusion or a consistency job. */
exports.PROOF_JOB_STATUS = 24;
/**
 * Ed25519 job: u32 key, u32 signature, u32 message, u32 message length, u32 flags, u32 status,
 * u64 zero. With ED25519_DIGESTED in the flags, `message` is the 64-byte SHA-512(R || A || M).
 */
exports.ED25519_JOB_BYTES = 32;
exports.ED25519_JOB_STATUS = 20;
exports.ED25519_DIGESTED = 1;
exports.ED25519_S_RANGE = 3;
exports.ED25519_KEY_ENCODING = 4;
exports.ED25519_KEY_ORDER = 5;
exports.ED25519_R_ENCODING = 6;
exports.ED25519_EQUATION = 7;
