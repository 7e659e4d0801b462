import type { Storage } from "./storage.js";
import { requirePath } from "./storage.js";

/** Storage in memory, for tests, browsers and short-lived logs. Nothing outlives it. */
export class MemoryStorage implements Storage {
  readonly #files = new Map<string, Uint8Array>();
  #locked = false;

  async read(path: string, limit: number): Promise<Uint8Array | undefined> {
    requirePath(path);
    return this.#files.get(path)?.slice(0, limit + 1);
  }

  async list(path: string): Promise<readonly string[]> {
    if (path !== "") requirePath(path);
    const prefix = path === "" ? "" : `${path}/`;
    const names = [...this.#files.keys()]
      .filter((file) => file.startsWith(prefix))
      .map((file) => file.slice(prefix.length).split("/", 1)[0] as string);
    return [...new Set(names)];
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    requirePath(path);
    this.#files.set(path, bytes.slice());
  }

  async remove(path: string): Promise<void> {
    requirePath(path);
    this.#files.delete(path);
  }

  async lock(): Promise<() => Promise<void>> {
    if (this.#locked) throw new Error("another writer holds this storage");
    this.#locked = true;
    let held = true;
    return async () => {
      if (held) this.#locked = false;
      held = false;
    };
  }
}
