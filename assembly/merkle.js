"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.hashMessage = hashMessage;
exports.nodeHash = nodeHash;
exports.nodeHashes = nodeHashes;
exports.equalHashes = equalHashes;
/**
 * Hashes and trees of RFC 6962, section 2.1: leaf = SHA-256(0x00 || data),
 * node = SHA-256(0x01 || left || right), empty root = SHA-256("").
 */
const abi_1 = require("./abi");
const sha256_1 = require("./sha256");
const state = memory.data(abi_1.SHA256_STATE_BYTES, 16);
const prefixByte = memory.data(1);
/** SHA-256 of one message after an optional prefix byte (`prefix` below 0: none). */
function hashMessage(prefix, data, length, out) {
    (0, sha256_1.sha256Init)(state);
    if (prefix >= 0) {
        store(prefixByte, prefix);
        (0, sha256_1.sha256Update)(state, prefixByte, 1);
    }
    (0, sha256_1.sha256Update)(state, data, length);
    (0, sha256_1.sha256Final)(state, out);
}
/** The interior hash. `out` may be `left` or `right`. */
function nodeHash(left, right, out) {
    (0, sha256_1.sha256Init)(state);
    store(prefixByte, 1);
    (0, sha256_1.sha256Update)(state, prefixByte, 1);
    (0, sha256_1.sha256Update)(state, left, 32);
    (0, sha256_1.sha256Update)(state, right, 32);
    (0, sha256_1.sha256Final)(state, out);
}
/** One level up: `count` pairs of 64 bytes to `count` nodes of 32. `out` may be `pairs`. */
function nodeHashes(pairs, count, out) {
    for (let i = 0; i < count; i++) {
        nodeHash(pairs, pairs + 32, out);
        pairs += 64;
        out += 32;
    }
}
function equalHashes(a, b) {
    return memory.compare(a, b, 32) == 0;
}
