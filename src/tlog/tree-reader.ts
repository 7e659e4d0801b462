/** Hashes and proofs of a tree, computed from its stored tiles. */
import { concatBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { LeafRange } from "../kernel/tree.js";
import type { Reader } from "../storage/storage.js";
import type { Result } from "../verdict.js";
import { ok } from "../verdict.js";
import type { Layout } from "./tile.js";
import { readTile, tileWidth } from "./tile.js";

/** Tiles kept at hand: the path of one proof touches at most eight, and neighbours share them. */
const MAX_KEPT = 64;

/**
 * Reads the tree of `size` leaves. The tiles are not verified: a caller compares the root that comes
 * out with a checkpoint, or checks the proof against it.
 */
export class TreeReader {
  readonly size: bigint;
  readonly #kernel: Kernel;
  readonly #reader: Reader;
  readonly #layout: Layout;
  readonly #kept = new Map<string, Uint8Array>();

  constructor(kernel: Kernel, reader: Reader, size: bigint, layout: Layout) {
    this.#kernel = kernel;
    this.#reader = reader;
    this.size = size;
    this.#layout = layout;
  }

  /** The root hash of the whole tree. */
  async root(): Promise<Result<Uint8Array>> {
    return await this.rootAt(this.size);
  }

  /** The root hash that the tree had when it held its first `size` leaves. */
  async rootAt(size: bigint): Promise<Result<Uint8Array>> {
    if (size < 0n || size > this.size) {
      throw new RangeError(`expected a size from 0 to ${this.size}, found ${size}`);
    }
    if (size === 0n) return ok(this.#kernel.treeRoot(new Uint8Array()));
    return await this.#rangeRoot({ start: 0n, end: size });
  }

  /** The roots of the complete subtrees over the first `size` leaves, the largest first. */
  async subtrees(size: bigint): Promise<Result<Uint8Array[]>> {
    if (size < 0n || size > this.size) {
      throw new RangeError(`expected a size from 0 to ${this.size}, found ${size}`);
    }
    const roots: Uint8Array[] = [];
    for (const subtree of completeSubtrees({ start: 0n, end: size })) {
      const root = await this.#subtreeRoot(subtree);
      if (!root.ok) return root;
      roots.push(root.value);
    }
    return ok(roots);
  }

  async leafHash(index: bigint): Promise<Result<Uint8Array>> {
    if (index < 0n || index >= this.size) {
      throw new RangeError(
        `expected a leaf index below the tree size ${this.size}, found ${index}`,
      );
    }
    return await this.#rangeRoot({ start: index, end: index + 1n });
  }

  /** Inclusion proof of leaf `index` in this tree, or the tile that is missing for it. */
  async proveInclusion(index: bigint): Promise<Result<Uint8Array[]>> {
    return await this.#roots(this.#kernel.inclusionRanges(index, this.size));
  }

  /** Consistency proof from `oldSize`, at least 1, to this tree. */
  async proveConsistency(oldSize: bigint): Promise<Result<Uint8Array[]>> {
    return await this.#roots(this.#kernel.consistencyRanges(oldSize, this.size));
  }

  /** Root of the leaves from `start` to `end`; `start` is a multiple of the width's next power of two. */
  async #rangeRoot(range: LeafRange): Promise<Result<Uint8Array>> {
    const roots: Uint8Array[] = [];
    for (const subtree of completeSubtrees(range)) {
      const root = await this.#subtreeRoot(subtree);
      if (!root.ok) return root;
      roots.push(root.value);
    }
    return ok(
      roots.reduceRight((right, left) => this.#kernel.nodeHashes(concatBytes(left, right))),
    );
  }

  async #roots(ranges: readonly LeafRange[]): Promise<Result<Uint8Array[]>> {
    const roots: Uint8Array[] = [];
    for (const range of ranges) {
      const root = await this.#rangeRoot(range);
      if (!root.ok) return root;
      roots.push(root.value);
    }
    return ok(roots);
  }

  /** A complete subtree lies within one tile of the highest level whose hashes it spans. */
  async #subtreeRoot({ start, end }: LeafRange): Promise<Result<Uint8Array>> {
    const height = (end - start).toString(2).length - 1;
    const level = Math.floor(height / 8);
    const first = start >> BigInt(8 * level);
    const tile = await this.#tile(level, first >> 8n);
    if (!tile.ok) return tile;
    const offset = Number(first & 255n) * 32;
    const hashes = tile.value.subarray(offset, offset + (1 << (height - 8 * level)) * 32);
    return ok(this.#kernel.treeRoot(hashes));
  }

  async #tile(level: number, index: bigint): Promise<Result<Uint8Array>> {
    const name = `${level}/${index}`;
    const kept = this.#kept.get(name);
    if (kept) return ok(kept);
    const width = tileWidth(this.size, level, index);
    const tile = await readTile(this.#reader, { level, index, width }, this.#layout);
    if (!tile.ok) return tile;
    // The oldest goes first; the right edge and the upper levels come back cheaply.
    const oldest = this.#kept.size >= MAX_KEPT ? this.#kept.keys().next().value : undefined;
    if (oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(name, tile.value);
    return tile;
  }
}

/** The complete subtrees that make up a range, from left to right: one for each bit of its width. */
function completeSubtrees({ start, end }: LeafRange): LeafRange[] {
  const subtrees: LeafRange[] = [];
  for (let at = start; at < end;) {
    const width = 1n << BigInt((end - at).toString(2).length - 1);
    subtrees.push({ start: at, end: at + width });
    at += width;
  }
  return subtrees;
}
