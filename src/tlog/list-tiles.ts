import type { Reader } from "../storage/storage.js";
import type { Layout, Tile } from "./tile.js";
import { levelPath, parseTilePath, storedWidths, TILE_WIDTH } from "./tile.js";

export interface StoredTile {
  readonly index: bigint;
  /** The widest width that is stored. */
  readonly width: number;
  readonly widths: readonly number[];
}

/**
 * The first `count` tiles of one level, as far as they are stored, each once. Folders that no such
 * tile can lie in are not entered, however many a hostile store shows or links to themselves.
 */
export async function* listTiles(
  reader: Reader,
  level: Tile["level"],
  layout: Layout,
  count: bigint,
): AsyncGenerator<StoredTile> {
  /** `prefix`: the number that the groups above this folder make. */
  async function* walk(folder: string, prefix: bigint): AsyncGenerator<StoredTile> {
    const names = [...new Set(await reader.list(folder))].sort();
    const leaves = new Set(names.flatMap((name) => /^([0-9]{3})(?:\.p)?$/.exec(name)?.[1] ?? []));
    for (const leaf of leaves) {
      const tile = parseTilePath(`${folder}/${leaf}`, layout);
      if (!tile || tile.index >= count) continue;
      const widths = await storedWidths(reader, { level, index: tile.index }, layout);
      if (widths.length > 0) yield { index: tile.index, width: Math.max(...widths), widths };
    }
    for (const name of names) {
      const group = /^x([0-9]{3})$/.exec(name)?.[1];
      const below = group === undefined ? 0n : prefix * 1000n + BigInt(group);
      // At least one more group follows; an index has no leading group of zeros.
      if (below > 0n && below * 1000n < count) yield* walk(`${folder}/${name}`, below);
    }
  }
  yield* walk(levelPath(level, layout), 0n);
}

/** Number of tiles that hold this many hashes. */
export function tilesOf(hashes: bigint): bigint {
  return (hashes + BigInt(TILE_WIDTH) - 1n) / BigInt(TILE_WIDTH);
}
