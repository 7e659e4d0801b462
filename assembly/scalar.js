"use strict";
/**
 * Integers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point
 * (RFC 8032, section 5.1): 32 bytes, little-endian. Variable time: no secret comes here.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.DIGITS = exports.SCALAR_BYTES = void 0;
exports.isBelowL = isBelowL;
exports.reduce = reduce;
exports.recode = recode;
const L = memory.data([0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000]);
/** A scalar and eight zero bytes, because recode reads 64 bits from its last byte. */
exports.SCALAR_BYTES = 40;
/** One signed digit for each power of two. */
exports.DIGITS = 256;
function isBelowL(scalar) {
    for (let i = 32; i > 0;) {
        i -= 8;
        const a = load(scalar + i);
        const b = load(L + i);
        if (a != b)
            return a < b;
    }
    return false;
}
/**
 * Takes 16 bits from the top at a time: r = (r * 2^16 + bits) mod L, so that r < L before and after.
 * With q = floor(r * 2^16 / 2^252) <= 2^16, r * 2^16 + bits - q * L lies between -2^142 and 2^252:
 * L is added at most once. Products are below 2^49.
 */
function reduce(out, wide) {
    memory.fill(out, 0, exports.SCALAR_BYTES);
    for (let i = 64; i > 0;) {
        i -= 2;
        const q = load(out, 28) >> 12;
        let low = load(wide + i);
        let borrow = 0;
        for (let j = 0; j < 32; j += 4) {
            const limb = load(out + j);
            let shifted = (limb << 16) | low;
            low = limb >> 16;
            if (j == 28)
                shifted &= 0x0fffffff;
            const ofL = j < 16 ? load(L + j) : 0;
            borrow += shifted - (q * ofL);
            store(out + j, borrow);
            borrow >>= 32;
        }
        if (borrow < 0)
            addL(out);
    }
}
/** Modulo 2^256. */
function addL(scalar) {
    let c = 0;
    for (let j = 0; j < 32; j += 4) {
        c += load(scalar + j) + load(L + j);
        store(scalar + j, c);
        c >>= 32;
    }
}
/**
 * Width-w non-adjacent form of a scalar below 2^255, w <= 8: DIGITS signed bytes with
 * sum(digit[i] * 2^i) = scalar, each zero or odd and within +-(2^(w-1) - 1), no two that are not
 * zero within w places.
 */
function recode(digits, scalar, width) {
    memory.fill(digits, 0, exports.DIGITS);
    let carry = 0;
    for (let i = 0; i < exports.DIGITS;) {
        const bits = (load(scalar + (i >> 3)) >> (i & 7));
        if ((bits & 1) == carry) {
            i++;
            continue;
        }
        const digit = (bits & ((1 << width) - 1)) + carry;
        carry = digit >> (width - 1);
        store(digits + i, digit - (carry << width));
        i += width;
    }
}
