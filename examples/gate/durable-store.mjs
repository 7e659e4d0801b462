/**
 * A trust store in the storage of a Durable Object, which one isolate alone has at a time. Reading,
 * comparing and writing is one synchronous step, so that `compareAndSwap` is linearizable; what
 * resolves is on the disk. Needs SQLite as its storage, which holds values of up to 2 MB.
 */
export class DurableStore {
  #storage;
  #prefix;

  constructor(storage, prefix) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  #find(key) {
    return this.#storage.kv.get(`${this.#prefix}/${key}`);
  }

  async get(key, limit) {
    return this.#find(key)?.slice(0, limit + 1);
  }

  async put(key, value) {
    this.#storage.kv.put(`${this.#prefix}/${key}`, value);
    await this.#storage.sync();
  }

  async compareAndSwap(key, expected, value) {
    const found = this.#find(key);
    const same =
      found?.length === expected?.length && !found?.some((byte, i) => byte !== expected[i]);
    if (!same) return false;
    await this.put(key, value);
    return true;
  }

  async remove(key) {
    this.#storage.kv.delete(`${this.#prefix}/${key}`);
    await this.#storage.sync();
  }
}
