/** F20, F15: a log at the edge, over a store with compare-and-swap: crashes at every call, and writers at once. */
import { describe, expect, test } from "vitest";
import { checkChain } from "../../src/lineage/chain.js";
import type { GateLog } from "../../src/lineage/log.js";
import { openLog } from "../../src/lineage/log.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import type { TrustStore } from "../../src/storage/trust-store.js";
import { TrustStoreStorage } from "../../src/storage/trust-store-storage.js";
import { Random, SEED } from "../authorization/random.js";
import { kernel } from "../kernel.js";
import {
  append,
  bodies,
  body,
  entriesOf,
  GATE,
  NEVER,
  NOW,
  numberOf,
  open,
  outcomeOf,
} from "./logged.js";

/** What one worker sees of a store: at its call number `most` it ends, before or after the call is done. */
class Worker implements TrustStore {
  calls = 0;
  constructor(
    readonly store: TrustStore,
    readonly most = Infinity,
    readonly done = false,
    readonly turns: () => number = () => 0,
  ) {}

  async #call<T>(call: () => Promise<T>): Promise<T> {
    for (let left = this.turns(); left > 0; left--) await Promise.resolve();
    if (this.calls++ >= this.most) {
      if (this.done && this.calls === this.most + 1) await call();
      throw new Error("the worker is gone");
    }
    return await call();
  }

  get(key: string, limit: number) {
    return this.#call(() => this.store.get(key, limit));
  }
  put(key: string, value: Uint8Array) {
    return this.#call(() => this.store.put(key, value));
  }
  compareAndSwap(key: string, expected: Uint8Array | undefined, value: Uint8Array) {
    return this.#call(() => this.store.compareAndSwap(key, expected, value));
  }
  remove(key: string) {
    return this.#call(() => this.store.remove(key));
  }
}

/** One worker's life, until it is gone; gives how many entries were acknowledged. */
async function live(store: TrustStore): Promise<number> {
  let durable = 0;
  const add = async (log: GateLog, count: number): Promise<void> => {
    await append(log, bodies(count, log.size));
    durable += count;
  };
  try {
    let log = await open(new TrustStoreStorage(store));
    await add(log, 1);
    await add(log, 2);
    await Promise.all([log.checkpoint(), add(log, 1)]);
    await add(log, 1);
    await log.checkpoint();
    await add(log, 1);
    await log.close();
    log = await open(new TrustStoreStorage(store));
    await add(log, 1);
    await log.close();
  } catch {
    // It is gone, or this is a defect: then what is left tells.
  }
  return durable;
}

describe("F20: a worker that is gone at any call of the store", () => {
  test.each([false, true])("loses nothing (the call was done: %s)", async (done) => {
    const whole = new Worker(new MemoryTrustStore());
    expect(await live(whole)).toBe(7);
    for (let most = 0; most <= whole.calls; most++) {
      const store = new MemoryTrustStore();
      const durable = await live(new Worker(store, most, done));
      const storage = new TrustStoreStorage(store);
      const log = await open(storage).catch((error: Error) => error);
      if (log instanceof Error) throw new Error(`gone at ${most}: ${log.message}`);
      const numbers = (await entriesOf(log)).map(numberOf);
      expect(numbers, `gone at ${most}`).toEqual(numbers.map((_, i) => i));
      expect(numbers.length, `gone at ${most}`).toBeGreaterThanOrEqual(durable);
      await append(log, bodies(1, log.size));
      await log.close();
      expect(await outcomeOf(storage), `gone at ${most}`).toBe("PROVEN");
    }
  });
});

test("F15: of writers that take each other's place at any moment, what each was told stays", async () => {
  const random = new Random(SEED);
  let displaced = 0;
  let opened = 0;
  for (let round = 0; round < 100; round++) {
    const store = new MemoryTrustStore();
    const acknowledged: number[] = [];
    /** Opens, appends one by one with checkpoints, until its place is taken or it has done its work. */
    const work = async (writer: number): Promise<void> => {
      const worker = new Worker(store, Infinity, false, () => random.below(4));
      for (let left = random.below(2500); left > 0; left--) await Promise.resolve();
      const log = await openLog(kernel, new TrustStoreStorage(worker), GATE, {
        every: { entries: 3, ms: 0 },
      }).catch(() => undefined);
      // Whose place was taken while it read may say LOG: it must not go on.
      if (!log?.ok) return;
      opened++;
      try {
        for (let i = 0; i < 10; i++) {
          const number = 1000 * writer + i;
          await append(log.value.log, [body(number)], NOW);
          acknowledged.push(number);
        }
        await log.value.log.close();
      } catch {
        displaced++;
        await log.value.log.close().catch(() => {});
      }
    };
    await Promise.all([0, 1, 2].map(work));
    const log = await open(new TrustStoreStorage(store));
    const entries = await entriesOf(log);
    expect(checkChain(kernel, entries, null).ok).toBe(true);
    const numbers = entries.map(numberOf);
    expect(new Set(numbers).size, `seed ${SEED}, round ${round}`).toBe(numbers.length);
    for (const number of acknowledged) expect(numbers, `round ${round}`).toContain(number);
    await log.close();
    expect(await outcomeOf(new TrustStoreStorage(store))).toBe("PROVEN");
  }
  expect(displaced).toBeGreaterThan(20);
  expect(opened).toBeGreaterThan(120);
});

test("F15: who has lost the place says so at the next append, and to whoever waits", async () => {
  const store = new MemoryTrustStore();
  const first = await open(new TrustStoreStorage(store), NEVER);
  await append(first, bodies(1));
  const second = await open(new TrustStoreStorage(store), NEVER);
  const appended = first.append(bodies(1, 1), NOW);
  if (!appended.ok) throw new Error(appended.expected);
  await expect(appended.value.durable).rejects.toMatchObject({
    cause: { message: expect.stringContaining("another writer has taken this one's place") },
  });
  await expect(first.close()).rejects.toThrow();
  await append(second, bodies(1, 1));
  await second.close();
});
