import type { Storage } from "../storage/storage.js";
import { formatTilePath } from "../tlog/tile.js";
import type { FilledTile } from "./tree-edge.js";

/** So many entry bundles, each with its tile, are written at once: their syncs become one on the medium. */
export const BUNDLES_AT_ONCE = 2;
const WRITES_AT_ONCE = 2 * BUNDLES_AT_ONCE;

/**
 * Writes tiles, and takes them one by one as it goes. A crash leaves those before some place, and of the
 * next few any.
 */
export async function writeTiles(storage: Storage, tiles: Iterable<FilledTile>): Promise<void> {
  let some: FilledTile[] = [];
  for (const tile of tiles) {
    some.push(tile);
    if (some.length < WRITES_AT_ONCE) continue;
    await writeAll(storage, some);
    some = [];
  }
  await writeAll(storage, some);
}

async function writeAll(storage: Storage, tiles: readonly FilledTile[]): Promise<void> {
  const written = tiles.map(({ tile, bytes }) =>
    storage.write(formatTilePath(tile, "c2sp"), bytes),
  );
  // None goes on behind a caller's back.
  for (const each of await Promise.allSettled(written)) {
    if (each.status === "rejected") throw each.reason;
  }
}
