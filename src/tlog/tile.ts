/**
 * Tiles (C2SP tlog-tiles): 256 hashes of a tree side by side. Level L counts in steps of 8 tree
 * levels; a tile of level L holds the roots of complete subtrees of 256^L leaves.
 */
import { concatBytes } from "../bytes/concat.js";
import type { Reader } from "../storage/storage.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

export const TILE_WIDTH = 256;
/** The longest entry: its length is a u16 in an entry bundle. */
export const MAX_ENTRY_BYTES = 65_535;

/** A full tile of hashes. */
export const MAX_TILE_BYTES = TILE_WIDTH * 32;
/** A full entry bundle of the longest entries. */
export const MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES);
/** Groups of three digits in the longest index, 2^63. */
const MAX_GROUPS = 7;

/** `c2sp`: tile/<L>/<N>; `go`: the same bytes at tile/8/<L>/<N>, as the Go checksum database has it. */
export type Layout = "c2sp" | "go";

export interface Tile {
  /** 0 to 7 for hashes, or `entries` for the entry bundle beside a level 0 tile. */
  readonly level: number | "entries";
  readonly index: bigint;
  /** Number of hashes or entries, 1 to 256; below 256 the tile is partial. */
  readonly width: number;
}

export function formatTilePath(tile: Tile, layout: Layout): string {
  const base = `${levelPath(tile.level, layout)}/${formatIndex(tile.index)}`;
  return tile.width === TILE_WIDTH ? base : `${base}.p/${tile.width}`;
}

/** The tile that a path names, or undefined when no tile has that path. */
export function parseTilePath(path: string, layout: Layout): Tile | undefined {
  const prefix = layout === "go" ? "tile/8/" : "tile/";
  if (!path.startsWith(prefix)) return undefined;
  const [level = "", ...rest] = path.slice(prefix.length).split("/");
  const width = rest.at(-2)?.endsWith(".p") ? rest.pop() : undefined;
  const parts = rest.join("/").replace(/\.p$/, "").split("/");
  if (width !== undefined && (!/^[1-9][0-9]{0,2}$/.test(width) || Number(width) >= TILE_WIDTH)) {
    return undefined;
  }
  if (!/^[0-7]$/.test(level) && !(level === "entries" && layout === "c2sp")) return undefined;
  if (parts.length > MAX_GROUPS) return undefined;
  const digits = parts.map((part, i) => {
    const pattern = i === parts.length - 1 ? /^[0-9]{3}$/ : /^x[0-9]{3}$/;
    return pattern.test(part) ? part.slice(-3) : "";
  });
  if (digits.includes("")) return undefined;
  const tile: Tile = {
    level: level === "entries" ? level : Number(level),
    index: BigInt(digits.join("")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  // One path a tile: no leading groups of zeros, no `.p/256`, no `.p` without its width.
  return formatTilePath(tile, layout) === path ? tile : undefined;
}

export function levelPath(level: Tile["level"], layout: Layout): string {
  return layout === "go" ? `tile/8/${level}` : `tile/${level}`;
}

/** Groups of three digits, all but the last after an x: 1234067 is x001/x234/067. */
function formatIndex(index: bigint): string {
  const digits = index.toString();
  const padded = digits.padStart(3 * Math.ceil(digits.length / 3), "0");
  return (padded.match(/.{3}/g) as string[])
    .map((group, i, all) => (i === all.length - 1 ? group : `x${group}`))
    .join("/");
}

/** Number of complete subtrees of 256^level leaves in a tree: the hashes that the level holds. */
export function hashesAtLevel(size: bigint, level: number): bigint {
  return size >> BigInt(8 * level);
}

/** The width that the tile (level, index) has in a tree of `size`; 0 when the tree has no such tile. */
export function tileWidth(size: bigint, level: number, index: bigint): number {
  const hashes = hashesAtLevel(size, level) - index * BigInt(TILE_WIDTH);
  return hashes <= 0n ? 0 : hashes >= BigInt(TILE_WIDTH) ? TILE_WIDTH : Number(hashes);
}

/**
 * Reads a tile of at least `tile.width` hashes, and gives its first `tile.width`. Where the exact
 * name is not there, the full tile or any wider partial one serves, since tiles never change.
 */
export async function readTile(
  reader: Reader,
  tile: Tile & { readonly level: number },
  layout: Layout,
): Promise<Result<Uint8Array>> {
  const path = formatTilePath(tile, layout);
  for await (const { width, bytes } of versions(reader, tile, layout)) {
    if (bytes.length !== width * 32) {
      return failure("TREE", `${width * 32} bytes in ${path} or wider`, `${bytes.length}`);
    }
    return ok(bytes.slice(0, tile.width * 32));
  }
  return failure("MISSING", path, "no such tile, and none wider");
}

/** The widths at which a tile is stored, in no order. */
export async function storedWidths(
  reader: Reader,
  { level, index }: Pick<Tile, "level" | "index">,
  layout: Layout,
): Promise<number[]> {
  const full = formatTilePath({ level, index, width: TILE_WIDTH }, layout);
  const partial = (await reader.list(`${full}.p`)).flatMap((name) => {
    const tile = parseTilePath(`${full}.p/${name}`, layout);
    return tile ? [tile.width] : [];
  });
  return (await reader.read(full, 0)) ? [...partial, TILE_WIDTH] : partial;
}

/** What is stored of a tile at this width or wider: the exact one first, then the widest. */
async function* versions(
  reader: Reader,
  tile: Tile,
  layout: Layout,
): AsyncGenerator<{ width: number; bytes: Uint8Array }> {
  for (const width of new Set([tile.width, TILE_WIDTH])) {
    const bytes = await reader.read(formatTilePath({ ...tile, width }, layout), MAX_TILE_BYTES);
    if (bytes) yield { width, bytes };
  }
  const wider = (await storedWidths(reader, tile, layout))
    .filter((width) => width > tile.width && width < TILE_WIDTH)
    .sort((a, b) => b - a);
  for (const width of wider) {
    const bytes = await reader.read(formatTilePath({ ...tile, width }, layout), MAX_TILE_BYTES);
    if (bytes) yield { width, bytes };
  }
}

/** Takes an entry bundle apart: each entry after its length as a big-endian u16. */
export function decodeEntries(bytes: Uint8Array): Result<Uint8Array[]> {
  const entries: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const end = at + 2 <= bytes.length ? at + 2 + view.getUint16(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length || entries.length === TILE_WIDTH) {
      const expected = `at most ${TILE_WIDTH} entries, each whole after its length`;
      return failure("MALFORMED", expected, `${bytes.length - at} bytes left over`);
    }
    entries.push(bytes.slice(at + 2, end));
    at = end;
  }
  return ok(entries);
}

/** One entry of the stored log of `size` entries. It is not verified against the tiles. */
export async function readEntry(
  reader: Reader,
  size: bigint,
  index: bigint,
): Promise<Result<Uint8Array>> {
  const bundle = index >> 8n;
  const tile: Tile = { level: "entries", index: bundle, width: tileWidth(size, 0, bundle) };
  for (const width of new Set([tile.width, TILE_WIDTH])) {
    const bytes = await reader.read(formatTilePath({ ...tile, width }, "c2sp"), MAX_BUNDLE_BYTES);
    const entries = bytes && decodeEntries(bytes);
    if (entries && !entries.ok) return entries;
    const entry = entries?.value[Number(index & 255n)];
    if (entry) return ok(entry);
  }
  return failure("MISSING", formatTilePath(tile, "c2sp"), "no such entry bundle, or a shorter one");
}

/** The entry bundle of at most 256 entries; throws on more, and on a longer entry than it can hold. */
export function encodeEntries(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > TILE_WIDTH) {
    throw new RangeError(`a bundle has at most ${TILE_WIDTH} entries, not ${entries.length}`);
  }
  return concatBytes(
    ...entries.flatMap((entry) => {
      if (entry.length > MAX_ENTRY_BYTES) {
        throw new RangeError(`an entry has at most ${MAX_ENTRY_BYTES} bytes, not ${entry.length}`);
      }
      return [Uint8Array.of(entry.length >> 8, entry.length & 255), entry];
    }),
  );
}
