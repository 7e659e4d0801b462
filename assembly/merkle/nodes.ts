/**
 * Interior hashes of RFC 6962, section 2.1: SHA-256(0x01 || left || right), four at a time.
 *
 * Of these 65 bytes the second block holds one, and padding: there are 256 such blocks, and their
 * schedules are kept, each made when it is first wanted.
 *
 *   pair     | left: 32 bytes | right: 32 bytes |
 *   block 1  01 | left | right, without its last byte |        64 bytes from pair - 1 on
 *   block 2  | last byte | 80 00 ... 00 | 520 as u64, big-endian |
 */
import { putDigest, reset } from "../sha/sha256";
import { rounds, rounds4 } from "../sha/sha256-rounds";
import { schedule, scheduleNodes4, transpose4 } from "../sha/sha256-schedule";
import { putDigests4, reset4 } from "../sha/sha256x4";

const ROW: usize = 256;
/** 64 x (W + K) for each last byte. No row of zeros is a schedule: see `row`. */
const table = memory.data(256 * 256, 16);

// Scratch: W + K, block and chaining values of one node (one byte over), and of four.
const WK = memory.data(256, 16);
const block = memory.data(80, 16);
const chain = memory.data(32, 16);
const WK4 = memory.data(1024, 16);
const chain4 = memory.data(128, 16);
/** Where nodes of idle lanes go. */
const spare = memory.data(32, 16);

/** The interior hash. `out` may be `left` or `right`. */
export function nodeHash(left: usize, right: usize, out: usize): void {
  const second = row(load<u8>(right, 31));
  store<u8>(block, 1);
  v128.store(block, v128.load(left, 0), 1);
  v128.store(block, v128.load(left, 16), 17);
  v128.store(block, v128.load(right, 0), 33);
  v128.store(block, v128.load(right, 16), 49);
  schedule(block, WK);
  reset(chain);
  rounds(chain, WK);
  rounds(chain, second);
  putDigest(chain, out);
}

/** One level up: `count` pairs of 64 bytes to `count` nodes of 32. `out` may be `pairs`. */
export function nodeHashes(pairs: usize, count: u32, out: usize): void {
  for (; count >= 4; count -= 4, pairs += 256, out += 128) {
    nodeHash4(pairs, pairs + 64, pairs + 128, pairs + 192, out, out + 32, out + 64, out + 96);
  }
  if (count == 1) nodeHash(pairs, pairs + 32, out);
  else if (count > 1) {
    const third = count == 3 ? pairs + 128 : pairs;
    nodeHash4(pairs, pairs + 64, third, third, out, out + 32, count == 3 ? out + 64 : spare, spare);
  }
}

/** Four pairs, anywhere, to four nodes; everything is read before anything is written. */
export function nodeHash4(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  outA: usize,
  outB: usize,
  outC: usize,
  outD: usize,
): void {
  scheduleNodes4(a - 1, b - 1, c - 1, d - 1, WK4);
  reset4(chain4);
  rounds4(chain4, WK4);
  const rowA = row(load<u8>(a, 63));
  const rowB = row(load<u8>(b, 63));
  const rowC = row(load<u8>(c, 63));
  const rowD = row(load<u8>(d, 63));
  for (let i: usize = 0; i < ROW; i += 16) {
    const at = WK4 + (i << 2);
    transpose4(
      at,
      v128.load(rowA + i),
      v128.load(rowB + i),
      v128.load(rowC + i),
      v128.load(rowD + i),
      false,
    );
  }
  rounds4(chain4, WK4);
  putDigests4(chain4, outA, outB, outC, outD);
}

/** The schedule of the second block. Its word 15 is 520 + K: never 0 once the row is made. */
// @ts-ignore: decorator
@inline
function row(last: u32): usize {
  const at = table + <usize>last * ROW;
  if (load<u32>(at, 60) == 0) makeRow(last, at);
  return at;
}

function makeRow(last: u32, at: usize): void {
  memory.fill(block, 0, 64);
  store<u8>(block, last, 0);
  store<u8>(block, 0x80, 1);
  store<u16>(block, bswap<u16>(520), 62);
  schedule(block, at);
}

export function equalHashes(a: usize, b: usize): bool {
  return (
    v128.any_true(v128.xor(v128.load(a, 0), v128.load(b, 0))) == false &&
    v128.any_true(v128.xor(v128.load(a, 16), v128.load(b, 16))) == false
  );
}
