import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import type { TrustStore } from "../../src/storage/trust-store.js";

/** A trust store that tells what was stored, and lets a test hold up or stop any operation. */
export class TestTrustStore implements TrustStore {
  readonly inner = new MemoryTrustStore();
  /** Every value that was stored, in order. */
  readonly history: Uint8Array[] = [];
  operations = 0;
  /** Runs before and after an operation takes effect; what it throws is a fault of the medium. */
  gate: (side: "before" | "after") => Promise<void> = async () => {};

  async get(key: string, limit: number): Promise<Uint8Array | undefined> {
    return await this.#run(() => this.inner.get(key, limit));
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    await this.#run(async () => {
      await this.inner.put(key, value);
      this.history.push(value.slice());
    });
  }

  async compareAndSwap(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
  ): Promise<boolean> {
    return await this.#run(async () => {
      const swapped = await this.inner.compareAndSwap(key, expected, value);
      if (swapped) this.history.push(value.slice());
      return swapped;
    });
  }

  async remove(key: string): Promise<void> {
    await this.#run(() => this.inner.remove(key));
  }

  async #run<T>(effect: () => Promise<T>): Promise<T> {
    this.operations += 1;
    await this.gate("before");
    const result = await effect();
    await this.gate("after");
    return result;
  }
}
