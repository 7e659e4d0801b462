/**
 * GF(2^255 - 19): 9 unsigned limbs of 29 bits, little-endian, stored as u32 (36 bytes). 2^261 = 1216.
 *
 * Bounds. An element is tight when every limb is below 2^29 + 2^17; it may still be above p. A sum
 * of n tight elements is n-fold. Everything stored between calls is tight unless it says otherwise.
 * `out` may be an operand everywhere. Variable time: no secret comes here.
 */
import { mul, square } from "./field-mul";

export const FIELD_BYTES: u32 = 36;

const MASK: u32 = 0x1fffffff;
const FOLD: u32 = 1216;

// 256 * p in limbs: each exceeds what a 2-fold limb can hold.
const BIAS_0: u32 = 0x7fffed00;
const BIAS: u32 = 0x7ffffffc;

// Scratch.
const encoded = memory.data(32, 16);
const difference = memory.data(FIELD_BYTES, 16);
const t0 = memory.data(FIELD_BYTES, 16);
const t1 = memory.data(FIELD_BYTES, 16);
const t2 = memory.data(FIELD_BYTES, 16);
const t3 = memory.data(FIELD_BYTES, 16);

function copy(out: usize, a: usize): void {
  memory.copy(out, a, FIELD_BYTES);
}

/** out = a small number, below 2^29. */
export function set(out: usize, value: u32): void {
  memory.fill(out, 0, FIELD_BYTES);
  store<u32>(out, value);
}

/** out = a + b; m-fold and n-fold give (m + n)-fold; m + n <= 7 keeps u32 from wrapping. */
export function add(out: usize, a: usize, b: usize): void {
  store<u32>(out, load<u32>(a, 0) + load<u32>(b, 0), 0);
  store<u32>(out, load<u32>(a, 4) + load<u32>(b, 4), 4);
  store<u32>(out, load<u32>(a, 8) + load<u32>(b, 8), 8);
  store<u32>(out, load<u32>(a, 12) + load<u32>(b, 12), 12);
  store<u32>(out, load<u32>(a, 16) + load<u32>(b, 16), 16);
  store<u32>(out, load<u32>(a, 20) + load<u32>(b, 20), 20);
  store<u32>(out, load<u32>(a, 24) + load<u32>(b, 24), 24);
  store<u32>(out, load<u32>(a, 28) + load<u32>(b, 28), 28);
  store<u32>(out, load<u32>(a, 32) + load<u32>(b, 32), 32);
}

/**
 * out = a - b; a and b at most 2-fold; out is tight. A biased limb is at least 2^31 - 4864 - 2^30 -
 * 2^18 > 0 and at most 2^31 + 2^30 + 2^18 < 2^32, so its carry is at most 6: limb 0 stays below
 * 2^29 + 6 * 1216, the others below 2^29 + 6. Carries move one limb, all at once.
 */
export function sub(out: usize, a: usize, b: usize): void {
  const c0 = load<u32>(a, 0) + BIAS_0 - load<u32>(b, 0);
  const c1 = load<u32>(a, 4) + BIAS - load<u32>(b, 4);
  const c2 = load<u32>(a, 8) + BIAS - load<u32>(b, 8);
  const c3 = load<u32>(a, 12) + BIAS - load<u32>(b, 12);
  const c4 = load<u32>(a, 16) + BIAS - load<u32>(b, 16);
  const c5 = load<u32>(a, 20) + BIAS - load<u32>(b, 20);
  const c6 = load<u32>(a, 24) + BIAS - load<u32>(b, 24);
  const c7 = load<u32>(a, 28) + BIAS - load<u32>(b, 28);
  const c8 = load<u32>(a, 32) + BIAS - load<u32>(b, 32);
  store<u32>(out, (c0 & MASK) + (c8 >> 29) * FOLD, 0);
  store<u32>(out, (c1 & MASK) + (c0 >> 29), 4);
  store<u32>(out, (c2 & MASK) + (c1 >> 29), 8);
  store<u32>(out, (c3 & MASK) + (c2 >> 29), 12);
  store<u32>(out, (c4 & MASK) + (c3 >> 29), 16);
  store<u32>(out, (c5 & MASK) + (c4 >> 29), 20);
  store<u32>(out, (c6 & MASK) + (c5 >> 29), 24);
  store<u32>(out, (c7 & MASK) + (c6 >> 29), 28);
  store<u32>(out, (c8 & MASK) + (c7 >> 29), 32);
}

/** out = -a; a is at most 2-fold; out is tight. */
export function neg(out: usize, a: usize): void {
  set(difference, 0);
  sub(out, difference, a);
}

/** out = a ^ (2 ^ count); a is at most 2-fold, count > 0; out is tight. */
function squareTimes(out: usize, a: usize, count: u32): void {
  square(out, a);
  while (--count > 0) square(out, out);
}

/** out = a ^ (2^250 - 1); a is tight and not scratch. */
function power250(out: usize, a: usize): void {
  squareTimes(t0, a, 1);
  squareTimes(t1, t0, 2);
  mul(t2, t1, a); // a^9
  mul(t1, t0, t2); // a^11
  square(t0, t1);
  mul(t0, t0, t2); // 2^5 - 1
  squareTimes(t2, t0, 5);
  mul(t0, t2, t0); // 2^10 - 1
  squareTimes(t2, t0, 10);
  mul(t2, t2, t0); // 2^20 - 1
  squareTimes(t3, t2, 20);
  mul(t2, t3, t2); // 2^40 - 1
  squareTimes(t2, t2, 10);
  mul(t0, t2, t0); // 2^50 - 1
  squareTimes(t2, t0, 50);
  mul(t2, t2, t0); // 2^100 - 1
  squareTimes(t3, t2, 100);
  mul(t2, t3, t2); // 2^200 - 1
  squareTimes(t2, t2, 50);
  mul(out, t2, t0); // 2^250 - 1
}

/** out = a ^ ((p - 5) / 8) = a ^ (2^252 - 3); a is tight; out is tight. */
export function powerFiveEighths(out: usize, a: usize): void {
  power250(t0, a);
  squareTimes(t0, t0, 2);
  mul(out, t0, a);
}

/** Adds a number above -2^29 and below 2^12 and carries; limb 8 takes what is left. */
function carry(limbs: usize, c: i32): void {
  for (let i: usize = 0; i < 32; i += 4) {
    c += load<i32>(limbs + i);
    store<u32>(limbs + i, c & MASK);
    c >>= 29;
  }
  store<u32>(limbs, load<u32>(limbs, 32) + c, 32);
}

/** Folds what limb 8 holds from bit 255 on: 2^255 = 19. */
function wrap(limbs: usize): void {
  const top = load<u32>(limbs, 32);
  store<u32>(limbs, top & 0x7fffff, 32);
  carry(limbs, 19 * (top >> 23));
}

/** Writes the 32 bytes of the one canonical encoding; a is tight. */
export function encode(out: usize, a: usize): void {
  const r = difference;
  copy(r, a);
  wrap(r); // below 2^255 + 2^221 < 2 p
  carry(r, 19); // reaches bit 255 exactly if it was p or more,
  wrap(r); // and is then less by p
  carry(r, -19);
  const l2 = <u64>load<u32>(r, 8);
  const l4 = <u64>load<u32>(r, 16);
  const l6 = <u64>load<u32>(r, 24);
  store<u64>(out, (<u64>load<u32>(r, 0)) | ((<u64>load<u32>(r, 4)) << 29) | (l2 << 58), 0);
  store<u64>(out, (l2 >> 6) | ((<u64>load<u32>(r, 12)) << 23) | (l4 << 52), 8);
  store<u64>(out, (l4 >> 12) | ((<u64>load<u32>(r, 20)) << 17) | (l6 << 46), 16);
  store<u64>(
    out,
    (l6 >> 18) | ((<u64>load<u32>(r, 28)) << 11) | ((<u64>load<u32>(r, 32)) << 40),
    24,
  );
}

/** Reads 32 bytes but for bit 255; false if the number is not below p. out is tight. */
export function decode(out: usize, bytes: usize): bool {
  const w0 = load<u64>(bytes, 0);
  const w1 = load<u64>(bytes, 8);
  const w2 = load<u64>(bytes, 16);
  const w3 = load<u64>(bytes, 24) & 0x7fffffffffffffff;
  store<u32>(out, (<u32>w0) & MASK, 0);
  store<u32>(out, (<u32>(w0 >> 29)) & MASK, 4);
  store<u32>(out, (<u32>((w0 >> 58) | (w1 << 6))) & MASK, 8);
  store<u32>(out, (<u32>(w1 >> 23)) & MASK, 12);
  store<u32>(out, (<u32>((w1 >> 52) | (w2 << 12))) & MASK, 16);
  store<u32>(out, (<u32>(w2 >> 17)) & MASK, 20);
  store<u32>(out, (<u32>((w2 >> 46) | (w3 << 18))) & MASK, 24);
  store<u32>(out, (<u32>(w3 >> 11)) & MASK, 28);
  store<u32>(out, <u32>(w3 >> 40), 32);
  return w3 != 0x7fffffffffffffff || (w1 & w2) != u64.MAX_VALUE || w0 < 0xffffffffffffffed;
}

/** a = 0 mod p; a is tight. */
export function isZero(a: usize): bool {
  encode(encoded, a);
  return (
    (load<u64>(encoded, 0) |
      load<u64>(encoded, 8) |
      load<u64>(encoded, 16) |
      load<u64>(encoded, 24)) ==
    0
  );
}

/** a = b mod p; a and b at most 2-fold. */
export function equal(a: usize, b: usize): bool {
  sub(difference, a, b);
  return isZero(difference);
}

/** RFC 8032, section 5.1.2: the low bit of the canonical encoding; a is tight. */
export function isNegative(a: usize): bool {
  encode(encoded, a);
  return (load<u8>(encoded) & 1) != 0;
}
