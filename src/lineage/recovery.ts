/**
 * What a log holds: what its checkpoint covers, and behind it what the write-ahead has. Reading it
 * changes nothing; anything that no crash of the writer leaves is a failure.
 */
import { equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { Tile } from "../tlog/tile.js";
import { formatTilePath, TILE_WIDTH, tileWidth } from "../tlog/tile.js";
import { TreeReader } from "../tlog/tree-reader.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { Link } from "./chain.js";
import type { Batch, Leaf } from "./segment.js";
import { decodeSegment, tagOf } from "./segment.js";
import type { StoredCheckpoint } from "./stored-checkpoint.js";
import { readStoredCheckpoint } from "./stored-checkpoint.js";
import type { Replay } from "./stored-tree.js";
import { tilesBeyond, TreeWalk } from "./stored-tree.js";
import type { TreeEdge } from "./tree-edge.js";

/** Where the segments of the write-ahead are, each named by its number in sixteen digits. */
const AHEAD = "ahead";
/** Newer checkpoints than this do not come while a log is read. */
const MAX_LOOKS = 1000;
/** More than any segment holds: a writer ends them far below. */
const MAX_SEGMENT_BYTES = 1 << 30;

export interface Recovered {
  /** Undefined for a log that has none yet. */
  readonly checkpoint: StoredCheckpoint | undefined;
  /** The tree that it covers. */
  readonly edge: TreeEdge;
  /** What only the write-ahead has. */
  readonly ahead: readonly Leaf[];
  readonly last: Link;
  /** Bytes that a crash left of a batch that nobody was told of. */
  readonly torn: number;
  /** Numbers of the segments, in order. */
  readonly segments: readonly number[];
  /** Paths of tiles that the tree of all entries does not have or need. */
  readonly superseded: readonly string[];
}

export function formatSegmentPath(number: number): string {
  return `${AHEAD}/${String(number).padStart(16, "0")}`;
}

/**
 * Reads a log whole. `key`: whose it must be; undefined takes any, and then leaves the write-ahead
 * aside. Its writer may be at work: where a newer checkpoint has come meanwhile, the walk goes on.
 */
export async function readWhole(
  kernel: Kernel,
  reader: Reader,
  key: VerifierKey | undefined,
  replay: Replay = () => {},
): Promise<Result<Recovered>> {
  const walk = new TreeWalk(kernel, reader, replay);
  for (let look = 1; ; look++) {
    const checkpoint = await readStoredCheckpoint(kernel, reader, key);
    if (!checkpoint.ok) return checkpoint;
    const bytes = checkpoint.value?.bytes;
    const wrong = checkpoint.value && (await walk.to(checkpoint.value.head));
    const recovered = wrong ?? (await readAhead(kernel, reader, key, walk, checkpoint.value));
    if (recovered.ok) return recovered;
    // A second look at the same tells nothing new.
    const now = await readStoredCheckpoint(kernel, reader, key);
    const newer = now.ok && now.value && !(bytes && equalBytes(now.value.bytes, bytes));
    if (!newer || look === MAX_LOOKS) return recovered;
  }
}

/** What comes behind the tree at which the walk stands. */
async function readAhead(
  kernel: Kernel,
  reader: Reader,
  key: VerifierKey | undefined,
  walk: TreeWalk,
  checkpoint: StoredCheckpoint | undefined,
): Promise<Result<Recovered>> {
  const { edge, superseded } = walk;
  const whole = { checkpoint, edge, superseded: [...superseded] };
  if (!key) return ok({ ...whole, ahead: [], last: walk.last, torn: 0, segments: [] });

  // Before the write-ahead, which holds all that a writer at work puts into tiles.
  const beyond = await tilesBeyond(reader, BigInt(edge.size));
  const segments = await listSegments(reader);
  if (!segments.ok) return segments;
  const batches = await readSegments(kernel, reader, key, segments.value);
  if (!batches.ok) return batches;
  const added = await entriesAfter(kernel, reader, edge.size, batches.value.batches);
  if (!added.ok) return added;

  const size = BigInt(edge.size + added.value.length);
  const strange = beyond.find((tile) => tile.width > widthIn(size, tile));
  if (strange) {
    const expected = `no tile of more than the ${size} entries that are there`;
    return failure("LOG", expected, formatTilePath(strange, "c2sp"));
  }
  const ahead: Leaf[] = [];
  for (let at = 0; at < added.value.length; at += TILE_WIDTH) {
    const entries = added.value.slice(at, at + TILE_WIDTH);
    const hashes = walk.follow(entries, edge.size + at);
    if ("ok" in hashes) return hashes;
    for (const [i, hash] of hashes.entries()) ahead.push({ bytes: entries[i] as Uint8Array, hash });
  }
  const narrower = beyond.filter((tile) => tile.width < widthIn(size, tile));
  return ok({
    ...whole,
    ahead,
    last: walk.last,
    torn: batches.value.torn,
    segments: segments.value,
    superseded: [...superseded, ...narrower.map((tile) => formatTilePath(tile, "c2sp"))],
  });
}

function widthIn(size: bigint, { level, index }: Tile): number {
  return tileWidth(size, level === "entries" ? 0 : level, index);
}

async function listSegments(reader: Reader): Promise<Result<number[]>> {
  const names = [...(await reader.list(AHEAD))].sort();
  const strange = names.find((name) => !/^[0-9]{16}$/.test(name));
  if (strange !== undefined) {
    return failure("LOG", `segments of the write-ahead in "${AHEAD}"`, abbreviate(strange));
  }
  return ok(names.map(Number));
}

/** The batches of all segments. Only the last that has any bytes may end in a torn one. */
async function readSegments(
  kernel: Kernel,
  reader: Reader,
  key: VerifierKey,
  segments: readonly number[],
): Promise<Result<{ batches: Batch[]; torn: number }>> {
  const batches: Batch[] = [];
  let torn = 0;
  const tag = tagOf(kernel, key);
  for (const number of segments) {
    const path = formatSegmentPath(number);
    const bytes = (await reader.read(path, MAX_SEGMENT_BYTES)) ?? new Uint8Array();
    if (bytes.length > MAX_SEGMENT_BYTES) {
      return failure("TOO_LARGE", `a segment of at most ${MAX_SEGMENT_BYTES} bytes`, path);
    }
    if (bytes.length > 0 && torn > 0) {
      return failure("LOG", "a write-ahead as it was written", `a damaged batch before ${path}`);
    }
    const segment = decodeSegment(kernel, tag, bytes);
    if (!segment.ok) return { ...segment, found: `${segment.found} (${path})` };
    batches.push(...segment.value.batches);
    torn += segment.value.torn;
  }
  return ok({ batches, torn });
}

/** The entries of batches that come after the first `size`; those before must be the tree's. */
async function entriesAfter(
  kernel: Kernel,
  reader: Reader,
  size: number,
  batches: readonly Batch[],
): Promise<Result<Uint8Array[]>> {
  const added: Uint8Array[] = [];
  let next = batches[0]?.first ?? size;
  if (next > size) return gap(size, next);
  const tree = new TreeReader(kernel, reader, BigInt(size), "c2sp");
  for (const { first, entries } of batches) {
    if (first !== next) return gap(next, first);
    next += entries.length;
    const covered = Math.max(0, Math.min(entries.length, size - first));
    const wrong = await compare(kernel, tree, first, entries.slice(0, covered));
    if (wrong) return wrong;
    for (const entry of entries.slice(covered)) added.push(entry);
  }
  return ok(added);
}

function gap(expected: number, found: number): Failure {
  return failure("LOG", `a write-ahead that goes on at entry ${expected}`, `entry ${found}`);
}

async function compare(
  kernel: Kernel,
  tree: TreeReader,
  first: number,
  entries: readonly Uint8Array[],
): Promise<Failure | undefined> {
  const hashes = kernel.leafHashes(entries);
  for (let i = 0; i < entries.length; i++) {
    const leaf = await tree.leafHash(BigInt(first + i));
    if (!leaf.ok) return leaf;
    if (equalBytes(leaf.value, hashes.subarray(32 * i, 32 * i + 32))) continue;
    return failure("LOG", `entry ${first + i} in the write-ahead as in the tree`, "another");
  }
  return undefined;
}
