/** Four SHA-256 states side by side: 8 x i32x4, where lane k belongs to message k. */
import { IV } from "./sha256";
import { rounds4 } from "./sha256-rounds";
import { schedule4, transpose4 } from "./sha256-schedule";

// Scratch: W + K of the blocks at hand.
const WK4 = memory.data(1024, 16);

/** Sets all lanes to the first chaining values. */
export function reset4(state: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    v128.store(state + (i << 4), v128.load32_splat(IV + (i << 2)));
  }
}

/** One block of 64 bytes for each lane. */
export function compress4(state: usize, a: usize, b: usize, c: usize, d: usize): void {
  schedule4(a, b, c, d, WK4);
  rounds4(state, WK4);
}

/** Writes the digest of each lane. The state is spent afterwards. */
export function putDigests4(state: usize, a: usize, b: usize, c: usize, d: usize): void {
  for (let i: usize = 0; i < 32; i += 16) {
    const at = state + (i << 2);
    transpose4(at, v128.load(at), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48), true);
    v128.store(a + i, v128.load(at, 0));
    v128.store(b + i, v128.load(at, 16));
    v128.store(c + i, v128.load(at, 32));
    v128.store(d + i, v128.load(at, 48));
  }
}
