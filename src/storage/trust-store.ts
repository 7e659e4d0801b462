/**
 * A small key-value store: what a key-value database at the edge can give, and no more. Keys have the
 * form of storage paths (`requirePath`).
 *
 * `compareAndSwap` is linearizable: of several that expect the same bytes, one succeeds. A store that
 * cannot promise that cannot hold trust. A driver throws on a fault of the medium; that nothing is
 * there is an answer. Every value is read whole or not at all, also after a crash at any write.
 */
export interface TrustStore {
  /**
   * The value of a key, a copy, or undefined when it has none. Of one that is longer than `limit`
   * bytes it gives the first `limit + 1`.
   */
  get(key: string, limit: number): Promise<Uint8Array | undefined>;
  /** Sets a value. When the promise resolves it survives a crash. */
  put(key: string, value: Uint8Array): Promise<void>;
  /**
   * Sets a value only where the key's value is `expected`, byte for byte; undefined expects that it
   * has none. True if it did; then it survives a crash.
   */
  compareAndSwap(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
  ): Promise<boolean>;
  /** Takes a key's value away, durably; none there is no error. */
  remove(key: string): Promise<void>;
}
