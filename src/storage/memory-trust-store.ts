import { requirePath } from "./storage.js";
import type { TrustStore } from "./trust-store.js";

/** A trust store in memory, for tests and for verifiers that live shortly. Nothing outlives it. */
export class MemoryTrustStore implements TrustStore {
  readonly #values = new Map<string, Uint8Array>();

  async get(key: string, limit: number): Promise<Uint8Array | undefined> {
    requirePath(key);
    return this.#values.get(key)?.slice(0, limit + 1);
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    requirePath(key);
    this.#values.set(key, Uint8Array.from(value));
  }

  async compareAndSwap(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
  ): Promise<boolean> {
    requirePath(key);
    if (!isEqual(this.#values.get(key), expected)) return false;
    this.#values.set(key, Uint8Array.from(value));
    return true;
  }

  async remove(key: string): Promise<void> {
    requirePath(key);
    this.#values.delete(key);
  }
}

function isEqual(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
