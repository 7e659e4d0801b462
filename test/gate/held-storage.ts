import { MemoryStorage } from "../../src/storage/memory.js";
/** MemoryStorage whose appends (or writes below a path) wait while held. */
export class Held {
  inner = new MemoryStorage();
  #release: (() => void) | undefined;
  #wait: Promise<void> | undefined;
  holdWrites: string | undefined;
  hold() {
    this.#wait = new Promise((r) => (this.#release = r));
  }
  release() {
    const r = this.#release;
    this.#wait = undefined;
    r?.();
  }
  read(p: string, l: number) {
    return this.inner.read(p, l);
  }
  list(p: string) {
    return this.inner.list(p);
  }
  async write(p: string, b: Uint8Array) {
    if (this.holdWrites !== undefined && p.startsWith(this.holdWrites)) await this.#wait;
    return await this.inner.write(p, b);
  }
  remove(p: string) {
    return this.inner.remove(p);
  }
  lock() {
    return this.inner.lock();
  }
  async createJournal(p: string) {
    const j = await this.inner.createJournal(p);
    return {
      append: async (b: Uint8Array) => {
        if (this.holdWrites === undefined) await this.#wait;
        return await j.append(b);
      },
      close: () => j.close(),
    };
  }
}
