/**
 * What a log holds: what its checkpoint covers, and behind it what the write-ahead has. Reading it
 * changes nothing; anything that no crash of the writer leaves is a failure.
 */
import { equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { Tile } from "../tlog/tile.js";
import { formatTilePath, tileWidth } from "../tlog/tile.js";
import { TreeReader } from "../tlog/tree-reader.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { Link } from "./chain.js";
import { checkChain, FIRST_LINK } from "./chain.js";
import type { Batch, Leaf } from "./segment.js";
import { decodeSegment, tagOf } from "./segment.js";
import type { Replay, StoredCheckpoint } from "./stored-tree.js";
import { readStoredCheckpoint, readStoredTree, tilesBeyond, within } from "./stored-tree.js";
import { TreeEdge } from "./tree-edge.js";

/** Where the segments of the write-ahead are, each named by its number in sixteen digits. */
export const AHEAD = "ahead";
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
  readonly segments: readonly number[];
  /** Paths of tiles that the tree of all entries does not have or need. */
  readonly superseded: readonly string[];
}

export function formatSegmentPath(number: number): string {
  return `${AHEAD}/${String(number).padStart(16, "0")}`;
}

/** Reads a log whole. `key`: whose it must be; undefined takes any, and then no write-ahead. */
export async function readWhole(
  kernel: Kernel,
  reader: Reader,
  key: VerifierKey | undefined,
  replay?: Replay,
): Promise<Result<Recovered>> {
  const checkpoint = await readStoredCheckpoint(kernel, reader, key);
  if (!checkpoint.ok) return checkpoint;
  const signed = checkpoint.value?.checkpoint;
  const stored = signed
    ? await readStoredTree(kernel, reader, signed, replay)
    : ok({ edge: new TreeEdge(kernel), last: FIRST_LINK, superseded: [] });
  if (!stored.ok) return stored;
  const { edge, superseded } = stored.value;

  const segments = await listSegments(reader);
  if (!segments.ok) return segments;
  const batches = await readSegments(kernel, reader, key, segments.value);
  if (!batches.ok) return batches;
  const ahead = await follow(
    kernel,
    reader,
    edge.size,
    stored.value.last,
    batches.value.batches,
    replay,
  );
  if (!ahead.ok) return ahead;

  const size = BigInt(edge.size + ahead.value.leaves.length);
  const beyond = await tilesBeyond(reader, BigInt(edge.size));
  const strange = beyond.find((tile) => tile.width > widthIn(size, tile));
  if (strange) {
    const expected = `no tile of more than the ${size} entries that are there`;
    return failure("LOG", expected, formatTilePath(strange, "c2sp"));
  }
  const narrower = beyond.filter((tile) => tile.width < widthIn(size, tile));
  return ok({
    checkpoint: checkpoint.value,
    edge,
    ahead: ahead.value.leaves,
    last: ahead.value.last,
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
  key: VerifierKey | undefined,
  segments: readonly number[],
): Promise<Result<{ batches: Batch[]; torn: number }>> {
  const batches: Batch[] = [];
  let torn = 0;
  if (!key) return ok({ batches, torn });
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

/** The entries of batches that come after the first `size`, which those before must be among. */
async function follow(
  kernel: Kernel,
  reader: Reader,
  size: number,
  before: Link,
  batches: readonly Batch[],
  replay: Replay = () => {},
): Promise<Result<{ leaves: Leaf[]; last: Link }>> {
  const tree = new TreeReader(kernel, reader, BigInt(size), "c2sp");
  const leaves: Leaf[] = [];
  let last = before;
  let next = batches[0]?.first ?? size;
  if (next > size) return gap(size, next);
  for (const { first, entries } of batches) {
    if (first !== next) return gap(next, first);
    next += entries.length;
    const covered = Math.max(0, Math.min(entries.length, size - first));
    const hashes = kernel.leafHashes(entries.slice(0, covered));
    for (let i = 0; i < covered; i++) {
      const leaf = await tree.leafHash(BigInt(first + i));
      if (!leaf.ok) return leaf;
      if (!equalBytes(leaf.value, hashes.subarray(32 * i, 32 * i + 32))) {
        const expected = `entry ${first + i} in the write-ahead as in the tree`;
        return failure("LOG", expected, "another entry");
      }
    }
    const added = entries.slice(covered);
    const chained = checkChain(kernel, added, last);
    if (!chained.ok) return within(chained, first + covered);
    last = chained.value.last;
    for (const [i, entry] of chained.value.entries.entries()) {
      const bytes = added[i] as Uint8Array;
      const hash = chained.value.leafHashes.slice(32 * i, 32 * i + 32);
      leaves.push({ bytes, hash });
      const leaf = chained.value.entries[i + 1]?.prev ?? last.leaf ?? "";
      replay({ index: first + covered + i, bytes, leaf, entry });
    }
  }
  return ok({ leaves, last });
}

function gap(expected: number, found: number): Result<never> {
  return failure("LOG", `a write-ahead that goes on at entry ${expected}`, `entry ${found}`);
}
