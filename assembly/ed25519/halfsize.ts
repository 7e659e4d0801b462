/**
 * Half-size scalars: for k below L, u and v with u = +-v k (mod L), 0 <= u < 2^127, 0 < v < 2^127
 * (Antipa and others 2005, by Euclid's algorithm on L and k).
 *
 * Two remainders a = -+ta k and b = +-tb k (mod L), from a = L, ta = 0 and b = k, tb = 1. A step
 * takes b 2^s from a and adds tb 2^s to ta, so that a tb + b ta stays L, and the greater of the two
 * remainders is the next a. It ends when b is below 2^127 with a not: tb <= L / a < 2^126. tb is not
 * 0, for then b would be a multiple of L below 2^127, 0, and a tb + b ta not L.
 */

/** Bits of a number of at least 65 bits, from its upper words. */
// @ts-ignore: decorator
@inline
function length(x1: u64, x2: u64, x3: u64): u64 {
  if (x3 != 0) return 256 - clz(x3);
  return x2 != 0 ? 192 - clz(x2) : 128 - clz(x1);
}

/** Writes u and v, 16 bytes each; true if u = -v k. */
export function halve(u: usize, v: usize, k: usize): bool {
  let a0: u64 = 0x5812631a5cf5d3ed;
  let a1: u64 = 0x14def9dea2f79cd6;
  let a2: u64 = 0;
  let a3: u64 = 0x1000000000000000;
  let b0 = load<u64>(k);
  let b1 = load<u64>(k, 8);
  let b2 = load<u64>(k, 16);
  let b3 = load<u64>(k, 24);
  let ta0: u64 = 0;
  let ta1: u64 = 0;
  let tb0: u64 = 1;
  let tb1: u64 = 0;
  let negative = false;
  while ((b3 | b2 | (b1 >> 63)) != 0) {
    // As far as the top bits allow, at most 253 - 128, or one less: a loses a quarter at least.
    let s = length(a1, a2, a3) - length(b1, b2, b3);
    let e0 = b0;
    let e1 = b1;
    let e2 = b2;
    let e3 = b3;
    let t0 = tb0;
    let t1 = tb1;
    if (s > 64) {
      s -= 64;
      e3 = e2;
      e2 = e1;
      e1 = e0;
      e0 = 0;
      t1 = t0;
      t0 = 0;
    } else if (s == 64) {
      s = 63;
    }
    let c0: u64;
    let c1: u64;
    let c2: u64;
    let c3: u64;
    while (true) {
      const r = 63 - s;
      const d0 = e0 << s;
      const d1 = (e1 << s) | ((e0 >> 1) >> r);
      const d2 = (e2 << s) | ((e1 >> 1) >> r);
      const d3 = (e3 << s) | ((e2 >> 1) >> r);
      c0 = a0 - d0;
      let borrow = u64(a0 < d0);
      c1 = a1 - d1 - borrow;
      borrow = u64(a1 < d1) | (u64(a1 == d1) & borrow);
      c2 = a2 - d2 - borrow;
      borrow = u64(a2 < d2) | (u64(a2 == d2) & borrow);
      c3 = a3 - d3 - borrow;
      if (a3 > d3 || (a3 == d3 && borrow == 0)) break;
      s -= 1;
    }
    const d0 = t0 << s;
    ta0 += d0;
    ta1 += ((t1 << s) | ((t0 >> 1) >> (63 - s))) + u64(ta0 < d0);
    const less = c3 != b3 ? c3 < b3 : c2 != b2 ? c2 < b2 : c1 != b1 ? c1 < b1 : c0 < b0;
    if (less) {
      a0 = b0;
      a1 = b1;
      a2 = b2;
      a3 = b3;
      b0 = c0;
      b1 = c1;
      b2 = c2;
      b3 = c3;
      t0 = ta0;
      t1 = ta1;
      ta0 = tb0;
      ta1 = tb1;
      tb0 = t0;
      tb1 = t1;
      negative = !negative;
    } else {
      a0 = c0;
      a1 = c1;
      a2 = c2;
      a3 = c3;
    }
  }
  store<u64>(u, b0);
  store<u64>(u, b1, 8);
  store<u64>(v, tb0);
  store<u64>(v, tb1, 8);
  return negative;
}
