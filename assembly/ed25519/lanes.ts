/**
 * Four elements of GF(2^255 - 19) side by side, one a lane: 20 signed limbs of 13 bits each, two to
 * an i32 lane (the lower limb in its low half), so ten vectors, 160 bytes. 2^260 = 608.
 *
 * Bounds. An element is tight when every limb is within +-4100; a sum or difference of n tight
 * elements is n-fold, and needs no carries up to 7-fold, where limbs fill 16 bits. Variable time.
 */
import { encode } from "./field";

export const LANES_BYTES: u32 = 160;

// Scratch: 32 bytes, and what the last u32 read of them covers.
const bytes = memory.data(36, 16);

// @ts-ignore: decorator
@inline
function limbAt(lanes: usize, lane: u32, i: u32): usize {
  return lanes + ((i >> 1) << 4) + (lane << 2) + ((i & 1) << 1);
}

/** Puts an element of field.ts, tight, into a lane. */
export function setLane(lanes: usize, lane: u32, element: usize): void {
  encode(bytes, element);
  let carry: u32 = 0;
  for (let i: u32 = 0; i < 20; i++) {
    const bit = i * 13;
    const limb = ((load<u32>(bytes + (bit >> 3)) >> (bit & 7)) & 0x1fff) + carry;
    // The top limb has 8 bits, so nothing is carried out of it.
    carry = (limb + 0x1000) >> 13;
    store<i16>(limbAt(lanes, lane, i), limb - (carry << 13));
  }
}

/**
 * Takes a lane out, tight or as weaken leaves it, as a tight element of field.ts. The sum of limbs is
 * within 2^259.01, so that with 32 p = 2^260 - 608 it is positive and below 2^261.
 */
export function getLane(element: usize, lanes: usize, lane: u32): void {
  let sum: i64 = -608;
  let position: u32 = 0;
  let at = element;
  for (let i: u32 = 0; i < 20; i++) {
    sum += (<i64>load<i16>(limbAt(lanes, lane, i))) << position;
    position += 13;
    if (position >= 29) {
      store<u32>(at, <u32>sum & 0x1fffffff);
      sum >>= 29;
      position -= 29;
      at += 4;
    }
  }
  // 20 limbs end at bit 260, 28 bits into limb 8.
  store<u32>(at, <u32>sum + (1 << 28));
}

/** Copies one element from lane to lane. */
export function copyLane(to: usize, toLane: u32, from: usize, fromLane: u32): void {
  for (let i: u32 = 0; i < LANES_BYTES; i += 16) {
    store<u32>(to + i + (toLane << 2), load<u32>(from + i + (fromLane << 2)));
  }
}

/** out = a + b; folds add up. */
export function addLanes(out: usize, a: usize, b: usize): void {
  for (let i: u32 = 0; i < LANES_BYTES; i += 16) {
    v128.store(out + i, i16x8.add(v128.load(a + i), v128.load(b + i)));
  }
}

/** out = a - b; folds add up. */
export function subLanes(out: usize, a: usize, b: usize): void {
  for (let i: u32 = 0; i < LANES_BYTES; i += 16) {
    v128.store(out + i, i16x8.sub(v128.load(a + i), v128.load(b + i)));
  }
}

/**
 * Brings elements of up to 4 folds back: each limb keeps 13 bits and passes a carry of at most 2 on,
 * all at once. Limbs end within 4098, but limb 0, where the carry comes back 608 times, within 5312.
 */
export function weaken(lanes: usize): void {
  let carried = carries(v128.load(lanes + 144));
  let below = i16x8.mul(i32x4.shr_u(carried, 16), i16x8.splat(608));
  for (let i: usize = 0; i < LANES_BYTES; i += 16) {
    const limbs = v128.load(lanes + i);
    carried = carries(limbs);
    const kept = i16x8.sub(limbs, i16x8.shl(carried, 13));
    v128.store(lanes + i, i16x8.add(kept, v128.or(below, i32x4.shl(carried, 16))));
    below = i32x4.shr_u(carried, 16);
  }
}

/** The rounded carries of both limbs of each pair. */
// @ts-ignore: decorator
@inline
export function carries(limbs: v128): v128 {
  return i16x8.shr_s(i16x8.add(limbs, i16x8.splat(4096)), 13);
}
