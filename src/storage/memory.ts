import { OrderedJournal } from "./journal.js";
import type { Journal, LogStorage } from "./storage.js";
import { requirePath } from "./storage.js";

/** Storage in memory, for tests, browsers and short-lived logs. Nothing outlives it. */
export class MemoryStorage implements LogStorage {
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

  async createJournal(path: string): Promise<Journal> {
    requirePath(path);
    const paths = [...this.#files.keys()];
    if (paths.some((each) => each === path || each.startsWith(`${path}/`))) {
      throw new Error(`something stands at ${JSON.stringify(path)}`);
    }
    // Room for more than is there: `file` is what is there.
    let room = new Uint8Array(4096);
    let file = room.subarray(0, 0);
    this.#files.set(path, file);
    return new OrderedJournal({
      append: async (bytes) => {
        const length = file.length + bytes.length;
        if (length > room.length) {
          const wider = new Uint8Array(2 * length);
          wider.set(file);
          room = wider;
        }
        room.set(bytes, file.length);
        const there = this.#files.get(path) === file;
        file = room.subarray(0, length);
        // A removed one is not to come back.
        if (there) this.#files.set(path, file);
      },
      close: async () => {},
    });
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
