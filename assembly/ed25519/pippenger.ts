/**
 * Sums of multiples of many points by buckets (Pippenger 1976), in windows of signed digits. An
 * entry is a point, extended and cached, its scalar (40 bytes, the last 8 zero), and room for its
 * owner. Entries whose scalar is zero cost next to nothing.
 *
 * Digits without carries: with the constant C = sum of 2^(w-1) 2^(w j) over the windows j, the
 * digits of k + C, each less 2^(w-1), are digits of k between -2^(w-1) and 2^(w-1) - 1.
 */
import { POINT_BYTES, add, cache, double, invert, setIdentity, subtract } from "./points";
import { SCALAR_BYTES } from "./scalar";

export const ENTRY_SCALAR: u32 = 2 * POINT_BYTES;
export const ENTRY_OWN: u32 = ENTRY_SCALAR + SCALAR_BYTES;
export const ENTRY_BYTES: u32 = ENTRY_OWN + 88;

const MOST_WIDTH: u32 = 9;
/** A point and the u32 that says whether it is there, padded to a line of 16 bytes. */
const BUCKET_BYTES: u32 = POINT_BYTES + 16;
export const BUCKETS_BYTES: u32 = BUCKET_BYTES << (MOST_WIDTH - 1);

/** A scalar below 2^254, with C, stays below 2^(w j) for w j >= 256. */
const LONG_BITS: u32 = 256;
/** The same for coefficients below 2^128. */
const SHORT_BITS: u32 = 130;

// Scratch of one call.
const running = memory.data(POINT_BYTES, 16);
const total = memory.data(POINT_BYTES, 16);
const cached = memory.data(POINT_BYTES, 16);
const constant = memory.data(SCALAR_BYTES, 16);

/** Measured: the width with the fewest additions, each bucket costing about three. */
function widthFor(points: u32): u32 {
  if (points < 300) return 6;
  if (points < 900) return 7;
  if (points < 3000) return 8;
  return MOST_WIDTH;
}

/**
 * sum += the sum of `long` entries at `longs` and of `short` ones, with scalars below 2^128, at
 * `shorts`. The scalars are overwritten. `buckets` has BUCKETS_BYTES.
 */
export function pippenger(
  sum: usize,
  longs: usize,
  long: u32,
  shorts: usize,
  short: u32,
  buckets: usize,
): void {
  const width = widthFor(long + short);
  const longWindows = (LONG_BITS + width - 1) / width;
  const shortWindows = (SHORT_BITS + width - 1) / width;
  offset(longs, long, width, longWindows);
  offset(shorts, short, width, shortWindows);
  const end = buckets + (BUCKET_BYTES << (width - 1));
  setIdentity(total);
  for (let window = longWindows - 1; window != u32.MAX_VALUE; window--) {
    for (let i: u32 = 0; i < width; i++) double(total, total);
    for (let bucket = buckets; bucket < end; bucket += BUCKET_BYTES) {
      store<u32>(bucket, 0, POINT_BYTES);
    }
    fill(buckets, longs, long, width, window * width);
    if (window < shortWindows) fill(buckets, shorts, short, width, window * width);
    addBuckets(buckets, end);
  }
  cache(cached, total);
  add(sum, sum, cached);
}

/** Adds C to each scalar. */
function offset(entries: usize, count: u32, width: u32, windows: u32): void {
  memory.fill(constant, 0, SCALAR_BYTES);
  for (let window: u32 = 0; window < windows; window++) {
    const bit = window * width + width - 1;
    const at = constant + (bit >> 3);
    store<u8>(at, load<u8>(at) | (<u8>1 << <u8>(bit & 7)));
  }
  for (let i: u32 = 0; i < count; i++) {
    const scalar = entries + i * ENTRY_BYTES + ENTRY_SCALAR;
    let c: u64 = 0;
    for (let j: usize = 0; j < SCALAR_BYTES; j += 4) {
      c += <u64>load<u32>(scalar + j) + <u64>load<u32>(constant + j);
      store<u32>(scalar + j, <u32>c);
      c >>= 32;
    }
  }
}

/** Puts each entry into the bucket of its digit at `bit`. */
function fill(buckets: usize, entries: usize, count: u32, width: u32, bit: u32): void {
  const half = 1 << (width - 1);
  const mask = 2 * half - 1;
  const last = entries + count * ENTRY_BYTES;
  for (let entry = entries; entry < last; entry += ENTRY_BYTES) {
    const bits = load<u32>(entry + ENTRY_SCALAR + (bit >> 3)) >> (bit & 7);
    const digit = <i32>(bits & mask) - half;
    if (digit == 0) continue;
    const bucket = buckets + (abs(digit) - 1) * BUCKET_BYTES;
    if (load<u32>(bucket, POINT_BYTES) == 0) {
      store<u32>(bucket, 1, POINT_BYTES);
      memory.copy(bucket, entry, POINT_BYTES);
      if (digit < 0) invert(bucket);
    } else if (digit > 0) {
      add(bucket, bucket, entry + POINT_BYTES);
    } else {
      subtract(bucket, bucket, entry + POINT_BYTES);
    }
  }
}

/** total += the sum of (i + 1) bucket(i), from the last down. */
function addBuckets(buckets: usize, end: usize): void {
  let any = false;
  for (let bucket = end - BUCKET_BYTES; bucket >= buckets; bucket -= BUCKET_BYTES) {
    if (load<u32>(bucket, POINT_BYTES) != 0) {
      if (any) {
        cache(cached, bucket);
        add(running, running, cached);
      } else {
        memory.copy(running, bucket, POINT_BYTES);
        any = true;
      }
      // The sum that grows is needed cached once for each bucket from here on.
      cache(cached, running);
    }
    if (any) add(total, total, cached);
  }
}
