/**
 * Growing a stored log, safe against a crash at any write. Before anything else the writer leaves a
 * note of how far it means to grow; then come the tiles, the signed checkpoint, and the note goes.
 * What a crash leaves past the checkpoint is removed only if such a note explains it: anything else
 * there may be published history, and is never touched.
 */
import { formatCanonical } from "../bytes/canonical.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader, Storage } from "../storage/storage.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { growTree } from "./append.js";
import type { TreeHead } from "./checkpoint.js";
import { parseCheckpoint } from "./checkpoint.js";
import { MAX_NOTE_BYTES } from "./note.js";
import type { Signer } from "./signer.js";
import { signCheckpoint } from "./signer.js";
import type { Tile } from "./tile.js";
import { formatTilePath, TILE_WIDTH } from "./tile.js";
import { checkLog } from "./verify-checkpoint.js";

/** Where a log keeps its newest checkpoint. */
export const CHECKPOINT = "checkpoint";
/** Where a writer says how far it means to grow: canonical JSON {from, to}, sizes in decimal. */
const INTENT = "append-intent";

export interface Appended {
  /** Index of the first new entry. */
  readonly first: bigint;
  readonly head: TreeHead;
  /** The signed checkpoint that was published. */
  readonly checkpoint: Uint8Array;
}

export interface AppendOptions {
  /** Called as files are written. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Appends entries under the storage's lock, all or none. Refuses a log that another key signed, whose
 * tiles are not those of its checkpoint, or that holds more than its checkpoint names.
 */
export async function appendEntries(
  kernel: Kernel,
  storage: Storage,
  signer: Signer,
  entries: readonly Uint8Array[],
  { onProgress }: AppendOptions = {},
): Promise<Result<Appended>> {
  const unlock = await storage.lock();
  try {
    const plan = await planAppend(kernel, storage, signer, entries);
    if (!plan.ok) return plan;
    const { first, head, checkpoint, files, beyond } = plan.value;
    const unexplained = await clear(storage, first, beyond);
    if (unexplained) return unexplained;

    await storage.write(INTENT, formatIntent(first, head.size));
    let done = 0;
    for (const [path, bytes] of files) {
      await storage.write(path, bytes);
      onProgress?.(++done, files.size);
    }
    await storage.write(CHECKPOINT, checkpoint);
    await storage.remove(INTENT);
    return ok({ first, head, checkpoint });
  } finally {
    await unlock();
  }
}

/** What appending comes to: `files`, in order, and after them the checkpoint. */
export interface AppendPlan extends Appended {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Tiles that are stored past the checkpoint. */
  readonly beyond: readonly Tile[];
}

/** Plans an append and writes nothing, for a caller with a lock and a journal of its own. */
export async function planAppend(
  kernel: Kernel,
  reader: Reader,
  signer: Signer,
  entries: readonly Uint8Array[],
): Promise<Result<AppendPlan>> {
  const old = await currentHead(kernel, reader, signer);
  if (!old.ok) return old;
  const growth = await growTree(kernel, reader, old.value, entries);
  if (!growth.ok) return growth;
  const { beyond, files, head } = growth.value;
  const checkpoint = await signCheckpoint(signer.key.name, head, signer);
  return ok({ first: old.value.size, head, checkpoint, files, beyond });
}

async function currentHead(
  kernel: Kernel,
  storage: Reader,
  { key }: Signer,
): Promise<Result<TreeHead>> {
  const bytes = await storage.read(CHECKPOINT, MAX_NOTE_BYTES);
  if (!bytes) return ok({ size: 0n, rootHash: kernel.treeRoot(new Uint8Array()) });
  const signed = parseCheckpoint(bytes);
  if (!signed.ok) return signed;
  const bad = checkLog(kernel, signed.value, key);
  if (bad) return { ...bad, expected: `a checkpoint by this key: ${bad.expected}` };
  return ok(signed.value.checkpoint);
}

/** Removes what an interrupted append left, or says what is there that none explains. */
async function clear(
  storage: Storage,
  size: bigint,
  beyond: readonly Tile[],
): Promise<Failure | undefined> {
  const intent = parseIntent(await storage.read(INTENT, 1024));
  const explained = (tile: Tile): boolean => intent?.from === size && lastSize(tile) <= intent.to;
  const strange = beyond.find((tile) => !explained(tile));
  if (strange) {
    const path = formatTilePath(strange, "c2sp");
    const expected = `nothing past the checkpoint's ${size} entries`;
    return failure("TREE", expected, `${path}; restore the newest checkpoint first`);
  }
  for (const tile of beyond) await storage.remove(formatTilePath(tile, "c2sp"));
  return undefined;
}

/** The smallest tree that has this tile. */
function lastSize({ level, index, width }: Tile): bigint {
  const height = level === "entries" ? 0 : level;
  return (index * BigInt(TILE_WIDTH) + BigInt(width)) << BigInt(8 * height);
}

function formatIntent(from: bigint, to: bigint): Uint8Array {
  return encodeUtf8(formatCanonical({ from: from.toString(), to: to.toString() }));
}

/** Undefined for none, and for one that a crash left half written: it then explains nothing. */
function parseIntent(bytes: Uint8Array | undefined): { from: bigint; to: bigint } | undefined {
  const [, from, to] =
    /^\{"from":"([0-9]{1,19})","to":"([0-9]{1,19})"\}$/.exec((bytes && decodeUtf8(bytes)) ?? "") ??
    [];
  return from === undefined || to === undefined
    ? undefined
    : { from: BigInt(from), to: BigInt(to) };
}
