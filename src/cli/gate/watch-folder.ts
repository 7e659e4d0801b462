/** Hints from the file system that trust may have changed, so that a gate need not wait for its poll. */
import type { FSWatcher } from "node:fs";
import { watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Subscription } from "../../gate/follower.js";

/**
 * How deep folders are watched: a trust store's records are one below, the metadata of a folder of
 * published domains two. Each folder alone, since a watch of all below differs from system to system.
 */
const DEPTH = 2;
/** What is replaced last lies beside these: a record, a timestamp. */
const LEFT_OUT = new Set(["files", "log", "targets"]);
const MOST = 512;
/** Milliseconds until folders that came, went or could not be watched are looked at again. */
const SOON = 250;
const RETRY = 2_000;

/**
 * Tells of changes in folders: of trust stores and of what domains publish, also of those that are not
 * there yet. Where a folder cannot be watched nothing is told, and polling has to do.
 */
export function watchFolders(folders: readonly string[]): Subscription {
  return (changed) => {
    const watching = new FolderWatch(folders, changed);
    return () => watching.close();
  };
}

interface Watched {
  readonly watcher: FSWatcher;
  /** Which folder stood at the path: another one may take its place. */
  readonly id: string;
}

class FolderWatch {
  readonly #folders: readonly string[];
  readonly #changed: () => void;
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;
  #scanning = false;
  #closed = false;

  constructor(folders: readonly string[], changed: () => void) {
    this.#folders = folders;
    this.#changed = changed;
    void this.#scan();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  #scanIn(ms: number): void {
    const due = performance.now() + ms;
    if (this.#closed || due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => void this.#scan(), ms).unref();
  }

  async #scan(): Promise<void> {
    this.#due = Number.POSITIVE_INFINITY;
    if (this.#scanning) return this.#scanIn(SOON);
    this.#scanning = true;
    const found = new Map<string, string>();
    for (const folder of this.#folders) await find(folder, DEPTH, found);
    this.#scanning = false;
    if (this.#closed) return;
    for (const [path, { watcher, id }] of this.#watched) {
      if (found.get(path) === id) continue;
      watcher.close();
      this.#watched.delete(path);
    }
    let more = false;
    for (const [path, id] of found) {
      if (this.#watched.has(path) || this.#watched.size >= MOST) continue;
      more = this.#watch(path, id) || more;
    }
    // What happened before the watch began.
    if (more) this.#changed();
    if (this.#folders.some((folder) => !this.#watched.has(folder))) this.#scanIn(RETRY);
  }

  #watch(path: string, id: string): boolean {
    try {
      const watcher = watch(path, { persistent: false }, (event, name) => {
        // A file that is still being written has a name of the driver's own.
        if (name?.startsWith(".")) return;
        if (event === "rename") this.#scanIn(SOON);
        this.#changed();
      });
      watcher.on("error", () => {
        watcher.close();
        if (this.#watched.get(path)?.watcher === watcher) this.#watched.delete(path);
        this.#scanIn(RETRY);
      });
      this.#watched.set(path, { watcher, id });
      return true;
    } catch {
      this.#scanIn(RETRY);
      return false;
    }
  }
}

/** The folders at and below a path, each with what tells it from another at the same path. */
async function find(path: string, depth: number, found: Map<string, string>): Promise<void> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    const entries = await readdir(path, { withFileTypes: true });
    found.set(path, `${dev}:${ino}`);
    if (depth === 0) return;
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith(".") || LEFT_OUT.has(entry.name)) continue;
      if (found.size < MOST) await find(join(path, entry.name), depth - 1, found);
    }
  } catch {
    // It is not there, or not a folder; the poll will say what that means.
  }
}
