/** What the specification demands of a stored log, computed from its entries by the model. */
import { MemoryStorage } from "../../src/storage/memory.js";
import { growTree } from "../../src/tlog/append.js";
import type { TreeHead } from "../../src/tlog/checkpoint.js";
import type { Model } from "../kernel/model.js";
import { packed } from "../kernel/model.js";
import { kernel } from "../kernel.js";

/** More than any file here holds. */
const LIMIT = 1 << 24;

export type Files = Map<string, Uint8Array>;

/** Every tile and entry bundle of the tree of `size` leaves, at its exact width, by its path. */
export function demanded(entries: readonly Uint8Array[], model: Model, size: number): Files {
  const files: Files = new Map();
  for (let level = 0, span = 1; span <= size; level++, span *= 256) {
    const count = Math.floor(size / span);
    for (let from = 0; from < count; from += 256) {
      const width = Math.min(256, count - from);
      const hashes = Array.from({ length: width }, (_, i) =>
        model.mth((from + i) * span, (from + i + 1) * span),
      );
      files.set(pathOf(`${level}`, from / 256, width), packed(hashes));
    }
  }
  for (let from = 0; from < size; from += 256) {
    const part = entries.slice(from, Math.min(from + 256, size));
    const bundle = part.flatMap((entry) => [
      Uint8Array.of(entry.length >> 8, entry.length & 255),
      entry,
    ]);
    files.set(pathOf("entries", from / 256, part.length), packed(bundle));
  }
  return files;
}

/** Indexes to 999,999 are enough for these tests. */
function pathOf(level: string, index: number, width: number): string {
  const digits = `${index}`.padStart(6, "0");
  const high = digits.startsWith("000") ? "" : `x${digits.slice(0, 3)}/`;
  return `tile/${level}/${high}${digits.slice(3)}${width === 256 ? "" : `.p/${width}`}`;
}

export const EMPTY: TreeHead = { size: 0n, rootHash: kernel.treeRoot(new Uint8Array()) };

/** Appends to the log in `storage` and stores the new files; gives them and the new head. */
export async function grow(
  storage: MemoryStorage,
  head: TreeHead,
  entries: readonly Uint8Array[],
): Promise<{ files: ReadonlyMap<string, Uint8Array>; head: TreeHead }> {
  const grown = await growTree(kernel, storage, head, entries);
  if (!grown.ok) throw new Error(`${grown.code}: ${grown.expected}, found ${grown.found}`);
  for (const [path, bytes] of grown.value.files) await storage.write(path, bytes);
  return grown.value;
}

export async function storageOf(files: Iterable<readonly [string, Uint8Array]>) {
  const storage = new MemoryStorage();
  for (const [path, bytes] of files) await storage.write(path, bytes);
  return storage;
}

/** All files of a storage. */
export async function filesOf(storage: MemoryStorage, folder = ""): Promise<Files> {
  const files: Files = new Map();
  for (const name of await storage.list(folder)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const bytes = await storage.read(path, LIMIT);
    if (bytes) files.set(path, bytes);
    for (const [below, inner] of await filesOf(storage, path)) files.set(below, inner);
  }
  return files;
}
