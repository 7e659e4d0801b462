"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.AFFINE_CACHED_BYTES = exports.POINT_BYTES = void 0;
exports.setIdentity = setIdentity;
exports.isIdentity = isIdentity;
exports.decodePoint = decodePoint;
exports.double = double;
exports.addCached = addCached;
exports.addAffineCached = addAffineCached;
exports.cache = cache;
exports.oddMultiples = oddMultiples;
exports.cacheAffine = cacheAffine;
exports.multiplyByCofactor = multiplyByCofactor;
exports.isSmallOrder = isSmallOrder;
/**
 * Points of -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, section 5.1) in extended coordinates (Hisil, Wong,
 * Carter, Dawson 2008): X, Y, T, Z with x = X / Z, y = Y / Z, T = X Y / Z, each tight (field.ts).
 *
 * A cached point is what an addition wants of its second operand: Y + X (2-fold), Y - X, 2 d T,
 * 2 Z (2-fold). An affine cached point has Z = 1 and ends before its 2 Z.
 */
const field_1 = require("./field");
const field_mul_1 = require("./field-mul");
exports.POINT_BYTES = 4 * field_1.FIELD_BYTES;
exports.AFFINE_CACHED_BYTES = 3 * field_1.FIELD_BYTES;
const Y = field_1.FIELD_BYTES;
const T = 2 * field_1.FIELD_BYTES;
const Z = 3 * field_1.FIELD_BYTES;
// d = -121665 / 121666, 2 d, and a square root of -1, in limbs.
const D = memory.data([
    0x135978a3, 0x0f5a6e50, 0x10762add, 0x00149a82, 0x1e898007, 0x003cbbbc, 0x19ce331d, 0x1dc56dff,
    0x0052036c,
]);
const D2 = memory.data([
    0x06b2f159, 0x1eb4dca1, 0x00ec55ba, 0x00293505, 0x1d13000e, 0x00797779, 0x139c663a, 0x1b8adbff,
    0x002406d9,
]);
const SQRT_M1 = memory.data([
    0x0a0ea0b0, 0x0770d93a, 0x0bf91e31, 0x06300d5a, 0x1d7a72f4, 0x004c9efd, 0x1c2cad34, 0x1009f83b,
    0x002b8324,
]);
// Scratch of the function at hand.
const a = memory.data(field_1.FIELD_BYTES, 16);
const b = memory.data(field_1.FIELD_BYTES, 16);
const c = memory.data(field_1.FIELD_BYTES, 16);
const e = memory.data(field_1.FIELD_BYTES, 16);
const f = memory.data(field_1.FIELD_BYTES, 16);
const point = memory.data(exports.POINT_BYTES, 16);
function setIdentity(p) {
    (0, field_1.set)(p, 0);
    (0, field_1.set)(p + Y, 1);
    (0, field_1.set)(p + Z, 1);
    (0, field_1.set)(p + T, 0);
}
/** Any extended or projective point: T is not looked at. */
function isIdentity(p) {
    return (0, field_1.isZero)(p) && (0, field_1.equal)(p + Y, p + Z);
}
/**
 * RFC 8032, section 5.1.3, and strictly so: false unless y < p, the point is on the curve, and the
 * sign bit is 0 where x = 0.
 */
function decodePoint(p, bytes) {
    const x = p;
    const y = p + Y;
    const one = p + Z;
    if (!(0, field_1.decode)(y, bytes))
        return false;
    (0, field_1.set)(one, 1);
    // x^2 = u / v; the candidate is x = u v^3 (u v^7)^((p-5)/8).
    const u = a;
    const v = b;
    (0, field_mul_1.square)(u, y);
    (0, field_mul_1.mul)(v, u, D);
    (0, field_1.sub)(u, u, one);
    (0, field_1.add)(v, v, one); // 2-fold
    (0, field_mul_1.square)(c, v);
    (0, field_mul_1.mul)(c, c, v); // v^3
    (0, field_mul_1.square)(e, c);
    (0, field_mul_1.mul)(e, e, v); // v^7
    (0, field_mul_1.mul)(e, e, u);
    (0, field_1.powerFiveEighths)(e, e);
    (0, field_mul_1.mul)(e, e, c);
    (0, field_mul_1.mul)(x, e, u);
    (0, field_mul_1.square)(c, x);
    (0, field_mul_1.mul)(c, c, v); // v x^2 is u, or -u, or there is no root
    if (!(0, field_1.equal)(c, u)) {
        (0, field_1.neg)(e, u);
        if (!(0, field_1.equal)(c, e))
            return false;
        (0, field_mul_1.mul)(x, x, SQRT_M1);
    }
    const sign = load(bytes, 31) >> 7 != 0;
    if (sign && (0, field_1.isZero)(x))
        return false;
    if ((0, field_1.isNegative)(x) != sign)
        (0, field_1.neg)(x, x);
    (0, field_mul_1.mul)(p + T, x, y);
    return true;
}
/** r = 2 p; T of p is not looked at; T of r is left out unless `full`. r may be p. */
function double(r, p, full) {
    (0, field_mul_1.square)(a, p);
    (0, field_mul_1.square)(b, p + Y);
    (0, field_mul_1.square)(c, p + Z);
    (0, field_1.add)(e, p, p + Y); // 2-fold
    (0, field_mul_1.square)(e, e);
    (0, field_1.add)(f, a, b); // 2-fold: -H
    (0, field_1.sub)(e, e, f); // E = 2 X Y
    (0, field_1.sub)(b, b, a); // G
    (0, field_1.add)(c, c, c); // 2-fold
    (0, field_1.sub)(c, c, b); // -F
    (0, field_mul_1.mul)(r, e, c);
    (0, field_mul_1.mul)(r + Y, f, b);
    (0, field_mul_1.mul)(r + Z, b, c);
    if (full)
        (0, field_mul_1.mul)(r + T, e, f);
}
/** r = p + q, or p - q if `minus`; q is cached; T of r is left out unless `full`. r may be p. */
function addCached(r, p, q, minus, full) {
    (0, field_mul_1.mul)(e, p + Z, q + Z);
    addWith(r, p, q, minus, full);
}
/** As addCached, for an affine cached q. */
function addAffineCached(r, p, q, minus, full) {
    (0, field_1.add)(e, p + Z, p + Z); // 2-fold
    addWith(r, p, q, minus, full);
}
/** `e` is D = 2 Z1 Z2, at most 2-fold. -q swaps Y + X with Y - X and changes the sign of C. */
function addWith(r, p, q, minus, full) {
    (0, field_1.sub)(a, p + Y, p);
    (0, field_1.add)(b, p + Y, p); // 2-fold
    (0, field_mul_1.mul)(a, a, minus ? q : q + Y); // A
    (0, field_mul_1.mul)(b, b, minus ? q + Y : q); // B
    (0, field_mul_1.mul)(c, p + T, q + T); // C
    const F = minus ? e : f;
    const G = minus ? f : e;
    (0, field_1.sub)(f, e, c); // D - C
    (0, field_1.add)(e, e, c); // D + C, 3-fold
    (0, field_1.add)(c, b, a); // 2-fold: H
    (0, field_1.sub)(b, b, a); // E
    (0, field_mul_1.mul)(r, b, F);
    (0, field_mul_1.mul)(r + Y, G, c); // up to 3-fold by 2-fold
    (0, field_mul_1.mul)(r + Z, F, G);
    if (full)
        (0, field_mul_1.mul)(r + T, b, c);
}
/** q = p, cached. q may be p. */
function cache(q, p) {
    (0, field_1.sub)(a, p + Y, p);
    (0, field_1.add)(q, p + Y, p);
    (0, field_1.copy)(q + Y, a);
    (0, field_mul_1.mul)(q + T, p + T, D2);
    (0, field_1.add)(q + Z, p + Z, p + Z);
}
/** Writes p, 3 p, 5 p, ... as `count` extended points. */
function oddMultiples(points, p, count) {
    double(point, p, true);
    cache(point, point);
    memory.copy(points, p, exports.POINT_BYTES);
    for (let i = 1; i < count; i++) {
        addCached(points + exports.POINT_BYTES, points, point, false, true);
        points += exports.POINT_BYTES;
    }
}
/** `count` extended points to affine cached ones, with one inversion (Montgomery's trick). */
function cacheAffine(cached, points, count) {
    const inverse = point;
    (0, field_1.set)(inverse, 1);
    for (let i = 0; i < count; i++) {
        (0, field_1.copy)(cached + i * exports.AFFINE_CACHED_BYTES, inverse);
        (0, field_mul_1.mul)(inverse, inverse, points + i * exports.POINT_BYTES + Z);
    }
    (0, field_1.invert)(inverse, inverse);
    for (let i = count; i > 0;) {
        i--;
        const q = cached + i * exports.AFFINE_CACHED_BYTES;
        const p = points + i * exports.POINT_BYTES;
        (0, field_mul_1.mul)(c, inverse, q); // 1 / Z
        (0, field_mul_1.mul)(inverse, inverse, p + Z);
        (0, field_mul_1.mul)(a, p, c);
        (0, field_mul_1.mul)(b, p + Y, c);
        (0, field_1.add)(q, b, a);
        (0, field_1.sub)(q + Y, b, a);
        (0, field_mul_1.mul)(a, a, b);
        (0, field_mul_1.mul)(q + T, a, D2);
    }
}
/** r = 8 p; T is neither looked at nor written. */
function multiplyByCofactor(r, p) {
    double(r, p, false);
    double(r, r, false);
    double(r, r, false);
}
/** 8 p = 0: p is one of the eight points of the torsion subgroup. */
function isSmallOrder(p) {
    multiplyByCofactor(point, p);
    return isIdentity(point);
}
