/**
 * Points of edwards.ts with their four coordinates in the four lanes of lanes.ts, in the order
 * X, Y, Z, T: the formulas of Hisil, Wong, Carter and Dawson (2008) are two rounds of four products.
 * All coordinates are tight.
 *
 * A cached point is what an addition wants of its second operand: Y - X (2-fold), Y + X (2-fold),
 * 2 Z, 2 d T. The formulas are complete: no operand is an exception.
 */
import { D2, decodePoint, decodedT, decodedX, decodedY } from "./edwards";
import { FIELD_BYTES, equal, isZero, set } from "./field";
import { LANES_BYTES, carries, getLane, setLane } from "./lanes";
import { mul, square } from "./lanes-mul";

export const POINT_BYTES: u32 = LANES_BYTES;

// Scratch of the function at hand.
const u = memory.data(LANES_BYTES, 16);
const v = memory.data(LANES_BYTES, 16);
const w = memory.data(LANES_BYTES, 16);
const eightfold = memory.data(LANES_BYTES, 16);
const x = memory.data(FIELD_BYTES, 16);
const y = memory.data(FIELD_BYTES, 16);

// 1, 1, 2, 2 d: set by the first call that needs it, the same ever after.
const toCached = memory.data(LANES_BYTES, 16);

export function setIdentity(p: usize): void {
  memory.fill(p, 0, POINT_BYTES);
  store<u16>(p, 1, 4);
  store<u16>(p, 1, 8);
}

/** RFC 8032, section 5.1.3, as decodePoint of edwards.ts. */
export function decode(p: usize, bytes: usize): bool {
  if (!decodePoint(bytes)) return false;
  setIdentity(p); // Z = 1
  setLane(p, 0, decodedX);
  setLane(p, 1, decodedY);
  setLane(p, 3, decodedT);
  return true;
}

export function isIdentity(p: usize): bool {
  getLane(x, p, 0);
  if (!isZero(x)) return false;
  getLane(x, p, 1);
  getLane(y, p, 2);
  return equal(x, y);
}

/** 8 p = 0: p is one of the eight points of the torsion subgroup. */
export function isSmallOrder(p: usize): bool {
  double(eightfold, p);
  double(eightfold, eightfold);
  double(eightfold, eightfold);
  return isIdentity(eightfold);
}

/** r = 2 p; r may be p. */
export function double(r: usize, p: usize): void {
  for (let i: usize = 0; i < LANES_BYTES; i += 16) {
    const c = v128.load(p + i);
    // X, Y, Z, X + Y
    const other = v128.and(v128.shuffle<i32>(c, c, 0, 0, 0, 1), i32x4(0, 0, 0, -1));
    v128.store(u + i, i16x8.add(v128.shuffle<i32>(c, c, 0, 1, 2, 0), other));
  }
  square(u, u);
  // The carries of weaken, on the way from the squares to the factors E F, G H, F G, E H.
  let below = i16x8.mul(i32x4.shr_u(carries(combined(v128.load(u + 144))), 16), i16x8.splat(608));
  for (let i: usize = 0; i < LANES_BYTES; i += 16) {
    const limbs = combined(v128.load(u + i));
    const carried = carries(limbs);
    const kept = i16x8.sub(limbs, i16x8.shl(carried, 13));
    const c = i16x8.add(kept, v128.or(below, i32x4.shl(carried, 16)));
    below = i32x4.shr_u(carried, 16);
    v128.store(w + i, v128.shuffle<i32>(c, c, 0, 1, 2, 0));
    v128.store(v + i, v128.shuffle<i32>(c, c, 2, 3, 1, 3));
  }
  mul(r, w, v);
}

/**
 * From squares A, B, C / 2, S: E = S - A - B (3-fold), G = B - A, F = G - C (4-fold), H = -A - B.
 */
// @ts-ignore: decorator
@inline
function combined(c: v128): v128 {
  const a = v128.shuffle<i32>(c, c, 0, 0, 0, 0);
  const b = i16x8.mul(v128.shuffle<i32>(c, c, 1, 1, 1, 1), i16x8(-1, -1, 1, 1, 1, 1, -1, -1));
  const s = i16x8.mul(v128.shuffle<i32>(c, c, 3, 3, 2, 2), i16x8(1, 1, 0, 0, -2, -2, 0, 0));
  return i16x8.add(b, i16x8.sub(s, a));
}

/** r = p + q; q is cached; r may be p. */
export function add(r: usize, p: usize, q: usize): void {
  for (let i: usize = 0; i < LANES_BYTES; i += 16) {
    const c = v128.load(p + i);
    // Y - X, Y + X, Z, T
    const other = i16x8.mul(v128.shuffle<i32>(c, c, 0, 0, 0, 0), i16x8(-1, -1, 1, 1, 0, 0, 0, 0));
    v128.store(u + i, i16x8.add(v128.shuffle<i32>(c, c, 1, 1, 2, 3), other));
  }
  mul(u, u, q);
  // With products A, B, D, C: E = B - A, F = D - C, G = D + C, H = B + A, all 2-fold.
  for (let i: usize = 0; i < LANES_BYTES; i += 16) {
    const c = v128.load(u + i);
    const left = i16x8.mul(
      v128.shuffle<i32>(c, c, 0, 3, 3, 0),
      i16x8(-1, -1, 1, 1, -1, -1, -1, -1),
    );
    const right = i16x8.mul(v128.shuffle<i32>(c, c, 3, 0, 3, 0), i16x8(-1, -1, 1, 1, 1, 1, 1, 1));
    v128.store(u + i, i16x8.add(v128.shuffle<i32>(c, c, 1, 2, 2, 1), left));
    v128.store(v + i, i16x8.add(v128.shuffle<i32>(c, c, 2, 1, 2, 1), right));
  }
  // E F, G H, F G, E H
  mul(r, u, v);
}

/** q = p, cached; q may be p. */
export function cache(q: usize, p: usize): void {
  if (load<u16>(toCached) == 0) {
    set(x, 1);
    setLane(toCached, 0, x);
    setLane(toCached, 1, x);
    set(x, 2);
    setLane(toCached, 2, x);
    setLane(toCached, 3, D2);
  }
  mul(u, p, toCached);
  for (let i: usize = 0; i < LANES_BYTES; i += 16) {
    const c = v128.load(u + i);
    const other = i16x8.mul(v128.shuffle<i32>(c, c, 0, 0, 0, 0), i16x8(-1, -1, 1, 1, 0, 0, 0, 0));
    v128.store(q + i, i16x8.add(v128.shuffle<i32>(c, c, 1, 1, 2, 3), other));
  }
}

/** p = -p, extended. */
export function invert(p: usize): void {
  for (let i: usize = 0; i < LANES_BYTES; i += 16) {
    v128.store(p + i, i16x8.mul(v128.load(p + i), i16x8(-1, -1, 1, 1, 1, 1, -1, -1)));
  }
}

/** r = -q, both cached: Y - X and Y + X change places, 2 d T its sign. r may be q. */
export function negate(r: usize, q: usize): void {
  for (let i: usize = 0; i < LANES_BYTES; i += 16) {
    const c = v128.load(q + i);
    const swapped = v128.shuffle<i32>(c, c, 1, 0, 2, 3);
    v128.store(r + i, i16x8.mul(swapped, i16x8(1, 1, 1, 1, 1, 1, -1, -1)));
  }
}

const negated = memory.data(POINT_BYTES, 16);

/** r = p - q; q is cached; r may be p. */
export function subtract(r: usize, p: usize, q: usize): void {
  negate(negated, q);
  add(r, p, negated);
}
