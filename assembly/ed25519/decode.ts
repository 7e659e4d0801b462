/**
 * Four points decoded at once: decodePoint of edwards.ts, a point a lane. One square root takes 254
 * squares one after the other, so that a batch gains what the lanes gain.
 */
import { D, SQRT_M1 } from "./edwards";
import { FIELD_BYTES, decode as decodeField, equal, isNegative, isZero, neg, set } from "./field";
import { LANES_BYTES, addLanes, copyLane, getLane, setLane, subLanes, weaken } from "./lanes";
import { mul, square } from "./lanes-mul";

const one = memory.data(LANES_BYTES, 16);
const d = memory.data(LANES_BYTES, 16);
// 1 in lane 0, a square root of -1 in lane 1.
const roots = memory.data(LANES_BYTES, 16);

// Scratch of one call.
const x = memory.data(LANES_BYTES, 16);
const y = memory.data(LANES_BYTES, 16);
const u = memory.data(LANES_BYTES, 16);
const v = memory.data(LANES_BYTES, 16);
const w = memory.data(LANES_BYTES, 16);
const z = memory.data(LANES_BYTES, 16);
const t0 = memory.data(LANES_BYTES, 16);
const t1 = memory.data(LANES_BYTES, 16);
const t2 = memory.data(LANES_BYTES, 16);
const a = memory.data(FIELD_BYTES, 16);
const b = memory.data(FIELD_BYTES, 16);
const signs = memory.data(16, 16);

/** Set by the first call, the same ever after. */
function prepare(): void {
  if (load<u16>(one) != 0) return;
  set(a, 1);
  setLane(roots, 0, a);
  setLane(roots, 1, SQRT_M1);
  for (let lane: u32 = 0; lane < 4; lane++) {
    setLane(one, lane, a);
    setLane(d, lane, D);
  }
}

function squareTimes(out: usize, from: usize, count: u32): void {
  square(out, from);
  while (--count > 0) square(out, out);
}

/** out = from ^ ((p - 5) / 8) = from ^ (2^252 - 3); both tight. */
function powerFiveEighths(out: usize, from: usize): void {
  squareTimes(t0, from, 1);
  squareTimes(t1, t0, 2);
  mul(t1, t1, from); // 9
  mul(t0, t0, t1); // 11
  square(t0, t0);
  mul(t0, t0, t1); // 2^5 - 1
  squareTimes(t1, t0, 5);
  mul(t0, t1, t0); // 2^10 - 1
  squareTimes(t1, t0, 10);
  mul(t1, t1, t0); // 2^20 - 1
  squareTimes(t2, t1, 20);
  mul(t1, t2, t1); // 2^40 - 1
  squareTimes(t1, t1, 10);
  mul(t0, t1, t0); // 2^50 - 1
  squareTimes(t1, t0, 50);
  mul(t1, t1, t0); // 2^100 - 1
  squareTimes(t2, t1, 100);
  mul(t1, t2, t1); // 2^200 - 1
  squareTimes(t1, t1, 50);
  mul(t0, t1, t0); // 2^250 - 1
  squareTimes(t0, t0, 2);
  mul(out, t0, from);
}

/**
 * `encodings` and `points` hold four u32 addresses each: of 32 bytes, and of where a point (extended,
 * points.ts) goes. Bit i of the result is set if encoding i is one of a point; otherwise what is
 * written for it means nothing.
 */
export function decodeFour(points: usize, encodings: usize): u32 {
  prepare();
  let valid: u32 = 0;
  for (let lane: u32 = 0; lane < 4; lane++) {
    valid |= <u32>decodeField(a, load<u32>(encodings + 4 * lane)) << lane;
    setLane(y, lane, a);
  }
  // x^2 = u / v; the candidate is x = u v^3 (u v^7)^((p-5)/8).
  square(w, y);
  subLanes(u, w, one); // 2-fold
  mul(v, w, d);
  addLanes(v, v, one); // 2-fold
  square(w, v);
  mul(w, w, v); // v^3
  square(x, w);
  mul(x, x, v);
  mul(x, x, u); // u v^7
  powerFiveEighths(x, x);
  mul(x, x, w);
  mul(x, x, u);

  square(w, x);
  mul(w, w, v); // v x^2 is u, or -u, or there is no root
  weaken(u);
  for (let lane: u32 = 0; lane < 4; lane++) {
    getLane(a, w, lane);
    getLane(b, u, lane);
    const straight = equal(a, b);
    neg(b, b);
    if (!straight && !equal(a, b)) valid &= ~(1 << lane);
    copyLane(z, lane, roots, straight ? 0 : 1);
  }
  mul(x, x, z);
  for (let lane: u32 = 0; lane < 4; lane++) {
    getLane(a, x, lane);
    const negative = load<u8>(load<u32>(encodings + 4 * lane), 31) >> 7 != 0;
    if (negative && isZero(a)) valid &= ~(1 << lane);
    store<u32>(signs + 4 * lane, isNegative(a) != negative ? 0xffffffff : 0x00010001);
  }
  const sign = v128.load(signs);
  for (let i: usize = 0; i < LANES_BYTES; i += 16) {
    v128.store(x + i, i16x8.mul(v128.load(x + i), sign));
  }
  mul(z, x, y);
  for (let lane: u32 = 0; lane < 4; lane++) {
    const point = load<u32>(points + 4 * lane);
    copyLane(point, 0, x, lane);
    copyLane(point, 1, y, lane);
    copyLane(point, 2, one, lane);
    copyLane(point, 3, z, lane);
  }
  return valid;
}
