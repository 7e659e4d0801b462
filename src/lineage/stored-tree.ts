/** What a log has stored under its checkpoint: all of it is read once, and computed again. */
import { equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { TreeHead } from "../tlog/checkpoint.js";
import {
  formatTilePath,
  hashesAtLevel,
  MAX_BUNDLE_BYTES,
  storedWidths,
  TILE_WIDTH,
  tileWidth,
} from "../tlog/tile.js";
import type { Tile } from "../tlog/tile.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import { readBundle } from "./bundle.js";
import type { Link } from "./chain.js";
import { checkChain, FIRST_LINK } from "./chain.js";
import type { Entry } from "./entry.js";
import type { FilledTile } from "./tree-edge.js";
import { BUNDLES_AT_ONCE } from "./tile-writer.js";
import { TreeEdge } from "./tree-edge.js";

/** An entry that was read from a stored log and follows the one before. */
export interface Replayed {
  readonly index: number;
  readonly bytes: Uint8Array;
  /** Leaf hash, in hexadecimal. */
  readonly leaf: string;
  readonly entry: Entry;
}

export type Replay = (replayed: Replayed) => void;

/**
 * A walk along a stored log: each entry must follow the one before, and each stored tile, at every
 * width, must be what the entries make it. Memory does not grow with the log.
 */
export class TreeWalk {
  readonly edge: TreeEdge;
  /** Paths of partial tiles of smaller trees, which nothing needs any more. */
  readonly superseded = new Set<string>();
  readonly #kernel: Kernel;
  readonly #reader: Reader;
  readonly #replay: Replay;
  #last: Link = FIRST_LINK;

  constructor(kernel: Kernel, reader: Reader, replay: Replay) {
    this.edge = new TreeEdge(kernel);
    this.#kernel = kernel;
    this.#reader = reader;
    this.#replay = replay;
  }

  /** What the next entry must follow. */
  get last(): Link {
    return this.#last;
  }

  /** Goes on to the tree that a checkpoint names. */
  async to({ size, rootHash }: TreeHead): Promise<Failure | undefined> {
    if (size < BigInt(this.edge.size)) {
      return failure("TREE", `at least ${this.edge.size} entries, as before`, `${size}`);
    }
    while (BigInt(this.edge.size) < size) {
      const wrong = await this.#bundle(size);
      if (wrong) return wrong;
    }
    for (const filled of this.edge.partial()) {
      const wrong = await this.#compare(filled);
      if (wrong) return wrong;
    }
    if (equalBytes(this.edge.head().rootHash, rootHash)) return undefined;
    return failure("TREE", "entries that make the tree of the checkpoint", "another root hash");
  }

  /** Entries that come after those so far, wherever they were read. */
  follow(entries: readonly Uint8Array[], first: number): Failure | readonly Uint8Array[] {
    const chained = checkChain(this.#kernel, entries, this.#last);
    if (!chained.ok) return { ...chained, expected: `from entry ${first} on: ${chained.expected}` };
    const { leafHashes, entries: parsed, last } = chained.value;
    this.#last = last;
    for (const [i, entry] of parsed.entries()) {
      // The next one names it, and the last is the link's.
      const leaf = parsed[i + 1]?.prev ?? last.leaf ?? "";
      this.#replay({ index: first + i, bytes: entries[i] as Uint8Array, leaf, entry });
    }
    return entries.map((_, i) => leafHashes.slice(32 * i, 32 * i + 32));
  }

  async #bundle(size: bigint): Promise<Failure | undefined> {
    const first = this.edge.size;
    const index = BigInt(Math.floor(first / TILE_WIDTH));
    const bundle = await readBundle(this.#reader, index, tileWidth(size, 0, index));
    if (!bundle.ok) return bundle;
    const entries = bundle.value.slice(first % TILE_WIDTH);
    const hashes = this.follow(entries, first);
    if ("ok" in hashes) return hashes;
    const leaves = entries.map((bytes, i) => ({ bytes, hash: hashes[i] as Uint8Array }));
    for (const filled of this.edge.grow(leaves)) {
      const wrong = await this.#compare(filled);
      if (wrong) return wrong;
    }
    return undefined;
  }

  /** Compares a tile at every width at which it is stored with what the entries make it. */
  async #compare({ tile, bytes }: FilledTile): Promise<Failure | undefined> {
    let there = false;
    // Of a log that grows meanwhile a wider one takes its place: it is there at the second look.
    for (let look = 0; look < 2 && !there; look++) {
      for (const width of await storedWidths(this.#reader, tile, "c2sp")) {
        const path = formatTilePath({ ...tile, width }, "c2sp");
        const stored = await this.#reader.read(path, MAX_BUNDLE_BYTES);
        if (!stored) continue;
        const shared = Math.min(width, tile.width);
        const length = lengthOf(tile, bytes, shared);
        // What is behind that in a wider one is for the write-ahead to explain.
        const same = equalBytes(stored.subarray(0, length), bytes.subarray(0, length));
        if (!same || (width <= tile.width && stored.length !== length)) {
          return failure("TREE", `in ${path} what the entries make it`, "something else");
        }
        if (width >= tile.width) there = true;
        else this.superseded.add(path);
      }
    }
    return there ? undefined : failure("MISSING", formatTilePath(tile, "c2sp"), "no such tile");
  }
}

/** How many bytes of a tile its first `width` hashes or entries are. */
function lengthOf({ level, width: whole }: Tile, bytes: Uint8Array, width: number): number {
  if (width === whole) return bytes.length;
  if (level !== "entries") return 32 * width;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let length = 0;
  for (let i = 0; i < width; i++) length += 2 + view.getUint16(length);
  return length;
}

const LEVELS: readonly Tile["level"][] = ["entries", 0, 1, 2, 3, 4, 5, 6, 7];

/**
 * Stored tiles that the tree of `size` entries does not have. A writer goes from left to right, a few
 * tiles at once, and so do the leftovers of one that crashed: the walk ends where some in a row lack.
 */
export async function tilesBeyond(reader: Reader, size: bigint): Promise<Tile[]> {
  const tiles: Tile[] = [];
  for (const level of LEVELS) {
    const height = level === "entries" ? 0 : level;
    let index = hashesAtLevel(size, height) / BigInt(TILE_WIDTH);
    for (let lacking = 0; lacking <= BUNDLES_AT_ONCE; index++) {
      const known = tileWidth(size, height, index);
      const widths = await storedWidths(reader, { level, index }, "c2sp");
      const more = widths.filter((width) => width > known);
      tiles.push(...more.map((width) => ({ level, index, width })));
      lacking = more.length > 0 ? 0 : lacking + 1;
    }
  }
  return tiles;
}
