/**
 * SHA-256 (FIPS 180-4, section 6.2) of one message over linear memory, streaming and in one piece.
 *
 * State of a stream, the caller's: 8 x u32 chaining values, u64 message length, 64-byte block.
 */
import { rounds, roundsOfLane } from "./sha256-rounds";
import { schedule, schedule4 } from "./sha256-schedule";

const LENGTH = 32;
const BLOCK = 40;

// FIPS 180-4, section 5.3.3.
export const IV = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

// Scratch: W + K of one block and of four, four blocks that are not whole in the message, a state.
const WK = memory.data(256, 16);
const WK4 = memory.data(1024, 16);
const built = memory.data(256, 16);
const chain = memory.data(32, 16);

export function sha256Init(state: usize): void {
  reset(state);
  store<u64>(state, 0, LENGTH);
}

export function sha256Update(state: usize, data: usize, length: u32): void {
  const total = load<u64>(state, LENGTH);
  store<u64>(state, total + length, LENGTH);
  const held = <u32>(total & 63);
  if (held != 0) {
    const room = 64 - held;
    const taken = min(room, length);
    memory.copy(state + BLOCK + held, data, taken);
    if (taken < room) return;
    compress(state, state + BLOCK);
    data += taken;
    length -= taken;
  }
  for (; length >= 256; length -= 256, data += 256) {
    compress4(state, data, data + 64, data + 128, data + 192, 4);
  }
  for (; length >= 64; length -= 64, data += 64) compress(state, data);
  memory.copy(state + BLOCK, data, length);
}

/** Writes the 32-byte digest. The state is spent afterwards. */
export function sha256Final(state: usize, out: usize): void {
  const total = load<u64>(state, LENGTH);
  const block = state + BLOCK;
  let held = <u32>(total & 63);
  store<u8>(block + held, 0x80);
  held += 1;
  if (held > 56) {
    memory.fill(block + held, 0, 64 - held);
    compress(state, block);
    held = 0;
  }
  memory.fill(block + held, 0, 56 - held);
  store<u64>(block, bswap<u64>(total << 3), 56);
  compress(state, block);
  putDigest(state, out);
}

/** SHA-256 of one message after an optional prefix byte (`prefix` below 0: none). */
export function hashMessage(prefix: i32, data: usize, length: u32, out: usize): void {
  reset(chain);
  hashBlocks(chain, prefix, data, length, 0);
  putDigest(chain, out);
}

/** Takes a message on from block `from` to its end. */
export function hashBlocks(state: usize, prefix: i32, data: usize, length: u32, from: u32): void {
  const blocks = blockCount(prefix, length);
  for (; blocks - from > 1; from += 4) {
    const a = blockAt(prefix, data, length, from, built);
    const b = blockAt(prefix, data, length, from + 1, built + 64);
    const count = min(blocks - from, 4);
    const c = count > 2 ? blockAt(prefix, data, length, from + 2, built + 128) : b;
    const d = count > 3 ? blockAt(prefix, data, length, from + 3, built + 192) : b;
    compress4(state, a, b, c, d, count);
    if (count < 4) return;
  }
  if (from < blocks) compress(state, blockAt(prefix, data, length, from, built));
}

/** Number of blocks that a message and its padding take. */
// @ts-ignore: decorator
@inline
export function blockCount(prefix: i32, length: u32): u32 {
  return (length + (prefix >= 0 ? 1 : 0) + 72) >> 6;
}

/**
 * Where block `index` of a padded message lies: in the message itself, or in `buffer` if it holds
 * the prefix or padding. What is behind the message is loaded, up to 63 bytes, and masked out.
 */
export function blockAt(prefix: i32, data: usize, length: u32, index: u32, buffer: usize): usize {
  const prefixed = prefix >= 0;
  const total = length + (prefixed ? 1 : 0);
  const from = data - (prefixed ? 1 : 0) + (<usize>index << 6);
  const rest = <i32>(total - (index << 6));
  const first = prefixed && index == 0;
  if (rest >= 64 && !first) return from;
  const kept = i8x16.splat(<i8>min(max(rest, 0), 64));
  const end = i8x16.splat(<i8>(rest < 0 ? 64 : min(rest, 64)));
  for (let i: i32 = 0; i < 64; i += 16) {
    const bytes = rest > 0 ? v128.load(from + i) : i32x4.splat(0);
    const at = i8x16.add(
      i8x16.splat(<i8>i),
      i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    );
    const mark = v128.and(i8x16.eq(at, end), i8x16.splat(-128));
    v128.store(buffer + i, v128.or(v128.and(bytes, i8x16.lt_u(at, kept)), mark));
  }
  if (first) store<u8>(buffer, prefix);
  if (rest < 56) store<u64>(buffer, bswap<u64>(<u64>total << 3), 56);
  return buffer;
}

/** Sets 8 x u32 chaining values to their first value. */
// @ts-ignore: decorator
@inline
export function reset(state: usize): void {
  v128.store(state, v128.load(IV, 0), 0);
  v128.store(state, v128.load(IV, 16), 16);
}

/** Writes 8 x u32 chaining values as a digest. */
// @ts-ignore: decorator
@inline
export function putDigest(state: usize, out: usize): void {
  for (let i: usize = 0; i < 32; i += 4) store<u32>(out + i, bswap<u32>(load<u32>(state + i)));
}

function compress(state: usize, block: usize): void {
  schedule(block, WK);
  rounds(state, WK);
}

/** One to four blocks of one message: their schedules side by side, their rounds in turn. */
function compress4(state: usize, a: usize, b: usize, c: usize, d: usize, count: u32): void {
  schedule4(a, b, c, d, WK4);
  for (let i: u32 = 0; i < count; i++) roundsOfLane(state, WK4 + (<usize>i << 2));
}
