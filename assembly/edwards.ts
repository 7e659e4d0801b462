/**
 * Points of -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, section 5.1) in extended coordinates (Hisil, Wong,
 * Carter, Dawson 2008): X, Y, T, Z with x = X / Z, y = Y / Z, T = X Y / Z, each tight (field.ts).
 *
 * A cached point is what an addition wants of its second operand: Y + X (2-fold), Y - X, 2 d T,
 * 2 Z (2-fold). An affine cached point has Z = 1 and ends before its 2 Z.
 */
import {
  FIELD_BYTES,
  add,
  copy,
  decode,
  equal,
  invert,
  isNegative,
  isZero,
  neg,
  powerFiveEighths,
  set,
  sub,
} from "./field";
import { mul, square } from "./field-mul";

export const POINT_BYTES: u32 = 4 * FIELD_BYTES;
export const AFFINE_CACHED_BYTES: u32 = 3 * FIELD_BYTES;

const Y: u32 = FIELD_BYTES;
const T: u32 = 2 * FIELD_BYTES;
const Z: u32 = 3 * FIELD_BYTES;

// d = -121665 / 121666, 2 d, and a square root of -1, in limbs.
const D = memory.data<u32>([
  0x135978a3, 0x0f5a6e50, 0x10762add, 0x00149a82, 0x1e898007, 0x003cbbbc, 0x19ce331d, 0x1dc56dff,
  0x0052036c,
]);
const D2 = memory.data<u32>([
  0x06b2f159, 0x1eb4dca1, 0x00ec55ba, 0x00293505, 0x1d13000e, 0x00797779, 0x139c663a, 0x1b8adbff,
  0x002406d9,
]);
const SQRT_M1 = memory.data<u32>([
  0x0a0ea0b0, 0x0770d93a, 0x0bf91e31, 0x06300d5a, 0x1d7a72f4, 0x004c9efd, 0x1c2cad34, 0x1009f83b,
  0x002b8324,
]);

// Scratch of the function at hand.
const a = memory.data(FIELD_BYTES, 16);
const b = memory.data(FIELD_BYTES, 16);
const c = memory.data(FIELD_BYTES, 16);
const e = memory.data(FIELD_BYTES, 16);
const f = memory.data(FIELD_BYTES, 16);
const point = memory.data(POINT_BYTES, 16);

export function setIdentity(p: usize): void {
  set(p, 0);
  set(p + Y, 1);
  set(p + Z, 1);
  set(p + T, 0);
}

/** Any extended or projective point: T is not looked at. */
export function isIdentity(p: usize): bool {
  return isZero(p) && equal(p + Y, p + Z);
}

/**
 * RFC 8032, section 5.1.3, and strictly so: false unless y < p, the point is on the curve, and the
 * sign bit is 0 where x = 0.
 */
export function decodePoint(p: usize, bytes: usize): bool {
  const x = p;
  const y = p + Y;
  const one = p + Z;
  if (!decode(y, bytes)) return false;
  set(one, 1);

  // x^2 = u / v; the candidate is x = u v^3 (u v^7)^((p-5)/8).
  const u = a;
  const v = b;
  square(u, y);
  mul(v, u, D);
  sub(u, u, one);
  add(v, v, one); // 2-fold
  square(c, v);
  mul(c, c, v); // v^3
  square(e, c);
  mul(e, e, v); // v^7
  mul(e, e, u);
  powerFiveEighths(e, e);
  mul(e, e, c);
  mul(x, e, u);

  square(c, x);
  mul(c, c, v); // v x^2 is u, or -u, or there is no root
  if (!equal(c, u)) {
    neg(e, u);
    if (!equal(c, e)) return false;
    mul(x, x, SQRT_M1);
  }
  const sign = load<u8>(bytes, 31) >> 7 != 0;
  if (sign && isZero(x)) return false;
  if (isNegative(x) != sign) neg(x, x);
  mul(p + T, x, y);
  return true;
}

/** r = 2 p; T of p is not looked at; T of r is left out unless `full`. r may be p. */
export function double(r: usize, p: usize, full: bool): void {
  square(a, p);
  square(b, p + Y);
  square(c, p + Z);
  add(e, p, p + Y); // 2-fold
  square(e, e);
  add(f, a, b); // 2-fold: -H
  sub(e, e, f); // E = 2 X Y
  sub(b, b, a); // G
  add(c, c, c); // 2-fold
  sub(c, c, b); // -F
  mul(r, e, c);
  mul(r + Y, f, b);
  mul(r + Z, b, c);
  if (full) mul(r + T, e, f);
}

/** r = p + q, or p - q if `minus`; q is cached; T of r is left out unless `full`. r may be p. */
export function addCached(r: usize, p: usize, q: usize, minus: bool, full: bool): void {
  mul(e, p + Z, q + Z);
  addWith(r, p, q, minus, full);
}

/** As addCached, for an affine cached q. */
export function addAffineCached(r: usize, p: usize, q: usize, minus: bool, full: bool): void {
  add(e, p + Z, p + Z); // 2-fold
  addWith(r, p, q, minus, full);
}

/** `e` is D = 2 Z1 Z2, at most 2-fold. -q swaps Y + X with Y - X and changes the sign of C. */
function addWith(r: usize, p: usize, q: usize, minus: bool, full: bool): void {
  sub(a, p + Y, p);
  add(b, p + Y, p); // 2-fold
  mul(a, a, minus ? q : q + Y); // A
  mul(b, b, minus ? q + Y : q); // B
  mul(c, p + T, q + T); // C
  const F = minus ? e : f;
  const G = minus ? f : e;
  sub(f, e, c); // D - C
  add(e, e, c); // D + C, 3-fold
  add(c, b, a); // 2-fold: H
  sub(b, b, a); // E
  mul(r, b, F);
  mul(r + Y, G, c); // up to 3-fold by 2-fold
  mul(r + Z, F, G);
  if (full) mul(r + T, b, c);
}

/** q = p, cached. q may be p. */
export function cache(q: usize, p: usize): void {
  sub(a, p + Y, p);
  add(q, p + Y, p);
  copy(q + Y, a);
  mul(q + T, p + T, D2);
  add(q + Z, p + Z, p + Z);
}

/** Writes p, 3 p, 5 p, ... as `count` extended points. */
export function oddMultiples(points: usize, p: usize, count: u32): void {
  double(point, p, true);
  cache(point, point);
  memory.copy(points, p, POINT_BYTES);
  for (let i: u32 = 1; i < count; i++) {
    addCached(points + POINT_BYTES, points, point, false, true);
    points += POINT_BYTES;
  }
}

/** `count` extended points to affine cached ones, with one inversion (Montgomery's trick). */
export function cacheAffine(cached: usize, points: usize, count: u32): void {
  const inverse = point;
  set(inverse, 1);
  for (let i: u32 = 0; i < count; i++) {
    copy(cached + i * AFFINE_CACHED_BYTES, inverse);
    mul(inverse, inverse, points + i * POINT_BYTES + Z);
  }
  invert(inverse, inverse);
  for (let i = count; i > 0;) {
    i--;
    const q = cached + i * AFFINE_CACHED_BYTES;
    const p = points + i * POINT_BYTES;
    mul(c, inverse, q); // 1 / Z
    mul(inverse, inverse, p + Z);
    mul(a, p, c);
    mul(b, p + Y, c);
    add(q, b, a);
    sub(q + Y, b, a);
    mul(a, a, b);
    mul(q + T, a, D2);
  }
}

/** r = 8 p; T is neither looked at nor written. */
export function multiplyByCofactor(r: usize, p: usize): void {
  double(r, p, false);
  double(r, r, false);
  double(r, r, false);
}

/** 8 p = 0: p is one of the eight points of the torsion subgroup. */
export function isSmallOrder(p: usize): bool {
  multiplyByCofactor(point, p);
  return isIdentity(point);
}
