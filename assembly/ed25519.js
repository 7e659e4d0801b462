"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ed25519Verify = ed25519Verify;
/**
 * Ed25519 verification (RFC 8032, section 5.1.7) under one rule: S < L; A and R canonically encoded;
 * A not of small order; the cofactored equation [8][S]B = [8]R + [8][k]A. This is algorithm 2 of
 * "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020). The first rule that fails, in the
 * order of the statuses, is the answer. Variable time: no secret comes here.
 */
const abi_1 = require("./abi");
const edwards_1 = require("./edwards");
const scalar_1 = require("./scalar");
const KEY_WIDTH = 5;
const BASE_WIDTH = 8;
const KEY_MULTIPLES = 1 << (KEY_WIDTH - 2);
const BASE_MULTIPLES = 1 << (BASE_WIDTH - 2);
// Odd multiples of B, affine cached: computed by the first call, the same ever after.
const baseTable = memory.data(BASE_MULTIPLES * edwards_1.AFFINE_CACHED_BYTES, 16);
// Scratch of one call.
const key = memory.data(edwards_1.POINT_BYTES, 16);
const commitment = memory.data(edwards_1.POINT_BYTES, 16);
const sum = memory.data(edwards_1.POINT_BYTES, 16);
const multiples = memory.data(BASE_MULTIPLES * edwards_1.POINT_BYTES, 16);
const scalar = memory.data(scalar_1.SCALAR_BYTES, 16);
const keyDigits = memory.data(scalar_1.DIGITS, 16);
const baseDigits = memory.data(scalar_1.DIGITS, 16);
/**
 * `publicKey` is A, 32 bytes; `signature` is R || S, 64 bytes; `digest` is SHA-512(R || A || M), 64
 * bytes. Returns OK or the ED25519 status (abi.ts) of the first rule that fails.
 */
function ed25519Verify(publicKey, signature, digest) {
    if (!(0, scalar_1.isBelowL)(signature + 32))
        return abi_1.ED25519_S_RANGE;
    if (!(0, edwards_1.decodePoint)(key, publicKey))
        return abi_1.ED25519_KEY_ENCODING;
    if ((0, edwards_1.isSmallOrder)(key))
        return abi_1.ED25519_KEY_ORDER;
    if (!(0, edwards_1.decodePoint)(commitment, signature))
        return abi_1.ED25519_R_ENCODING;
    prepareBase();
    memory.fill(scalar, 0, scalar_1.SCALAR_BYTES);
    memory.copy(scalar, signature + 32, 32);
    (0, scalar_1.recode)(baseDigits, scalar, BASE_WIDTH);
    (0, scalar_1.reduce)(scalar, digest);
    (0, scalar_1.recode)(keyDigits, scalar, KEY_WIDTH);
    // [8]([S]B - [k]A - R) = 0
    combine();
    (0, edwards_1.cache)(commitment, commitment);
    (0, edwards_1.addCached)(sum, sum, commitment, true, false);
    (0, edwards_1.multiplyByCofactor)(sum, sum);
    return (0, edwards_1.isIdentity)(sum) ? abi_1.OK : abi_1.ED25519_EQUATION;
}
function prepareBase() {
    if (load(baseTable) != 0)
        return;
    // RFC 8032, section 5.1: B has y = 4 / 5 and an even x.
    memory.fill(scalar, 0x66, 32);
    store(scalar, 0x58);
    (0, edwards_1.decodePoint)(sum, scalar);
    (0, edwards_1.oddMultiples)(multiples, sum, BASE_MULTIPLES);
    (0, edwards_1.cacheAffine)(baseTable, multiples, BASE_MULTIPLES);
}
/** sum = [S]B - [k]A, from the digits of both (Straus). */
function combine() {
    (0, edwards_1.oddMultiples)(multiples, key, KEY_MULTIPLES);
    for (let i = 0; i < KEY_MULTIPLES; i++) {
        const p = multiples + i * edwards_1.POINT_BYTES;
        (0, edwards_1.cache)(p, p);
    }
    (0, edwards_1.setIdentity)(sum);
    let i = scalar_1.DIGITS - 1;
    while (i > 0 && load(keyDigits + i) == 0 && load(baseDigits + i) == 0)
        i--;
    for (; i != u32.MAX_VALUE; i--) {
        const k = load(keyDigits + i);
        const s = load(baseDigits + i);
        const last = i == 0;
        (0, edwards_1.double)(sum, sum, last || (k | s) != 0);
        if (k != 0) {
            const multiple = multiples + (abs(k) >> 1) * edwards_1.POINT_BYTES;
            (0, edwards_1.addCached)(sum, sum, multiple, k > 0, last || s != 0);
        }
        if (s != 0) {
            const multiple = baseTable + (abs(s) >> 1) * edwards_1.AFFINE_CACHED_BYTES;
            (0, edwards_1.addAffineCached)(sum, sum, multiple, s < 0, last);
        }
    }
}
