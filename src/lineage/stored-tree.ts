/** What a log has stored under its checkpoint: all of it is read once, and computed again. */
import { equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { UnverifiedCheckpoint } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../tlog/note.js";
import {
  decodeEntries,
  formatTilePath,
  hashesAtLevel,
  MAX_BUNDLE_BYTES,
  storedWidths,
  TILE_WIDTH,
  tileWidth,
} from "../tlog/tile.js";
import type { Tile } from "../tlog/tile.js";
import { NO_VERIFIERS } from "../tlog/verifiers.js";
import { judgeLog } from "../tlog/verify-checkpoint.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok, Plan } from "../verdict.js";
import type { Link } from "./chain.js";
import { checkChain, FIRST_LINK } from "./chain.js";
import type { Entry } from "./entry.js";
import type { Leaf } from "./segment.js";
import type { FilledTile } from "./tree-edge.js";
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

/** A log's newest checkpoint, with its bytes. */
export interface StoredCheckpoint extends UnverifiedCheckpoint {
  readonly bytes: Uint8Array;
}

/** Undefined where the log has none. `key` undefined: whoever signed it. */
export async function readStoredCheckpoint(
  kernel: Kernel,
  reader: Reader,
  key: VerifierKey | undefined,
): Promise<Result<StoredCheckpoint | undefined>> {
  const bytes = await reader.read(CHECKPOINT, MAX_NOTE_BYTES);
  if (!bytes) return ok(undefined);
  const signed = parseCheckpoint(bytes);
  if (!signed.ok) return signed;
  if (signed.value.checkpoint.size > BigInt(Number.MAX_SAFE_INTEGER)) {
    return failure("TOO_LARGE", "a log of at most 2^53 - 1 entries", "a longer one");
  }
  if (key) {
    const plan = new Plan(["origin", "log signature"]);
    const demand = { logs: [key], origin: key.name, verifiers: NO_VERIFIERS };
    judgeLog(kernel, plan, signed.value, demand);
    const bad = plan.verdict().checks.find((check) => check.outcome !== "passed");
    if (bad) {
      const expected = `a checkpoint by this log's key: ${bad.expected ?? "a signature"}`;
      return failure(bad.code ?? "INTERNAL", expected, bad.found ?? "none");
    }
  }
  return ok({ ...signed.value, bytes });
}

export interface StoredTree {
  readonly edge: TreeEdge;
  readonly last: Link;
  /** Partial tiles of smaller trees, which nothing needs any more. */
  readonly superseded: readonly string[];
}

/**
 * Reads what a checkpoint covers: each entry must follow the one before, and each stored tile, at
 * every width, must be what the entries make it. Memory does not grow with the log.
 */
export async function readStoredTree(
  kernel: Kernel,
  reader: Reader,
  { size, rootHash }: UnverifiedCheckpoint["checkpoint"],
  replay: Replay = () => {},
): Promise<Result<StoredTree>> {
  const edge = new TreeEdge(kernel);
  const superseded: string[] = [];
  let last = FIRST_LINK;
  for (let index = 0n; tileWidth(size, 0, index) > 0; index++) {
    const width = tileWidth(size, 0, index);
    const bundle = await readBundle(reader, index, width);
    if (!bundle.ok) return bundle;
    const first = edge.size;
    const chained = checkChain(kernel, bundle.value, last);
    if (!chained.ok) return within(chained, first);
    const { leafHashes, entries } = chained.value;
    last = chained.value.last;
    const leaves = bundle.value.map((bytes, i) => ({
      bytes,
      hash: leafHashes.subarray(32 * i, 32 * i + 32),
    }));
    for (const [i, entry] of entries.entries()) {
      const leaf = entries[i + 1]?.prev ?? last.leaf ?? "";
      replay({ index: first + i, bytes: (leaves[i] as Leaf).bytes, leaf, entry });
    }
    for (const filled of edge.grow(leaves)) {
      const wrong = await compare(reader, filled, superseded);
      if (wrong) return wrong;
    }
  }
  for (const filled of edge.partial()) {
    const wrong = await compare(reader, filled, superseded);
    if (wrong) return wrong;
  }
  if (!equalBytes(edge.head().rootHash, rootHash)) {
    return failure("TREE", "entries that make the tree of the checkpoint", "another root hash");
  }
  return ok({ edge, last, superseded });
}

/** The failure with the place that it is at in the log. */
export function within(cause: Failure, first: number): Failure {
  return { ...cause, expected: `from entry ${first} on: ${cause.expected}` };
}

async function readBundle(
  reader: Reader,
  index: bigint,
  width: number,
): Promise<Result<Uint8Array[]>> {
  const path = formatTilePath({ level: "entries", index, width }, "c2sp");
  const bytes = await reader.read(path, MAX_BUNDLE_BYTES);
  if (!bytes) return failure("MISSING", path, "no such entry bundle");
  const entries = decodeEntries(bytes);
  if (!entries.ok) return entries;
  if (entries.value.length === width) return entries;
  return failure("TREE", `${width} entries in ${path}`, `${entries.value.length}`);
}

/** Compares a tile at every width at which it is stored with what the entries make it. */
async function compare(
  reader: Reader,
  { tile, bytes }: FilledTile,
  superseded: string[],
): Promise<Failure | undefined> {
  const widths = await storedWidths(reader, tile, "c2sp");
  if (!widths.includes(tile.width)) {
    return failure("MISSING", formatTilePath(tile, "c2sp"), "no such tile");
  }
  for (const width of widths) {
    // What is wider than the checkpoint's is for the write-ahead to explain.
    if (width > tile.width) continue;
    const path = formatTilePath({ ...tile, width }, "c2sp");
    const stored = await reader.read(path, bytes.length);
    if (!stored || !equalBytes(stored, bytes.subarray(0, lengthOf(tile, bytes, width)))) {
      return failure("TREE", `in ${path} what the entries make it`, "something else");
    }
    if (width < tile.width) superseded.push(path);
  }
  return undefined;
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
 * Stored tiles that the tree of `size` entries does not have. Writers go from left to right, and so do
 * the leftovers of one that crashed: the walk ends at the first index where nothing is.
 */
export async function tilesBeyond(reader: Reader, size: bigint): Promise<Tile[]> {
  const tiles: Tile[] = [];
  for (const level of LEVELS) {
    const height = level === "entries" ? 0 : level;
    const first = hashesAtLevel(size, height) / BigInt(TILE_WIDTH);
    for (let index = first; ; index++) {
      const known = tileWidth(size, height, index);
      const widths = await storedWidths(reader, { level, index }, "c2sp");
      const more = widths.filter((width) => width > known);
      if (more.length === 0 && index > first) break;
      tiles.push(...more.map((width) => ({ level, index, width })));
    }
  }
  return tiles;
}
