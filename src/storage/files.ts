import { constants, rmSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir, readFile, rename, rm, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Storage } from "./storage.js";
import { isPathPart, requirePath } from "./storage.js";

const LOCK = ".lock";

/** Storage in a folder of the local file system. */
export class FileStorage implements Storage {
  readonly #folder: string;
  readonly #synced = new Set<string>();

  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  async read(path: string, limit: number): Promise<Uint8Array | undefined> {
    requirePath(path);
    let handle: FileHandle;
    try {
      // A pipe in the place of a file must not hold the reader up.
      const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
      handle = await open(join(this.#folder, path), flags);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    try {
      const found = await handle.stat();
      if (!found.isFile()) return undefined;
      const bytes = new Uint8Array(Math.min(found.size, limit + 1));
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await handle.close();
    }
  }

  async list(path: string): Promise<readonly string[]> {
    if (path !== "") requirePath(path);
    try {
      const names = await readdir(join(this.#folder, path));
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
      const handle = await open(temporary, "wx");
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await syncFolder(dirname(file));
  }

  async remove(path: string): Promise<void> {
    requirePath(path);
    const file = join(this.#folder, path);
    try {
      await unlink(file);
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    await syncFolder(dirname(file));
  }

  async lock(): Promise<() => Promise<void>> {
    await this.#makeFolder(this.#folder);
    const file = join(this.#folder, LOCK);
    let handle: FileHandle;
    try {
      handle = await open(file, "wx");
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      const owner = (await readFile(file, "utf8").catch(() => "")).trim();
      throw new Error(
        `process ${owner || "unknown"} is writing here; if it is gone, remove ${file} and try again`,
        { cause: error },
      );
    }
    // An interrupted process gives the lock back, a killed one cannot.
    const onExit = (): void => rmSync(file, { force: true });
    process.on("exit", onExit);
    let held = true;
    const unlock = async (): Promise<void> => {
      if (!held) return;
      held = false;
      process.off("exit", onExit);
      await rm(file, { force: true });
    };
    try {
      await handle.writeFile(`${process.pid}\n`);
    } catch (error) {
      await unlock();
      throw error;
    } finally {
      await handle.close();
    }
    return unlock;
  }

  /** Makes a folder and every missing one above it; each new name is synced in its parent. */
  async #makeFolder(folder: string): Promise<void> {
    if (this.#synced.has(folder)) return;
    const first = await mkdir(folder, { recursive: true });
    if (first !== undefined) {
      const highest = dirname(resolve(first));
      for (let at = folder; at !== highest; at = dirname(at)) await syncFolder(dirname(at));
    }
    this.#synced.add(folder);
  }
}

/** A rename is durable once its folder is synced (not possible on Windows, where it is not needed). */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
