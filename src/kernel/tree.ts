import { FRONTIER_BYTES, RANGES_BYTES } from "../../assembly/abi.js";
import type { Border } from "./border.js";
import { outputOf } from "./output.js";

const MAX_SIZE = (1n << 63n) - 1n;

/** Leaves that are reduced at a time: half of the arena. */
const RUN_LEVEL = 16;
const RUN = 1 << RUN_LEVEL;

/** A run of leaves: from `start`, up to but without `end`. */
export interface LeafRange {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * The compact frontier of an append-only tree (RFC 6962): its root at any time, in memory that
 * grows with the logarithm of the size. It holds its own state; any number may be open at once.
 */
export class Frontier {
  readonly #border: Border;
  readonly #state = new Uint8Array(FRONTIER_BYTES);
  #size = 0n;

  constructor(border: Border) {
    this.#border = border;
  }

  /**
   * The frontier of a tree whose first `size` leaves are known by the roots of their complete subtrees
   * alone: one for each bit of the size, from the largest to the smallest, 32 bytes each.
   */
  static of(border: Border, size: bigint, subtrees: readonly Uint8Array[]): Frontier {
    if (size < 0n || size > MAX_SIZE) throw new RangeError(`no tree has ${size} leaves`);
    const levels = [...size.toString(2)].reverse().flatMap((bit, i) => (bit === "1" ? [i] : []));
    if (subtrees.length !== levels.length || subtrees.some(({ length }) => length !== 32)) {
      throw new TypeError(`expected ${levels.length} hashes of 32 bytes for ${size} leaves`);
    }
    const frontier = new Frontier(border);
    const view = new DataView(frontier.#state.buffer);
    view.setBigUint64(0, size, true);
    for (const [i, level] of levels.reverse().entries()) {
      frontier.#state.set(subtrees[i] as Uint8Array, 8 + 32 * level);
    }
    frontier.#size = size;
    return frontier;
  }

  /** Number of leaves. */
  get size(): bigint {
    return this.#size;
  }

  /** Appends leaf hashes, 32 bytes each, one behind the other. */
  append(leafHashes: Uint8Array): this {
    const count = hashCount(leafHashes);
    if (this.#size + BigInt(count) > MAX_SIZE) {
      throw new RangeError("a tree holds at most 2^63 - 1 leaves");
    }
    const border = this.#border;
    for (let from = 0; from < leafHashes.length;) {
      border.begin();
      const frontier = border.put(this.#state);
      // Up to a multiple of RUN leaves, so that what follows is reduced in the longest runs.
      const odd = Number(BigInt.asUintN(RUN_LEVEL, this.#size)) + from / 32;
      const part = leafHashes.subarray(from, from + 32 * (RUN - (odd % RUN)));
      border.call("frontierAppend", frontier, border.put(part), part.length / 32);
      border.takeInto(this.#state, 0, frontier, FRONTIER_BYTES);
      from += part.length;
    }
    this.#size += BigInt(count);
    return this;
  }

  /** The root hash of the leaves so far; SHA-256("") when there are none. */
  root(): Uint8Array {
    const border = this.#border;
    border.begin();
    const frontier = border.put(this.#state);
    const out = border.reserve(32);
    border.call("frontierRoot", frontier, out);
    return border.take(out, 32);
  }
}

/** Interior hashes of `pairs`: each 64 bytes become 32. */
export function nodeHashes(border: Border, pairs: Uint8Array, out?: Uint8Array): Uint8Array {
  if (pairs.length % 64 !== 0) {
    throw new TypeError(`expected pairs of 32-byte hashes, found ${pairs.length} bytes`);
  }
  const nodes = outputOf(out, pairs.length / 2);
  const step = 64 * Math.floor((border.capacity - 16) / 64);
  for (let from = 0; from < pairs.length; from += step) {
    border.begin();
    const part = pairs.subarray(from, from + step);
    const at = border.put(part);
    border.call("nodeHashes", at, part.length / 64, at);
    border.takeInto(nodes, from / 2, at, part.length / 2);
  }
  return nodes;
}

/**
 * The leaf ranges whose roots are the inclusion proof of leaf `index` in a tree of `size`, in the
 * proof's order (RFC 6962, section 2.1.1).
 */
export function inclusionRanges(border: Border, index: bigint, size: bigint): LeafRange[] {
  if (index < 0n || index >= size || size > MAX_SIZE) {
    throw new RangeError(`expected a leaf index below the tree size ${size}, found ${index}`);
  }
  return ranges(border, (out) => border.call("inclusionRanges", index, size, out));
}

/**
 * The leaf ranges whose roots are the consistency proof from `oldSize` to `newSize`, in the proof's
 * order (RFC 6962, section 2.1.2).
 */
export function consistencyRanges(border: Border, oldSize: bigint, newSize: bigint): LeafRange[] {
  if (oldSize < 1n || oldSize > newSize || newSize > MAX_SIZE) {
    throw new RangeError(`expected 1 <= old size <= ${newSize}, found ${oldSize}`);
  }
  return ranges(border, (out) => border.call("consistencyRanges", oldSize, newSize, out));
}

function ranges(border: Border, write: (out: number) => void): LeafRange[] {
  border.begin();
  const out = border.reserve(RANGES_BYTES);
  write(out);
  const list: LeafRange[] = [];
  for (let i = 0, at = out + 8; i < border.getU32(out); i++, at += 16) {
    list.push({ start: border.getU64(at), end: border.getU64(at + 8) });
  }
  return list;
}

/** Number of 32-byte hashes in a packed array. */
export function hashCount(hashes: Uint8Array): number {
  if (hashes.length % 32 !== 0) {
    throw new TypeError(
      `expected 32-byte hashes one behind the other, found ${hashes.length} bytes`,
    );
  }
  return hashes.length / 32;
}
