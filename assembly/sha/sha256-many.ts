/**
 * SHA-256 of many messages of any lengths, four at a time. Neighbours of equal block count go
 * together. Others take the lanes as they come: a lane takes the next message as soon as its own
 * ends, so that none waits for a longer neighbour. Digests keep the messages' order.
 */
import { blockAt, blockCount, hashBlocks, hashMessage, IV, putDigest } from "./sha256";
import { compress4, putDigests4, reset4 } from "./sha256x4";

/**
 * With fewer busy lanes one message after the other is faster. Measured: a block of four lanes takes
 * 300 ns, of one message 250, or 160 where its schedule goes through the lanes with three others.
 */
const FEWEST: u32 = 2;

// A lane: u32 data, length, block to come, number of blocks (0: idle), digest; 12 bytes free.
const LANE: usize = 32;
const LENGTH = 4;
const NEXT = 8;
const BLOCKS = 12;
const DIGEST = 16;
const lanes = memory.data(4 * 32, 16);

// Scratch: chaining values of the lanes, those of one lane, blocks that hold a prefix or padding.
const chain4 = memory.data(128, 16);
const chain = memory.data(32, 16);
const built = memory.data(256, 16);

/** `count` messages one behind the other at `data`, u32 lengths at `lengths`; digests to `out`. */
export function hashMany(prefix: i32, lengths: usize, count: u32, data: usize, out: usize): void {
  let busy: u32 = 0;
  while (count + busy >= FEWEST) {
    if (busy == 0 && count >= 4 && areAlike(prefix, lengths)) {
      data = hashAlike(prefix, lengths, data, out);
      lengths += 16;
      out += 128;
      count -= 4;
      continue;
    }
    for (let lane: usize = 0; lane < 4 && count > 0; lane++) {
      const at = lanes + lane * LANE;
      if (load<u32>(at, BLOCKS) != 0) continue;
      const length = load<u32>(lengths);
      store<u32>(at, <u32>data);
      store<u32>(at, length, LENGTH);
      store<u32>(at, 0, NEXT);
      store<u32>(at, blockCount(prefix, length), BLOCKS);
      store<u32>(at, <u32>out, DIGEST);
      putChain(lane);
      data += length;
      lengths += 4;
      out += 32;
      count -= 1;
      busy += 1;
    }
    compress4(
      chain4,
      nextBlock(prefix, 0),
      nextBlock(prefix, 1),
      nextBlock(prefix, 2),
      nextBlock(prefix, 3),
    );
    for (let lane: usize = 0; lane < 4; lane++) {
      const at = lanes + lane * LANE;
      const blocks = load<u32>(at, BLOCKS);
      if (blocks == 0 || load<u32>(at, NEXT) != blocks) continue;
      takeChain(lane);
      putDigest(chain, load<u32>(at, DIGEST));
      store<u32>(at, 0, BLOCKS);
      busy -= 1;
    }
  }
  for (let lane: usize = 0; lane < 4; lane++) {
    const at = lanes + lane * LANE;
    if (load<u32>(at, BLOCKS) == 0) continue;
    takeChain(lane);
    hashBlocks(chain, prefix, load<u32>(at), load<u32>(at, LENGTH), load<u32>(at, NEXT));
    putDigest(chain, load<u32>(at, DIGEST));
    store<u32>(at, 0, BLOCKS);
  }
  for (; count > 0; count--, lengths += 4, out += 32) {
    const length = load<u32>(lengths);
    hashMessage(prefix, data, length, out);
    data += length;
  }
}

/** Whether the next four messages take equally many blocks. */
function areAlike(prefix: i32, lengths: usize): bool {
  const blocks = blockCount(prefix, load<u32>(lengths, 0));
  return (
    blocks == blockCount(prefix, load<u32>(lengths, 4)) &&
    blocks == blockCount(prefix, load<u32>(lengths, 8)) &&
    blocks == blockCount(prefix, load<u32>(lengths, 12))
  );
}

/** Four messages of equally many blocks. Returns where the fifth begins. */
function hashAlike(prefix: i32, lengths: usize, data: usize, out: usize): usize {
  const lengthA = load<u32>(lengths, 0);
  const lengthB = load<u32>(lengths, 4);
  const lengthC = load<u32>(lengths, 8);
  const lengthD = load<u32>(lengths, 12);
  const dataB = data + lengthA;
  const dataC = dataB + lengthB;
  const dataD = dataC + lengthC;
  const blocks = blockCount(prefix, lengthA);
  reset4(chain4);
  for (let i: u32 = 0; i < blocks; i++) {
    compress4(
      chain4,
      blockAt(prefix, data, lengthA, i, built),
      blockAt(prefix, dataB, lengthB, i, built + 64),
      blockAt(prefix, dataC, lengthC, i, built + 128),
      blockAt(prefix, dataD, lengthD, i, built + 192),
    );
  }
  putDigests4(chain4, out, out + 32, out + 64, out + 96);
  return dataD + lengthD;
}

/** The block that a lane hashes next; whatever its buffer holds if it is idle. */
function nextBlock(prefix: i32, lane: usize): usize {
  const at = lanes + lane * LANE;
  const buffer = built + (lane << 6);
  if (load<u32>(at, BLOCKS) == 0) return buffer;
  const index = load<u32>(at, NEXT);
  store<u32>(at, index + 1, NEXT);
  return blockAt(prefix, load<u32>(at), load<u32>(at, LENGTH), index, buffer);
}

/** Sets one lane to the first chaining values. */
function putChain(lane: usize): void {
  const own = chain4 + (lane << 2);
  for (let i: usize = 0; i < 8; i++) store<u32>(own + (i << 4), load<u32>(IV + (i << 2)));
}

function takeChain(lane: usize): void {
  const own = chain4 + (lane << 2);
  for (let i: usize = 0; i < 8; i++) store<u32>(chain + (i << 2), load<u32>(own + (i << 4)));
}
