import { concatBytes } from "../bytes/concat.js";
import type { Frontier } from "../kernel/tree.js";
import type { Kernel } from "../kernel/kernel.js";
import type { TreeHead } from "../tlog/checkpoint.js";
import type { Tile } from "../tlog/tile.js";
import { encodeEntries, TILE_WIDTH } from "../tlog/tile.js";
import type { Leaf } from "./segment.js";

/** A tile or an entry bundle, and what stands in it. */
export interface FilledTile {
  readonly tile: Tile;
  readonly bytes: Uint8Array;
}

interface Level {
  readonly hashes: Uint8Array;
  width: number;
}

/**
 * The right edge of a tiled log: what more entries need to grow it, in memory that does not grow with
 * it. It gives tiles as they become full, each once, and at any size those that are not full.
 */
export class TreeEdge {
  readonly #kernel: Kernel;
  readonly #levels: Level[] = [];
  readonly #frontier: Frontier;
  #bundle: Uint8Array[] = [];
  #size = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#frontier = kernel.frontier();
  }

  get size(): number {
    return this.#size;
  }

  head(): TreeHead {
    return { size: BigInt(this.#size), rootHash: this.#frontier.root() };
  }

  /** Adds entries, and gives the tiles that became full. Take all of them, or the edge is spoilt. */
  *grow(leaves: readonly Leaf[]): Generator<FilledTile> {
    for (let at = 0; at < leaves.length;) {
      const level = this.#level(0);
      const part = leaves.slice(at, at + TILE_WIDTH - level.width);
      const hashes = concatBytes(...part.map(({ hash }) => hash));
      level.hashes.set(hashes, 32 * level.width);
      level.width += part.length;
      this.#frontier.append(hashes);
      for (const { bytes } of part) this.#bundle.push(bytes);
      this.#size += part.length;
      at += part.length;
      if (level.width < TILE_WIDTH) return;
      const tile: Tile = { level: "entries", index: this.#full(0), width: TILE_WIDTH };
      yield { tile, bytes: encodeEntries(this.#bundle) };
      this.#bundle = [];
      yield* this.#carry();
    }
  }

  /** The tiles that are not full. */
  *partial(): Generator<FilledTile> {
    for (const [number, { hashes, width }] of this.#levels.entries()) {
      if (width === 0) continue;
      const index = this.#full(number);
      if (number === 0) {
        yield { tile: { level: "entries", index, width }, bytes: encodeEntries(this.#bundle) };
      }
      yield { tile: { level: number, index, width }, bytes: hashes.slice(0, 32 * width) };
    }
  }

  /** Gives each full tile of hashes from the lowest level up, and puts its root into the level above. */
  *#carry(): Generator<FilledTile> {
    for (let number = 0; this.#level(number).width === TILE_WIDTH; number++) {
      const level = this.#level(number);
      const bytes = level.hashes.slice();
      yield { tile: { level: number, index: this.#full(number), width: TILE_WIDTH }, bytes };
      const above = this.#level(number + 1);
      above.hashes.set(this.#kernel.treeRoot(bytes), 32 * above.width);
      above.width += 1;
      level.width = 0;
    }
  }

  #level(number: number): Level {
    return (this.#levels[number] ??= { hashes: new Uint8Array(32 * TILE_WIDTH), width: 0 });
  }

  /** Index of the tile that is being filled, also just when it is full. */
  #full(number: number): bigint {
    return BigInt(Math.ceil(this.#size / TILE_WIDTH ** (number + 1)) - 1);
  }
}
