/**
 * The compact frontier of an append-only tree: the roots of its complete subtrees, one slot a
 * level, valid where the size has that bit. u64 size, then 64 slots of 32 bytes; zeroed = empty.
 */
import { nodeHash, nodeHashes } from "./nodes";
import { hashMessage } from "../sha/sha256";

const SLOTS = 8;

/**
 * Appends `count` leaf hashes. They are overwritten: aligned runs are reduced in place, so that
 * nearly all nodes are hashed in long runs. The caller checked that the size cannot overflow.
 */
export function frontierAppend(frontier: usize, hashes: usize, count: u32): void {
  let size = load<u64>(frontier);
  while (count > 0) {
    // The longest run that is one complete subtree at this position.
    const fits = 31 - clz<u32>(count);
    const aligned = size == 0 ? 63 : ctz<u64>(size);
    const level = <u32>min<u64>(fits, aligned);
    const run: u32 = 1 << level;
    for (let width = run; width > 1; width >>= 1) nodeHashes(hashes, width >> 1, hashes);
    carry(frontier, size, level, hashes);
    size += run;
    hashes += <usize>run << 5;
    count -= run;
  }
  store<u64>(frontier, size);
}

/** Adds the root of a complete subtree of 2^level leaves at `hash`, merging equal neighbours. */
function carry(frontier: usize, size: u64, level: u32, hash: usize): void {
  let bit: u64 = (<u64>1) << level;
  while ((size & bit) != 0) {
    nodeHash(slot(frontier, level), hash, hash);
    level += 1;
    bit <<= 1;
  }
  memory.copy(slot(frontier, level), hash, 32);
}

/** The root hash of the tree; the frontier stays as it is. */
export function frontierRoot(frontier: usize, out: usize): void {
  let rest = load<u64>(frontier);
  if (rest == 0) {
    hashMessage(-1, out, 0, out);
    return;
  }
  memory.copy(out, slot(frontier, <u32>ctz<u64>(rest)), 32);
  rest &= rest - 1;
  while (rest != 0) {
    nodeHash(slot(frontier, <u32>ctz<u64>(rest)), out, out);
    rest &= rest - 1;
  }
}

// @ts-ignore: decorator
@inline
function slot(frontier: usize, level: u32): usize {
  return frontier + SLOTS + (<usize>level << 5);
}
