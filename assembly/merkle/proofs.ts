/**
 * Consistency proofs, and the ranges that make up either proof: RFC 9162, sections 2.1.3 and 2.1.4,
 * over the trees of RFC 6962.
 * Indexes and sizes are the whole range of u64. A proof has exactly the length that its tree gives it.
 */
import {
  CONSISTENCY_LENGTH,
  CONSISTENCY_NEW_ROOT,
  CONSISTENCY_OLD_ROOT,
  CONSISTENCY_OLD_SIZE,
  CONSISTENCY_ORDER,
  OK,
} from "../abi";
import { equalHashes, nodeHash } from "./nodes";

/**
 * Recomputes both roots. `hashes`: old root, new root, found old root, found new root (both
 * written here), then the proof. An old size of 0 is refused: nothing can be said of it.
 */
export function checkConsistency(oldSize: u64, newSize: u64, hashes: usize, length: u32): u32 {
  if (oldSize == 0) return CONSISTENCY_OLD_SIZE;
  if (oldSize > newSize) return CONSISTENCY_ORDER;
  const newRoot = hashes + 32;
  const foundOld = hashes + 64;
  const foundNew = hashes + 96;
  let next = hashes + 128;
  const end = next + (<usize>length << 5);

  if (oldSize == newSize) {
    if (length != 0) return CONSISTENCY_LENGTH;
    memory.copy(foundOld, newRoot, 32);
    memory.copy(foundNew, newRoot, 32);
    return equalHashes(hashes, newRoot) ? OK : CONSISTENCY_OLD_ROOT;
  }

  let first = oldSize - 1;
  let last = newSize - 1;
  const shift = ctz<u64>(oldSize);
  first >>= shift;
  last >>= shift;
  // An old tree that is one complete subtree is its own first hash (RFC 9162, 2.1.4.2, step 2).
  let seed = hashes;
  if (first != 0) {
    if (next == end) return CONSISTENCY_LENGTH;
    seed = next;
    next += 32;
  }
  memory.copy(foundOld, seed, 32);
  memory.copy(foundNew, seed, 32);
  while (next != end) {
    if (last == 0) return CONSISTENCY_LENGTH;
    if ((first & 1) != 0 || first == last) {
      nodeHash(next, foundOld, foundOld);
      nodeHash(next, foundNew, foundNew);
      while ((first & 1) == 0 && first != 0) {
        first >>= 1;
        last >>= 1;
      }
    } else {
      nodeHash(foundNew, next, foundNew);
    }
    first >>= 1;
    last >>= 1;
    next += 32;
  }
  if (last != 0) return CONSISTENCY_LENGTH;
  if (!equalHashes(foundNew, newRoot)) return CONSISTENCY_NEW_ROOT;
  return equalHashes(foundOld, hashes) ? OK : CONSISTENCY_OLD_ROOT;
}

/**
 * The ranges of leaves whose roots are the inclusion proof of `index` in a tree of `size`, in the
 * proof's order (RFC 6962, section 2.1.1). Writes u64 pairs (start, end); returns their number.
 * The caller checked index < size.
 */
export function inclusionRanges(index: u64, size: u64, out: usize): u32 {
  let start: u64 = 0;
  let end = size;
  let count: u32 = 0;
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      pushRange(out, count, middle, end);
      end = middle;
    } else {
      pushRange(out, count, start, middle);
      start = middle;
    }
    count += 1;
  }
  reverseRanges(out, count);
  return count;
}

/**
 * The ranges whose roots are the consistency proof between two sizes, in the proof's order
 * (RFC 6962, section 2.1.2). The caller checked 0 < oldSize <= newSize.
 */
export function consistencyRanges(oldSize: u64, newSize: u64, out: usize): u32 {
  let start: u64 = 0;
  let end = newSize;
  let count: u32 = 0;
  while (end != oldSize) {
    const middle = start + splitPoint(end - start);
    if (oldSize <= middle) {
      pushRange(out, count, middle, end);
      end = middle;
    } else {
      pushRange(out, count, start, middle);
      start = middle;
    }
    count += 1;
  }
  // The old tree itself is left out when it is one complete subtree from leaf 0.
  if (start != 0) {
    pushRange(out, count, start, end);
    count += 1;
  }
  reverseRanges(out, count);
  return count;
}

/** The largest power of two below n, for n > 1. */
// @ts-ignore: decorator
@inline
function splitPoint(n: u64): u64 {
  return (<u64>1) << (63 - clz<u64>(n - 1));
}

// @ts-ignore: decorator
@inline
function pushRange(out: usize, count: u32, start: u64, end: u64): void {
  const at = out + (<usize>count << 4);
  store<u64>(at, start);
  store<u64>(at, end, 8);
}

function reverseRanges(out: usize, count: u32): void {
  if (count == 0) return;
  let low = out;
  let high = out + (<usize>(count - 1) << 4);
  while (low < high) {
    const pair = v128.load(low);
    v128.store(low, v128.load(high));
    v128.store(high, pair);
    low += 16;
    high -= 16;
  }
}
