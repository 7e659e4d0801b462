"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.FIELD_BYTES = void 0;
exports.copy = copy;
exports.set = set;
exports.add = add;
exports.sub = sub;
exports.neg = neg;
exports.invert = invert;
exports.powerFiveEighths = powerFiveEighths;
exports.encode = encode;
exports.decode = decode;
exports.isZero = isZero;
exports.equal = equal;
exports.isNegative = isNegative;
/**
 * GF(2^255 - 19): 9 unsigned limbs of 29 bits, little-endian, stored as u32 (36 bytes). 2^261 = 1216.
 *
 * Bounds. An element is tight when every limb is below 2^29 + 2^17; it may still be above p. A sum
 * of n tight elements is n-fold. Everything stored between calls is tight unless it says otherwise.
 * `out` may be an operand everywhere. Variable time: no secret comes here.
 */
const field_mul_1 = require("./field-mul");
exports.FIELD_BYTES = 36;
const MASK = 0x1fffffff;
const FOLD = 1216;
// 256 * p in limbs: each exceeds what a 2-fold limb can hold.
const BIAS_0 = 0x7fffed00;
const BIAS = 0x7ffffffc;
// Scratch.
const encoded = memory.data(32, 16);
const difference = memory.data(exports.FIELD_BYTES, 16);
const t0 = memory.data(exports.FIELD_BYTES, 16);
const t1 = memory.data(exports.FIELD_BYTES, 16);
const t2 = memory.data(exports.FIELD_BYTES, 16);
const t3 = memory.data(exports.FIELD_BYTES, 16);
function copy(out, a) {
    memory.copy(out, a, exports.FIELD_BYTES);
}
/** out = a small number, below 2^29. */
function set(out, value) {
    memory.fill(out, 0, exports.FIELD_BYTES);
    store(out, value);
}
/** out = a + b; m-fold and n-fold give (m + n)-fold; m + n <= 7 keeps u32 from wrapping. */
function add(out, a, b) {
    store(out, load(a, 0) + load(b, 0), 0);
    store(out, load(a, 4) + load(b, 4), 4);
    store(out, load(a, 8) + load(b, 8), 8);
    store(out, load(a, 12) + load(b, 12), 12);
    store(out, load(a, 16) + load(b, 16), 16);
    store(out, load(a, 20) + load(b, 20), 20);
    store(out, load(a, 24) + load(b, 24), 24);
    store(out, load(a, 28) + load(b, 28), 28);
    store(out, load(a, 32) + load(b, 32), 32);
}
/**
 * out = a - b; a and b at most 2-fold; out is tight. A biased limb is at least 2^31 - 4864 - 2^30 -
 * 2^18 > 0 and at most 2^31 + 2^30 + 2^18 < 2^32, so its carry is at most 6: limb 0 stays below
 * 2^29 + 6 * 1216, the others below 2^29 + 6. Carries move one limb, all at once.
 */
function sub(out, a, b) {
    const c0 = load(a, 0) + BIAS_0 - load(b, 0);
    const c1 = load(a, 4) + BIAS - load(b, 4);
    const c2 = load(a, 8) + BIAS - load(b, 8);
    const c3 = load(a, 12) + BIAS - load(b, 12);
    const c4 = load(a, 16) + BIAS - load(b, 16);
    const c5 = load(a, 20) + BIAS - load(b, 20);
    const c6 = load(a, 24) + BIAS - load(b, 24);
    const c7 = load(a, 28) + BIAS - load(b, 28);
    const c8 = load(a, 32) + BIAS - load(b, 32);
    store(out, (c0 & MASK) + (c8 >> 29) * FOLD, 0);
    store(out, (c1 & MASK) + (c0 >> 29), 4);
    store(out, (c2 & MASK) + (c1 >> 29), 8);
    store(out, (c3 & MASK) + (c2 >> 29), 12);
    store(out, (c4 & MASK) + (c3 >> 29), 16);
    store(out, (c5 & MASK) + (c4 >> 29), 20);
    store(out, (c6 & MASK) + (c5 >> 29), 24);
    store(out, (c7 & MASK) + (c6 >> 29), 28);
    store(out, (c8 & MASK) + (c7 >> 29), 32);
}
/** out = -a; a is at most 2-fold; out is tight. */
function neg(out, a) {
    set(difference, 0);
    sub(out, difference, a);
}
/** out = a ^ (2 ^ count); a is at most 2-fold, count > 0; out is tight. */
function squareTimes(out, a, count) {
    (0, field_mul_1.square)(out, a);
    while (--count > 0)
        (0, field_mul_1.square)(out, out);
}
/** out = a ^ (2^250 - 1), t1 = a ^ 11; a is tight and not scratch. */
function power250(out, a) {
    squareTimes(t0, a, 1);
    squareTimes(t1, t0, 2);
    (0, field_mul_1.mul)(t2, t1, a); // a^9
    (0, field_mul_1.mul)(t1, t0, t2); // a^11
    (0, field_mul_1.square)(t0, t1);
    (0, field_mul_1.mul)(t0, t0, t2); // 2^5 - 1
    squareTimes(t2, t0, 5);
    (0, field_mul_1.mul)(t0, t2, t0); // 2^10 - 1
    squareTimes(t2, t0, 10);
    (0, field_mul_1.mul)(t2, t2, t0); // 2^20 - 1
    squareTimes(t3, t2, 20);
    (0, field_mul_1.mul)(t2, t3, t2); // 2^40 - 1
    squareTimes(t2, t2, 10);
    (0, field_mul_1.mul)(t0, t2, t0); // 2^50 - 1
    squareTimes(t2, t0, 50);
    (0, field_mul_1.mul)(t2, t2, t0); // 2^100 - 1
    squareTimes(t3, t2, 100);
    (0, field_mul_1.mul)(t2, t3, t2); // 2^200 - 1
    squareTimes(t2, t2, 50);
    (0, field_mul_1.mul)(out, t2, t0); // 2^250 - 1
}
/** out = 1 / a = a ^ (p - 2), and 0 for 0; a is tight; out is tight. */
function invert(out, a) {
    power250(t0, a);
    squareTimes(t0, t0, 5);
    (0, field_mul_1.mul)(out, t0, t1);
}
/** out = a ^ ((p - 5) / 8) = a ^ (2^252 - 3); a is tight; out is tight. */
function powerFiveEighths(out, a) {
    power250(t0, a);
    squareTimes(t0, t0, 2);
    (0, field_mul_1.mul)(out, t0, a);
}
/** Adds a number above -2^29 and below 2^12 and carries; limb 8 takes what is left. */
function carry(limbs, c) {
    for (let i = 0; i < 32; i += 4) {
        c += load(limbs + i);
        store(limbs + i, c & MASK);
        c >>= 29;
    }
    store(limbs, load(limbs, 32) + c, 32);
}
/** Folds what limb 8 holds from bit 255 on: 2^255 = 19. */
function wrap(limbs) {
    const top = load(limbs, 32);
    store(limbs, top & 0x7fffff, 32);
    carry(limbs, 19 * (top >> 23));
}
/** Writes the 32 bytes of the one canonical encoding; a is tight. */
function encode(out, a) {
    const r = difference;
    copy(r, a);
    wrap(r); // below 2^255 + 2^221 < 2 p
    carry(r, 19); // reaches bit 255 exactly if it was p or more,
    wrap(r); // and is then less by p
    carry(r, -19);
    const l2 = load(r, 8);
    const l4 = load(r, 16);
    const l6 = load(r, 24);
    store(out, load(r, 0) | (load(r, 4) << 29) | (l2 << 58), 0);
    store(out, (l2 >> 6) | (load(r, 12) << 23) | (l4 << 52), 8);
    store(out, (l4 >> 12) | (load(r, 20) << 17) | (l6 << 46), 16);
    store(out, (l6 >> 18) | (load(r, 28) << 11) | (load(r, 32) << 40), 24);
}
/** Reads 32 bytes but for bit 255; false if the number is not below p. out is tight. */
function decode(out, bytes) {
    const w0 = load(bytes, 0);
    const w1 = load(bytes, 8);
    const w2 = load(bytes, 16);
    const w3 = load(bytes, 24) & 0x7fffffffffffffff;
    store(out, w0 & MASK, 0);
    store(out, (w0 >> 29) & MASK, 4);
    store(out, ((w0 >> 58) | (w1 << 6)) & MASK, 8);
    store(out, (w1 >> 23) & MASK, 12);
    store(out, ((w1 >> 52) | (w2 << 12)) & MASK, 16);
    store(out, (w2 >> 17) & MASK, 20);
    store(out, ((w2 >> 46) | (w3 << 18)) & MASK, 24);
    store(out, (w3 >> 11) & MASK, 28);
    store(out, (w3 >> 40), 32);
    return w3 != 0x7fffffffffffffff || (w1 & w2) != u64.MAX_VALUE || w0 < 0xffffffffffffffed;
}
/** a = 0 mod p; a is tight. */
function isZero(a) {
    encode(encoded, a);
    return ((load(encoded, 0) |
        load(encoded, 8) |
        load(encoded, 16) |
        load(encoded, 24)) ==
        0);
}
/** a = b mod p; a and b at most 2-fold. */
function equal(a, b) {
    sub(difference, a, b);
    return isZero(difference);
}
/** RFC 8032, section 5.1.2: the low bit of the canonical encoding; a is tight. */
function isNegative(a) {
    encode(encoded, a);
    return (load(encoded) & 1) != 0;
}
