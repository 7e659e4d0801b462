/** Growing a tiled log: which files a log needs after more entries, computed without writing any. */
import { concatBytes, equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { TreeHead } from "./checkpoint.js";
import type { Tile } from "./tile.js";
import {
  decodeEntries,
  encodeEntries,
  formatTilePath,
  hashesAtLevel,
  MAX_BUNDLE_BYTES,
  readTile,
  storedWidths,
  TILE_WIDTH,
  tileWidth,
} from "./tile.js";
import { TreeReader } from "./tree-reader.js";

export interface Growth {
  /** Tiles that are stored past the old tree, the farthest first. */
  readonly beyond: readonly Tile[];
  /** The tiles and entry bundles to write, before any checkpoint of the new tree. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly head: TreeHead;
}

/**
 * Appends `entries` to the tree of `size` leaves that `reader` holds. Reads only the right edge, and
 * refuses to grow from one that is missing or torn.
 */
export async function growTree(
  kernel: Kernel,
  reader: Reader,
  { size: oldSize, rootHash }: TreeHead,
  entries: readonly Uint8Array[],
): Promise<Result<Growth>> {
  const oldRoot = await new TreeReader(kernel, reader, oldSize, "c2sp").root();
  if (!oldRoot.ok) return oldRoot;
  if (!equalBytes(oldRoot.value, rootHash)) {
    return failure("TREE", "tiles that hash to the checkpoint's root", "another root");
  }
  const files = new Map<string, Uint8Array>();
  const size = oldSize + BigInt(entries.length);

  const bundle = await lastBundle(kernel, reader, oldSize);
  if (!bundle.ok) return bundle;
  const pending = [...bundle.value, ...entries];
  let index = oldSize >> 8n;
  for (let from = 0; from < pending.length; from += TILE_WIDTH, index++) {
    const part = pending.slice(from, from + TILE_WIDTH);
    const tile: Tile = { level: "entries", index, width: part.length };
    if (tile.width > bundle.value.length || from > 0) {
      files.set(formatTilePath(tile, "c2sp"), encodeEntries(part));
    }
  }

  let added = kernel.leafHashes(entries);
  for (let level = 0; added.length > 0; level++) {
    const grown = await growLevel(kernel, reader, { level, oldSize, size, added }, files);
    if (!grown.ok) return grown;
    added = grown.value;
  }

  const overlay: Reader = {
    read: async (path, limit) => files.get(path) ?? (await reader.read(path, limit)),
    list: (path) => reader.list(path),
  };
  const root = await new TreeReader(kernel, overlay, size, "c2sp").root();
  if (!root.ok) return root;
  const beyond = await tilesBeyond(reader, oldSize);
  return ok({ beyond, files, head: { size, rootHash: root.value } });
}

/**
 * Stored tiles that the tree of `size` leaves does not have. Writers go from left to right, and so do
 * the leftovers of one that crashed: the walk ends at the first index where nothing is.
 */
async function tilesBeyond(reader: Reader, size: bigint): Promise<Tile[]> {
  const tiles: Tile[] = [];
  const levels: Tile["level"][] = ["entries", 0, 1, 2, 3, 4, 5, 6, 7];
  for (const level of levels) {
    const height = level === "entries" ? 0 : level;
    const first = hashesAtLevel(size, height) >> 8n;
    for (let index = first; ; index++) {
      const known = tileWidth(size, height, index);
      const widths = await storedWidths(reader, { level, index }, "c2sp");
      const more = widths.filter((width) => width > known);
      if (more.length === 0 && index > first) break;
      tiles.push(...more.map((width) => ({ level, index, width })));
    }
  }
  return tiles.reverse();
}

/** Adds hashes to one level; gives the roots of the tiles that became full, for the level above. */
async function growLevel(
  kernel: Kernel,
  reader: Reader,
  {
    level,
    oldSize,
    size,
    added,
  }: { level: number; oldSize: bigint; size: bigint; added: Uint8Array },
  files: Map<string, Uint8Array>,
): Promise<Result<Uint8Array>> {
  let index = hashesAtLevel(oldSize, level) >> 8n;
  const oldWidth = tileWidth(oldSize, level, index);
  let edge = new Uint8Array();
  if (oldWidth > 0) {
    const tile = await readTile(reader, { level, index, width: oldWidth }, "c2sp");
    if (!tile.ok) return tile;
    edge = tile.value.slice();
  }
  const hashes = concatBytes(edge, added);
  const full: Uint8Array[] = [];
  for (let from = 0; from < hashes.length; from += TILE_WIDTH * 32, index++) {
    const part = hashes.slice(from, from + TILE_WIDTH * 32);
    const width = tileWidth(size, level, index);
    files.set(formatTilePath({ level, index, width }, "c2sp"), part);
    if (width === TILE_WIDTH) full.push(kernel.treeRoot(part));
  }
  return ok(concatBytes(...full));
}

/** The entries of the partial bundle at the right edge, which must be those that the tile names. */
async function lastBundle(
  kernel: Kernel,
  reader: Reader,
  size: bigint,
): Promise<Result<Uint8Array[]>> {
  const index = size >> 8n;
  const width = tileWidth(size, 0, index);
  if (width === 0) return ok([]);
  const path = formatTilePath({ level: "entries", index, width }, "c2sp");
  const bytes = await reader.read(path, MAX_BUNDLE_BYTES);
  if (!bytes) return failure("MISSING", path, "no such entry bundle");
  const entries = decodeEntries(bytes);
  if (!entries.ok) return entries;
  const tile = await readTile(reader, { level: 0, index, width }, "c2sp");
  if (!tile.ok) return tile;
  if (!equalBytes(kernel.leafHashes(entries.value), tile.value)) {
    return failure(
      "TREE",
      `in ${path} the ${width} entries that the tile beside it names`,
      "others",
    );
  }
  return entries;
}
