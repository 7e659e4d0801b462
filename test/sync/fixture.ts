/** Readers of domains: stores, sources and pins in memory. */
import type { Storage } from "../../src/storage/storage.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import type { TrustStore } from "../../src/storage/trust-store.js";
import { folderSource } from "../../src/sync/folder-source.js";
import type { Pin } from "../../src/sync/pin.js";
import type { Source } from "../../src/sync/source.js";
import type { DomainSync } from "../../src/sync/sync.js";
import { sync } from "../../src/sync/sync.js";
import { kernel } from "../kernel.js";
import type { TestDomain } from "../domain/fixture.js";
import { must } from "../domain/fixture.js";

export const TERMS: Pin["terms"] = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };

/** A reader that pinned the first root of a domain. */
export class TestReader {
  constructor(
    readonly domain: string,
    readonly pin: Pin,
    readonly store: TrustStore = new MemoryTrustStore(),
  ) {}

  static async of(domain: TestDomain, store?: TrustStore): Promise<TestReader> {
    const root = await domain.read("metadata/1.root.json");
    return new TestReader(domain.name, { root, terms: TERMS }, store);
  }

  async sync(now: number, ...sources: readonly Source[]): Promise<DomainSync> {
    const byDomain = new Map([[this.domain, sources]]);
    const results = await sync(kernel, this.store, byDomain, [this.pin], now);
    const result = results.get(this.domain);
    if (!result) throw new Error(`no answer for ${this.domain}`);
    return must(result);
  }
}

/** The domain's own folder as it is now, and goes on to be. */
export function live(domain: TestDomain, name = "live"): Source {
  return folderSource(
    {
      read: (path, limit) => domain.storage.read(`public/${path}`, limit),
      list: (path) => domain.storage.list(`public/${path}`),
    },
    name,
  );
}

export function frozen(storage: Storage, name: string): Source {
  return folderSource(storage, name);
}
