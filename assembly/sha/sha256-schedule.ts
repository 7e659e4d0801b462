/**
 * The message schedule of SHA-256 (FIPS 180-4, section 6.2.2, step 1), of one block and of four.
 * It does not depend on the blocks before, so four blocks of one message go through the lanes as
 * well as four messages do. The words come out with K added, as the rounds want them.
 *
 *             lane 0    lane 1    lane 2    lane 3
 *   word 0    a0        b0        c0        d0         16 bytes
 *   word 1    a1        b1        c1        d1         for the blocks a, b, c, d
 *   ...
 */

// FIPS 180-4, section 4.2.2.
export const K = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

// Scratch: the words of the blocks at hand, without K.
const W = memory.data(256, 16);
const W4 = memory.data(1024, 16);

/** 64 x (W + K) of the block at `block`, to `out`. */
export function schedule(block: usize, out: usize): void {
  for (let i: usize = 0; i < 64; i += 4) {
    const word = bswap<u32>(load<u32>(block + i));
    store<u32>(W + i, word);
    store<u32>(out + i, word + load<u32>(K + i));
  }
  for (let i: usize = 64; i < 256; i += 4) {
    const w = W + i;
    const word =
      smallSigma1(load<u32>(w - 8)) +
      load<u32>(w - 28) +
      smallSigma0(load<u32>(w - 60)) +
      load<u32>(w - 64);
    store<u32>(w, word);
    store<u32>(out + i, word + load<u32>(K + i));
  }
}

/** The same of four blocks, one a lane. */
export function schedule4(a: usize, b: usize, c: usize, d: usize, out: usize): void {
  loadWords4(a, b, c, d);
  expand4(out);
}

/** The same of four tree nodes: 0x01 stands for the first byte of each block. */
export function scheduleNodes4(a: usize, b: usize, c: usize, d: usize, out: usize): void {
  loadWords4(a, b, c, d);
  const rest = v128.and(v128.load(W4), i32x4.splat(0x00ffffff));
  v128.store(W4, v128.or(rest, i32x4.splat(0x01000000)));
  expand4(out);
}

// @ts-ignore: decorator
@inline
function loadWords4(a: usize, b: usize, c: usize, d: usize): void {
  for (let i: usize = 0; i < 64; i += 16) {
    const words = W4 + (i << 2);
    transpose4(words, v128.load(a + i), v128.load(b + i), v128.load(c + i), v128.load(d + i), true);
  }
}

/** Four rows of four words to four columns, on demand from big-endian to the machine's order. */
// @ts-ignore: decorator
@inline
export function transpose4(out: usize, a: v128, b: v128, c: v128, d: v128, swap: bool): void {
  const ab01 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const ab23 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd01 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const cd23 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  let w0 = v128.shuffle<i64>(ab01, cd01, 0, 2);
  let w1 = v128.shuffle<i64>(ab01, cd01, 1, 3);
  let w2 = v128.shuffle<i64>(ab23, cd23, 0, 2);
  let w3 = v128.shuffle<i64>(ab23, cd23, 1, 3);
  if (swap) {
    w0 = bswap4(w0);
    w1 = bswap4(w1);
    w2 = bswap4(w2);
    w3 = bswap4(w3);
  }
  v128.store(out, w0, 0);
  v128.store(out, w1, 16);
  v128.store(out, w2, 32);
  v128.store(out, w3, 48);
}

// @ts-ignore: decorator
@inline
export function bswap4(x: v128): v128 {
  return i8x16.swizzle(x, i8x16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
}

// @ts-ignore: decorator
@inline
function expand4(out: usize): void {
  for (let i: usize = 0; i < 64; i += 4) {
    const word = v128.load(W4 + (i << 2));
    v128.store(out + (i << 2), i32x4.add(word, v128.load32_splat(K + i)));
  }
  let w2 = v128.load(W4, 224);
  let w1 = v128.load(W4, 240);
  for (let i: usize = 64; i < 256; i += 8) {
    const w = W4 + (i << 2);
    w2 = next4(w, w2);
    v128.store(w, w2);
    v128.store(out + (i << 2), i32x4.add(w2, v128.load32_splat(K + i)));
    w1 = next4(w + 16, w1);
    v128.store(w, w1, 16);
    v128.store(out + (i << 2), i32x4.add(w1, v128.load32_splat(K + i, 4)), 16);
  }
}

/** The word at `w`, from the one two before and those in memory. */
// @ts-ignore: decorator
@inline
function next4(w: usize, twoBefore: v128): v128 {
  return i32x4.add(
    i32x4.add(smallSigma14(twoBefore), v128.load(w - 112)),
    i32x4.add(smallSigma04(v128.load(w - 240)), v128.load(w - 256)),
  );
}

// @ts-ignore: decorator
@inline
function smallSigma0(x: u32): u32 {
  return rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3);
}

// @ts-ignore: decorator
@inline
function smallSigma1(x: u32): u32 {
  return rotr<u32>(x, 17) ^ rotr<u32>(x, 19) ^ (x >> 10);
}

// @ts-ignore: decorator
@inline
function rotr4(x: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n));
}

// @ts-ignore: decorator
@inline
function smallSigma04(x: v128): v128 {
  return v128.xor(v128.xor(rotr4(x, 7), rotr4(x, 18)), i32x4.shr_u(x, 3));
}

// @ts-ignore: decorator
@inline
function smallSigma14(x: v128): v128 {
  return v128.xor(v128.xor(rotr4(x, 17), rotr4(x, 19)), i32x4.shr_u(x, 10));
}
