import { mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
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

  async read(path: string): Promise<Uint8Array | undefined> {
    requirePath(path);
    try {
      const { buffer, byteOffset, length } = await readFile(join(this.#folder, path));
      return new Uint8Array(buffer, byteOffset, length);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
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
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      const owner = (await readFile(file, "utf8").catch(() => "")).trim();
      throw new Error(
        `process ${owner || "unknown"} is writing here; if it is gone, remove ${file} and try again`,
        { cause: error },
      );
    }
    let held = true;
    return async () => {
      if (held) await unlink(file);
      held = false;
    };
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
