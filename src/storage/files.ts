import { dirname, join, resolve, sep } from "node:path";
import type { FileSystem, GrowingFile } from "./file-system.js";
import { codeOf, nodeFileSystem } from "./file-system.js";
import { OrderedJournal } from "./journal.js";
import { takeLock } from "./lock.js";
import type { Owners } from "./owner.js";
import { processes } from "./owner.js";
import type { Journal, LogStorage } from "./storage.js";
import { isPathPart, requirePath } from "./storage.js";

const LOCK = ".lock";

/** Storage in a folder of the local file system. */
export class FileStorage implements LogStorage {
  readonly #folder: string;
  readonly #fileSystem: FileSystem;
  readonly #owners: Owners;
  /** Folders that stand, or are being made. */
  readonly #folders = new Map<string, Promise<void>>();

  constructor(folder: string, fileSystem: FileSystem = nodeFileSystem, owners: Owners = processes) {
    this.#folder = resolve(folder);
    this.#fileSystem = fileSystem;
    this.#owners = owners;
  }

  async read(path: string, limit: number): Promise<Uint8Array | undefined> {
    requirePath(path);
    try {
      return await this.#fileSystem.read(join(this.#folder, path), limit + 1);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async list(path: string): Promise<readonly string[]> {
    if (path !== "") requirePath(path);
    try {
      const names = await this.#fileSystem.list(join(this.#folder, path));
      // The lock, and what a crash left half written, begin with a dot: they are this driver's own.
      return names.filter(isPathPart);
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    requirePath(path);
    const file = join(this.#folder, path);
    await this.#makeFolder(dirname(file));
    // Unlike anything that a crashed writer or another process left or uses.
    const temporary = join(dirname(file), `.${crypto.randomUUID()}.tmp`);
    try {
      const created = await this.#fileSystem.create(temporary);
      try {
        await created.writeFile(bytes);
        await created.sync();
      } finally {
        await created.close();
      }
      await this.#fileSystem.rename(temporary, file);
    } catch (error) {
      await this.#fileSystem.unlink(temporary).catch(() => {});
      throw error;
    }
    await this.#fileSystem.syncFolder(dirname(file));
  }

  async remove(path: string): Promise<void> {
    requirePath(path);
    const file = join(this.#folder, path);
    try {
      await this.#fileSystem.unlink(file);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
    // Also where nothing was: whoever removed it may have been killed before it synced.
    try {
      await this.#fileSystem.syncFolder(dirname(file));
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  async createJournal(path: string): Promise<Journal> {
    requirePath(path);
    const file = join(this.#folder, path);
    await this.#makeFolder(dirname(file));
    const created = await this.#fileSystem.createGrowing(file);
    try {
      await this.#fileSystem.syncFolder(dirname(file));
    } catch (error) {
      await created.close().catch(() => {});
      throw error;
    }
    return new OrderedJournal({
      append: (bytes) => grow(created, bytes),
      close: () => created.close(),
    });
  }

  /** Waits `wait` milliseconds for a live holder. What a dead one left is no hindrance. */
  async lock(wait = 0): Promise<() => Promise<void>> {
    await this.#makeFolder(this.#folder);
    return takeLock(join(this.#folder, LOCK), wait, this.#fileSystem, this.#owners);
  }

  /**
   * Makes a folder and the missing ones above it, and its name durable. That of one that stands as
   * well: whoever made it may have been killed before it synced. Since each name is synced before a
   * folder is made below, one that stands has durable names above its own.
   */
  #makeFolder(folder: string): Promise<void> {
    const known = this.#folders.get(folder);
    if (known) return known;
    const made = this.#makeNewFolder(folder);
    this.#folders.set(folder, made);
    made.catch(() => this.#folders.delete(folder));
    return made;
  }

  async #makeNewFolder(folder: string): Promise<void> {
    const above = dirname(folder);
    if (above === folder) return;
    const within = folder.startsWith(`${this.#folder}${sep}`);
    const stood = !within && (await this.#stands(folder));
    if (!stood) {
      await this.#makeFolder(above);
      try {
        await this.#fileSystem.makeFolder(folder);
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
    }
    try {
      await this.#fileSystem.syncFolder(above);
    } catch (error) {
      // A folder over which this process has no power cannot have got the name from one like it.
      if (!stood || !["EACCES", "EPERM", "EROFS", "EINVAL"].includes(`${codeOf(error)}`))
        throw error;
    }
  }

  async #stands(folder: string): Promise<boolean> {
    try {
      await this.#fileSystem.read(folder, 0);
      return true;
    } catch (error) {
      return codeOf(error) !== "ENOENT";
    }
  }
}

async function grow(file: GrowingFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const written = await file.write(bytes.subarray(at));
    if (!(written > 0)) throw new Error("the file system takes no more bytes");
    at += written;
  }
  await file.sync();
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR";
}
