/**
 * SHA-256 of many messages of any lengths, four at a time. A lane takes the next message as soon as
 * its own ends, so that no lane waits for a longer neighbour; the digests keep the messages' order.
 */
import { blockAt, blockCount, hashBlocks, hashMessage, IV, putDigest } from "./sha256";
import { rounds4 } from "./sha256-rounds";
import { schedule4 } from "./sha256-schedule";

/** With fewer busy lanes than this, one message after the other is faster (measured). */
const FEWEST: u32 = 3;

// A lane: u32 data, length, block to come, number of blocks (0: idle), digest; 12 bytes free.
const LANE: usize = 32;
const lanes = memory.data(4 * LANE, 16);

// Scratch: chaining values of the lanes, those of one lane, W + K, blocks with prefix or padding.
const chain4 = memory.data(128, 16);
const chain = memory.data(32, 16);
const WK4 = memory.data(1024, 16);
const built = memory.data(256, 16);

/** `count` messages one behind the other at `data`, u32 lengths at `lengths`; digests to `out`. */
export function hashMany(prefix: i32, lengths: usize, count: u32, data: usize, out: usize): void {
  let waiting = count;
  let busy: u32 = 0;
  memory.fill(lanes, 0, 4 * LANE);
  while (true) {
    if (waiting + busy < FEWEST) break;
    for (let lane: usize = 0; lane < 4 && waiting > 0; lane++) {
      const at = lanes + lane * LANE;
      if (load<u32>(at, 12) != 0) continue;
      const length = load<u32>(lengths);
      store<u32>(at, <u32>data, 0);
      store<u32>(at, length, 4);
      store<u32>(at, 0, 8);
      store<u32>(at, blockCount(prefix, length), 12);
      store<u32>(at, <u32>out, 16);
      const own = chain4 + (lane << 2);
      for (let i: usize = 0; i < 8; i++) store<u32>(own + (i << 4), load<u32>(IV + (i << 2)));
      data += length;
      lengths += 4;
      out += 32;
      waiting -= 1;
      busy += 1;
    }
    schedule4(nextBlock(prefix, 0), nextBlock(prefix, 1), nextBlock(prefix, 2), nextBlock(prefix, 3), WK4);
    rounds4(chain4, WK4);
    for (let lane: usize = 0; lane < 4; lane++) {
      const at = lanes + lane * LANE;
      if (load<u32>(at, 12) == 0 || load<u32>(at, 8) != load<u32>(at, 12)) continue;
      takeChain(lane);
      putDigest(chain, load<u32>(at, 16));
      store<u32>(at, 0, 12);
      busy -= 1;
    }
  }
  for (let lane: usize = 0; lane < 4; lane++) {
    const at = lanes + lane * LANE;
    if (load<u32>(at, 12) == 0) continue;
    takeChain(lane);
    hashBlocks(chain, prefix, load<u32>(at, 0), load<u32>(at, 4), load<u32>(at, 8));
    putDigest(chain, load<u32>(at, 16));
  }
  for (; waiting > 0; waiting--, lengths += 4, out += 32) {
    hashMessage(prefix, data, load<u32>(lengths), out);
    data += load<u32>(lengths);
  }
}

/** The block that a lane hashes next; whatever its buffer holds if it is idle. */
// @ts-ignore: decorator
@inline
function nextBlock(prefix: i32, lane: usize): usize {
  const at = lanes + lane * LANE;
  const buffer = built + (lane << 6);
  if (load<u32>(at, 12) == 0) return buffer;
  const index = load<u32>(at, 8);
  store<u32>(at, index + 1, 8);
  return blockAt(prefix, load<u32>(at, 0), load<u32>(at, 4), index, buffer);
}

function takeChain(lane: usize): void {
  const own = chain4 + (lane << 2);
  for (let i: usize = 0; i < 8; i++) store<u32>(chain + (i << 2), load<u32>(own + (i << 4)));
}
