/**
 * Verification of a stored log: everything that is there is computed again, and what is not there is
 * counted. One read and one hash pass over what is stored, in memory that does not grow with it.
 */
import { equalBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { Failure, Verdict } from "../verdict.js";
import { failure, judgeAsync, Plan } from "../verdict.js";
import type { Checkpoint } from "./checkpoint.js";
import { parseCheckpoint } from "./checkpoint.js";
import { listTiles, tilesOf } from "./list-tiles.js";
import type { Layout, Tile } from "./tile.js";
import {
  decodeEntries,
  formatTilePath,
  hashesAtLevel,
  MAX_BUNDLE_BYTES,
  MAX_TILE_BYTES,
  readTile,
  TILE_WIDTH,
  tileWidth,
} from "./tile.js";
import { TreeReader } from "./tree-reader.js";
import type { LogDemand } from "./verify-checkpoint.js";
import { judgeLog } from "./verify-checkpoint.js";

export interface StoredLogDemand extends LogDemand {
  readonly layout: Layout;
  /** Called as tiles are done, with their number in a complete log. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Verifies a stored log against one of its signed checkpoints. PROVEN: every entry and tile is there
 * and they make up the tree that the checkpoint names. With the `go` layout, whose records are not
 * in entry bundles, PROVEN speaks of the tree of hashes alone.
 */
export async function verifyLog(
  kernel: Kernel,
  reader: Reader,
  checkpoint: Uint8Array,
  demand: StoredLogDemand,
): Promise<Verdict> {
  const entries = demand.layout === "c2sp" ? ["entries"] : [];
  const names = ["checkpoint format", "origin", "log signature", "root", "tiles", ...entries];
  const plan = new Plan([...names, "complete"]);
  return await judgeAsync(plan, async () => {
    const signed = parseCheckpoint(checkpoint);
    if (!signed.ok) return plan.fail("checkpoint format", signed);
    plan.pass("checkpoint format");
    judgeLog(kernel, plan, signed.value, demand);
    // A size that nobody signed decides nothing about how much is read.
    if (plan.verdict().checks.some((check) => check.code)) return;
    await judgeRoot(kernel, plan, reader, signed.value.checkpoint, demand.layout);
    const audit = new Audit(kernel, reader, signed.value.checkpoint.size, demand);
    await audit.run(plan);
  });
}

async function judgeRoot(
  kernel: Kernel,
  plan: Plan,
  reader: Reader,
  { size, rootHash }: Checkpoint,
  layout: Layout,
): Promise<void> {
  const root = await new TreeReader(kernel, reader, size, layout).root();
  const expected = `root ${encodeHex(rootHash)}`;
  if (!root.ok) return plan.fail("root", root);
  const found = `root ${encodeHex(root.value)}`;
  if (found === expected) plan.pass("root", expected, found);
  else plan.fail("root", failure("TREE", expected, found));
}

class Audit {
  readonly #kernel: Kernel;
  readonly #reader: Reader;
  readonly #size: bigint;
  readonly #layout: Layout;
  readonly #onProgress: (done: number, total: number) => void;
  #present = 0;
  #compared = 0;
  #bundles = 0;
  #uncompared = 0;
  #above: { readonly path: string; readonly hashes: Uint8Array | undefined } | undefined;

  constructor(kernel: Kernel, reader: Reader, size: bigint, demand: StoredLogDemand) {
    this.#kernel = kernel;
    this.#reader = reader;
    this.#size = size;
    this.#layout = demand.layout;
    this.#onProgress = demand.onProgress ?? (() => {});
  }

  async run(plan: Plan): Promise<void> {
    const levels: number[] = [];
    for (let level = 0; hashesAtLevel(this.#size, level) > 0n; level++) levels.push(level);
    const perLevel = levels.map((level) => tilesOf(hashesAtLevel(this.#size, level)));
    const bundles = this.#layout === "c2sp" ? tilesOf(this.#size) : 0n;
    const total = perLevel.reduce((sum, tiles) => sum + tiles, bundles);

    // What is absent is counted only where all that is there was looked at.
    const failed = await this.#tiles(levels, Number(total));
    if (failed) return plan.fail("tiles", failed);
    const there = `${this.#present} are there, ${this.#compared} of them stand in the level above`;
    plan.pass("tiles", "each is what the level below makes it", there);
    if (this.#layout === "c2sp") {
      const wrong = await this.#entries(Number(total));
      if (wrong) return plan.fail("entries", wrong);
      const places = "each hashes to its place in a level 0 tile";
      const found = `${this.#bundles} bundles, ${this.#uncompared} of them without their tile`;
      if (this.#uncompared === 0) plan.pass("entries", places, found);
      else plan.fail("entries", failure("MISSING", places, found));
    }
    const absent = total - BigInt(this.#present);
    const expected = `all ${total} tiles${this.#layout === "c2sp" ? " and entry bundles" : ""}`;
    if (absent === 0n) plan.pass("complete", expected, "all");
    else plan.fail("complete", failure("MISSING", expected, `${absent} are absent`));
  }

  async #tiles(levels: readonly number[], total: number): Promise<Failure | undefined> {
    for (const level of levels) {
      for await (const tile of listTiles(
        this.#reader,
        level,
        this.#layout,
        tilesOf(hashesAtLevel(this.#size, level)),
      )) {
        const width = tileWidth(this.#size, level, tile.index);
        // What only a larger tree needs is not this checkpoint's.
        if (width === 0 || tile.width < width) continue;
        const failed = await this.#tile({ level, index: tile.index, width }, tile.widths);
        if (failed) return failed;
        this.#onProgress(++this.#present, total);
      }
    }
    return undefined;
  }

  async #tile(
    tile: Tile & { readonly level: number },
    widths: readonly number[],
  ): Promise<Failure | undefined> {
    const hashes = await readTile(this.#reader, tile, this.#layout);
    if (!hashes.ok) return hashes;
    for (const width of widths) {
      // Where the exact width is stored, it is what was just read.
      if (width === tile.width) continue;
      const path = formatTilePath({ ...tile, width }, this.#layout);
      const other = (await this.#reader.read(path, MAX_TILE_BYTES)) ?? new Uint8Array();
      const shared = Math.min(width, tile.width) * 32;
      if (
        other.length !== width * 32 ||
        !equalBytes(other.subarray(0, shared), hashes.value.subarray(0, shared))
      ) {
        return failure("TREE", "one tile at every width", `${path} differs from the others`);
      }
    }
    if (tile.width < TILE_WIDTH) return undefined;
    const above = await this.#hashAbove(tile);
    if (!above) return undefined;
    this.#compared += 1;
    const root = this.#kernel.treeRoot(hashes.value);
    const path = formatTilePath(tile, this.#layout);
    return equalBytes(root, above)
      ? undefined
      : failure("TREE", `${path} to hash to ${encodeHex(above)}`, encodeHex(root));
  }

  /** The hash that the level above holds for a full tile, if the tile with it is there. */
  async #hashAbove({ level, index }: { level: number; index: bigint }) {
    const parent = { level: level + 1, index: index >> 8n };
    const width = tileWidth(this.#size, parent.level, parent.index);
    const path = formatTilePath({ ...parent, width }, this.#layout);
    if (this.#above?.path !== path) {
      const tile = await readTile(this.#reader, { ...parent, width }, this.#layout);
      this.#above = { path, hashes: tile.ok ? tile.value : undefined };
    }
    return this.#above.hashes && hashAt(this.#above.hashes, Number(index & 255n));
  }

  async #entries(total: number): Promise<Failure | undefined> {
    for await (const bundle of listTiles(
      this.#reader,
      "entries",
      this.#layout,
      tilesOf(this.#size),
    )) {
      const width = tileWidth(this.#size, 0, bundle.index);
      if (width === 0 || bundle.width < width) continue;
      for (const stored of bundle.widths) {
        const failed = await this.#bundle({ level: "entries", ...bundle, width: stored });
        if (failed) return failed;
      }
      this.#bundles += 1;
      this.#onProgress(++this.#present, total);
    }
    return undefined;
  }

  async #bundle(bundle: Tile): Promise<Failure | undefined> {
    const path = formatTilePath(bundle, this.#layout);
    const entries = decodeEntries(
      (await this.#reader.read(path, MAX_BUNDLE_BYTES)) ?? new Uint8Array(),
    );
    if (!entries.ok) return { ...entries, found: `${path}: ${entries.found}` };
    if (entries.value.length !== bundle.width) {
      return failure("TREE", `${bundle.width} entries in ${path}`, `${entries.value.length}`);
    }
    const width = Math.min(bundle.width, tileWidth(this.#size, 0, bundle.index));
    const tile = await readTile(
      this.#reader,
      { level: 0, index: bundle.index, width },
      this.#layout,
    );
    if (!tile.ok) {
      if (tile.code !== "MISSING") return tile;
      this.#uncompared += 1;
      return undefined;
    }
    const found = this.#kernel.leafHashes(entries.value.slice(0, width));
    const wrong = entries.value.findIndex(
      (_, i) => i < width && !equalBytes(hashAt(found, i), hashAt(tile.value, i)),
    );
    if (wrong < 0) return undefined;
    const hash = encodeHex(hashAt(tile.value, wrong));
    const index = bundle.index * BigInt(TILE_WIDTH) + BigInt(wrong);
    const leaf = encodeHex(hashAt(found, wrong));
    return failure("TREE", `entry ${index} with leaf hash ${hash}`, leaf);
  }
}

/** The hash at a place of a packed array. */
function hashAt(hashes: Uint8Array, place: number): Uint8Array {
  return hashes.subarray(place * 32, place * 32 + 32);
}
