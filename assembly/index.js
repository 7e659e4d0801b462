"use strict";
var __createBinding = (this && this.__createBinding) || (Object.create ? (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    var desc = Object.getOwnPropertyDescriptor(m, k);
    if (!desc || ("get" in desc ? !m.__esModule : desc.writable || desc.configurable)) {
      desc = { enumerable: true, get: function() { return m[k]; } };
    }
    Object.defineProperty(o, k2, desc);
}) : (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    o[k2] = m[k];
}));
var __setModuleDefault = (this && this.__setModuleDefault) || (Object.create ? (function(o, v) {
    Object.defineProperty(o, "default", { enumerable: true, value: v });
}) : function(o, v) {
    o["default"] = v;
});
var __importStar = (this && this.__importStar) || (function () {
    var ownKeys = function(o) {
        ownKeys = Object.getOwnPropertyNames || function (o) {
            var ar = [];
            for (var k in o) if (Object.prototype.hasOwnProperty.call(o, k)) ar[ar.length] = k;
            return ar;
        };
        return ownKeys(o);
    };
    return function (mod) {
        if (mod && mod.__esModule) return mod;
        var result = {};
        if (mod != null) for (var k = ownKeys(mod), i = 0; i < k.length; i++) if (k[i] !== "default") __createBinding(result, mod, k[i]);
        __setModuleDefault(result, mod);
        return result;
    };
})();
Object.defineProperty(exports, "__esModule", { value: true });
exports.arenaStart = arenaStart;
exports.arenaEnd = arenaEnd;
exports.sha256Init = sha256Init;
exports.sha256Update = sha256Update;
exports.sha256Final = sha256Final;
exports.sha512Init = sha512Init;
exports.sha512Update = sha512Update;
exports.sha512Final = sha512Final;
exports.sha256Many = sha256Many;
exports.nodeHashes = nodeHashes;
exports.frontierAppend = frontierAppend;
exports.frontierRoot = frontierRoot;
exports.inclusionRanges = inclusionRanges;
exports.consistencyRanges = consistencyRanges;
exports.checkInclusions = checkInclusions;
exports.checkConsistencies = checkConsistencies;
exports.checkEd25519 = checkEd25519;
/**
 * The border: everything that the host can call. The host owns the arena between calls, the kernel
 * during one. Every offset and length is checked in 64 bits before it is used; nothing here throws,
 * allocates, or leaves state behind for the next call. Each function returns a status (abi.ts).
 */
const abi_1 = require("./abi");
const ed25519 = __importStar(require("./ed25519"));
const frontiers = __importStar(require("./frontier"));
const merkle = __importStar(require("./merkle"));
const proofs = __importStar(require("./proofs"));
const sha256 = __importStar(require("./sha256"));
const sha512 = __importStar(require("./sha512"));
/** First byte of the arena: past the kernel's own tables and scratch, on a 64-byte line. */
function arenaStart() {
    return (__heap_base + 63) & ~63;
}
/** One past the last byte of the arena: the end of the fixed memory. */
function arenaEnd() {
    return memory.size() << 16;
}
// @ts-ignore: decorator
function inArena(offset, bytes) {
    return offset >= arenaStart() && offset + bytes <= arenaEnd();
}
function sha256Init(state) {
    if (!inArena(state, abi_1.SHA256_STATE_BYTES))
        return abi_1.OUT_OF_ARENA;
    sha256.sha256Init(state);
    return abi_1.OK;
}
function sha256Update(state, data, length) {
    if (!inArena(state, abi_1.SHA256_STATE_BYTES) || !inArena(data, length))
        return abi_1.OUT_OF_ARENA;
    sha256.sha256Update(state, data, length);
    return abi_1.OK;
}
function sha256Final(state, out) {
    if (!inArena(state, abi_1.SHA256_STATE_BYTES) || !inArena(out, 32))
        return abi_1.OUT_OF_ARENA;
    sha256.sha256Final(state, out);
    return abi_1.OK;
}
function sha512Init(state) {
    if (!inArena(state, abi_1.SHA512_STATE_BYTES))
        return abi_1.OUT_OF_ARENA;
    sha512.sha512Init(state);
    return abi_1.OK;
}
function sha512Update(state, data, length) {
    if (!inArena(state, abi_1.SHA512_STATE_BYTES) || !inArena(data, length))
        return abi_1.OUT_OF_ARENA;
    sha512.sha512Update(state, data, length);
    return abi_1.OK;
}
function sha512Final(state, out) {
    if (!inArena(state, abi_1.SHA512_STATE_BYTES) || !inArena(out, 64))
        return abi_1.OUT_OF_ARENA;
    sha512.sha512Final(state, out);
    return abi_1.OK;
}
/**
 * SHA-256 of `count` messages that lie one behind the other at `data`, with their lengths as u32 at
 * `lengths`; digests to `out`. `prefix` (0 to 255) goes before each message; NO_PREFIX: none.
 */
function sha256Many(prefix, lengths, count, data, out) {
    if (!inArena(lengths, count * 4) || !inArena(out, count * 32))
        return abi_1.OUT_OF_ARENA;
    let total = 0;
    for (let i = 0; i < count; i++)
        total += load(lengths + i * 4);
    if (!inArena(data, total))
        return abi_1.OUT_OF_ARENA;
    for (let i = 0; i < count; i++) {
        const length = load(lengths + i * 4);
        merkle.hashMessage(prefix, data, length, out);
        data += length;
        out += 32;
    }
    return abi_1.OK;
}
/** `count` pairs of hashes at `pairs` to `count` nodes at `out`, which may be `pairs`. */
function nodeHashes(pairs, count, out) {
    if (!inArena(pairs, count * 64) || !inArena(out, count * 32))
        return abi_1.OUT_OF_ARENA;
    merkle.nodeHashes(pairs, count, out);
    return abi_1.OK;
}
/** Appends leaf hashes to a frontier and overwrites them. */
function frontierAppend(frontier, hashes, count) {
    if (!inArena(frontier, abi_1.FRONTIER_BYTES) || !inArena(hashes, count * 32))
        return abi_1.OUT_OF_ARENA;
    frontiers.frontierAppend(frontier, hashes, count);
    return abi_1.OK;
}
function frontierRoot(frontier, out) {
    if (!inArena(frontier, abi_1.FRONTIER_BYTES) || !inArena(out, 32))
        return abi_1.OUT_OF_ARENA;
    frontiers.frontierRoot(frontier, out);
    return abi_1.OK;
}
/** Ranges of an inclusion proof; the host checked index < size. u32 count, u32 zero, pairs. */
function inclusionRanges(index, size, out) {
    if (!inArena(out, abi_1.RANGES_BYTES) || index >= size)
        return abi_1.OUT_OF_ARENA;
    store(out, proofs.inclusionRanges(index, size, out + 8));
    return abi_1.OK;
}
/** Ranges of a consistency proof; the host checked 0 < oldSize <= newSize. */
function consistencyRanges(oldSize, newSize, out) {
    if (!inArena(out, abi_1.RANGES_BYTES) || oldSize == 0 || oldSize > newSize)
        return abi_1.OUT_OF_ARENA;
    store(out, proofs.consistencyRanges(oldSize, newSize, out + 8));
    return abi_1.OK;
}
/** Checks `count` inclusion jobs; each gets its status. */
function checkInclusions(jobs, count) {
    if (!inArena(jobs, count * abi_1.INCLUSION_JOB_BYTES))
        return abi_1.OUT_OF_ARENA;
    for (let i = 0; i < count; i++) {
        const job = jobs + i * abi_1.INCLUSION_JOB_BYTES;
        const hashes = load(job, 16);
        const length = load(job, 20);
        const status = inArena(hashes, (length + abi_1.INCLUSION_FIXED_HASHES) * 32)
            ? proofs.checkInclusion(load(job), load(job, 8), hashes, length)
            : abi_1.OUT_OF_ARENA;
        store(job, status, abi_1.PROOF_JOB_STATUS);
    }
    return abi_1.OK;
}
/** Checks `count` consistency jobs; each gets its status. */
function checkConsistencies(jobs, count) {
    if (!inArena(jobs, count * abi_1.CONSISTENCY_JOB_BYTES))
        return abi_1.OUT_OF_ARENA;
    for (let i = 0; i < count; i++) {
        const job = jobs + i * abi_1.CONSISTENCY_JOB_BYTES;
        const hashes = load(job, 16);
        const length = load(job, 20);
        const status = inArena(hashes, (length + abi_1.CONSISTENCY_FIXED_HASHES) * 32)
            ? proofs.checkConsistency(load(job), load(job, 8), hashes, length)
            : abi_1.OUT_OF_ARENA;
        store(job, status, abi_1.PROOF_JOB_STATUS);
    }
    return abi_1.OK;
}
const digest = memory.data(64, 16);
const digestState = memory.data(abi_1.SHA512_STATE_BYTES, 16);
/** Checks `count` Ed25519 jobs; each gets its status. */
function checkEd25519(jobs, count) {
    if (!inArena(jobs, count * abi_1.ED25519_JOB_BYTES))
        return abi_1.OUT_OF_ARENA;
    for (let i = 0; i < count; i++) {
        const job = jobs + i * abi_1.ED25519_JOB_BYTES;
        store(job, checkOne(job), abi_1.ED25519_JOB_STATUS);
    }
    return abi_1.OK;
}
function checkOne(job) {
    const key = load(job);
    const signature = load(job, 4);
    const message = load(job, 8);
    const length = load(job, 12);
    const digested = (load(job, 16) & abi_1.ED25519_DIGESTED) != 0;
    if (!inArena(key, 32) || !inArena(signature, 64))
        return abi_1.OUT_OF_ARENA;
    if (!inArena(message, digested ? 64 : length))
        return abi_1.OUT_OF_ARENA;
    if (digested)
        return ed25519.ed25519Verify(key, signature, message);
    sha512.sha512Init(digestState);
    sha512.sha512Update(digestState, signature, 32);
    sha512.sha512Update(digestState, key, 32);
    sha512.sha512Update(digestState, message, length);
    sha512.sha512Final(digestState, digest);
    return ed25519.ed25519Verify(key, signature, digest);
}
