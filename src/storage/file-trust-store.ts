import type { FileSystem } from "./file-system.js";
import { FileStorage } from "./files.js";
import type { Owners } from "./owner.js";
import { requirePath } from "./storage.js";
import type { TrustStore } from "./trust-store.js";

interface Options {
  /** How many milliseconds a change waits for another process that is at one. 10 000 unless told. */
  readonly wait?: number;
  /** For tests: another medium, and whose locks are alive on it. */
  readonly fileSystem?: FileSystem;
  readonly owners?: Owners;
}

/**
 * A trust store in a folder that is its own, a file a value. Any number of processes of one machine
 * may use it: each change is made under the folder's lock, and a lock whose owner was killed is taken
 * over. A change that waited too long throws; nothing is changed then.
 *
 * Of a key and another below it (`a` and `a/b`) only one can have a value, for `a` is a file or a
 * folder: `put` and `compareAndSwap` of the second throw, also once the value below is removed.
 *
 * `get` takes no lock: it may see a value a moment before that survives a loss of power, as long as
 * the change to it has not been answered.
 */
export class FileTrustStore implements TrustStore {
  readonly #storage: FileStorage;
  readonly #wait: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string, options: Options = {}) {
    const { wait = 10_000, fileSystem, owners } = options;
    if (!(wait >= 0)) throw new RangeError(`not a time to wait in milliseconds: ${wait}`);
    this.#wait = wait;
    this.#storage = new FileStorage(folder, fileSystem, owners);
  }

  get(key: string, limit: number): Promise<Uint8Array | undefined> {
    return this.#storage.read(key, limit);
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    requirePath(key);
    const bytes = Uint8Array.from(value);
    await this.#alone(() => this.#storage.write(key, bytes));
  }

  async compareAndSwap(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
  ): Promise<boolean> {
    requirePath(key);
    const before = expected && Buffer.from(expected);
    const bytes = Uint8Array.from(value);
    return this.#alone(async () => {
      const found = await this.#storage.read(key, before?.length ?? 0);
      const same = found && before ? before.equals(found) : found === before;
      if (same) await this.#storage.write(key, bytes);
      return same;
    });
  }

  async remove(key: string): Promise<void> {
    requirePath(key);
    await this.#alone(() => this.#storage.remove(key));
  }

  /** One change after another: those of this store in the order of their calls. */
  #alone<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      const unlock = await this.#storage.lock(this.#wait);
      try {
        return await change();
      } finally {
        await unlock();
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}
