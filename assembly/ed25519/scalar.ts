/**
 * Integers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point
 * (RFC 8032, section 5.1): 32 bytes, little-endian. Variable time: no secret comes here.
 */

const L = memory.data<u64>([0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000]);

/** A scalar and eight zero bytes, because recode reads 64 bits from its last byte. */
export const SCALAR_BYTES: u32 = 40;
/** One signed digit for each power of two. */
export const DIGITS: u32 = 256;

export function isBelowL(scalar: usize): bool {
  for (let i: usize = 32; i > 0;) {
    i -= 8;
    const a = load<u64>(scalar + i);
    const b = load<u64>(L + i);
    if (a != b) return a < b;
  }
  return false;
}

/**
 * Takes 16 bits from the top at a time: r = (r * 2^16 + bits) mod L, so that r < L before and after.
 * With q = floor(r * 2^16 / 2^252) <= 2^16, r * 2^16 + bits - q * L lies between -2^142 and 2^252:
 * L is added at most once. Products are below 2^49.
 */
export function reduce(out: usize, wide: usize): void {
  memory.fill(out, 0, SCALAR_BYTES);
  for (let i: usize = 64; i > 0;) {
    i -= 2;
    const q = load<u32>(out, 28) >> 12;
    let low = <u32>load<u16>(wide + i);
    let borrow: i64 = 0;
    for (let j: usize = 0; j < 32; j += 4) {
      const limb = load<u32>(out + j);
      let shifted = (limb << 16) | low;
      low = limb >> 16;
      if (j == 28) shifted &= 0x0fffffff;
      const ofL = j < 16 ? load<u32>(L + j) : 0;
      borrow += <i64>shifted - <i64>(<u64>q * <u64>ofL);
      store<u32>(out + j, <u32>borrow);
      borrow >>= 32;
    }
    if (borrow < 0) addL(out);
  }
}

/**
 * wide += a * b, where wide has 64 bytes and is large enough; a has `words` u32 words, b has eight.
 * A partial sum is at most (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
 */
export function multiplyAdd(wide: usize, a: usize, words: u32, b: usize): void {
  for (let i: usize = 0; i < <usize>words << 2; i += 4) {
    const factor = <u64>load<u32>(a + i);
    let c: u64 = 0;
    for (let j: usize = 0; j < 32; j += 4) {
      c += factor * load<u32>(b + j) + load<u32>(wide + i + j);
      store<u32>(wide + i + j, <u32>c);
      c >>= 32;
    }
    for (let j = i + 32; c != 0; j += 4) {
      c += load<u32>(wide + j);
      store<u32>(wide + j, <u32>c);
      c >>= 32;
    }
  }
}

/** Modulo 2^256. */
export function addL(scalar: usize): void {
  let c: u64 = 0;
  for (let j: usize = 0; j < 32; j += 4) {
    c += <u64>load<u32>(scalar + j) + <u64>load<u32>(L + j);
    store<u32>(scalar + j, <u32>c);
    c >>= 32;
  }
}

/**
 * Width-w non-adjacent form of a scalar below 2^255, w <= 8: DIGITS signed bytes with
 * sum(digit[i] * 2^i) = scalar, each zero or odd and within +-(2^(w-1) - 1), no two that are not
 * zero within w places.
 */
export function recode(digits: usize, scalar: usize, width: u32): void {
  memory.fill(digits, 0, DIGITS);
  let carry: u32 = 0;
  for (let i: u32 = 0; i < DIGITS;) {
    const bits = <u32>(load<u64>(scalar + (i >> 3)) >> (i & 7));
    if ((bits & 1) == carry) {
      i++;
      continue;
    }
    const digit = (bits & ((1 << width) - 1)) + carry;
    carry = digit >> (width - 1);
    store<i8>(digits + i, digit - (carry << width));
    i += width;
  }
}
