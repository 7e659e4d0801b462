import type { Reader } from "../storage/storage.js";
import {
  decodeEntries,
  formatTilePath,
  MAX_BUNDLE_BYTES,
  storedWidths,
  TILE_WIDTH,
} from "../tlog/tile.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/**
 * The first `width` entries of a bundle. Where it is not stored at that width, a wider one serves: of
 * a log that grows meanwhile, the narrower goes only when a wider is there.
 */
export async function readBundle(
  reader: Reader,
  index: bigint,
  width: number,
): Promise<Result<Uint8Array[]>> {
  for (const widths of [async () => [width, TILE_WIDTH], async () => await wider()]) {
    for (const each of await widths()) {
      const path = formatTilePath({ level: "entries", index, width: each }, "c2sp");
      const bytes = await reader.read(path, MAX_BUNDLE_BYTES);
      if (!bytes) continue;
      const entries = decodeEntries(bytes);
      if (!entries.ok) return { ...entries, found: `${path}: ${entries.found}` };
      if (entries.value.length === each) return ok(entries.value.slice(0, width));
      return failure("TREE", `${each} entries in ${path}`, `${entries.value.length}`);
    }
  }
  const path = formatTilePath({ level: "entries", index, width }, "c2sp");
  return failure("MISSING", path, "no such entry bundle, and none wider");

  async function wider(): Promise<number[]> {
    const stored = await storedWidths(reader, { level: "entries", index }, "c2sp");
    // The full one again, that it may be by now.
    return [...stored.filter((each) => each > width).sort((a, b) => b - a), TILE_WIDTH];
  }
}
