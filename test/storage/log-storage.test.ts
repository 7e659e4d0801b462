import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { FileSystem } from "../../src/storage/file-system.js";
import { nodeFileSystem } from "../../src/storage/file-system.js";
import { FileTrustStore } from "../../src/storage/file-trust-store.js";
import { FileStorage } from "../../src/storage/files.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { TrustStoreStorage } from "../../src/storage/trust-store-storage.js";
import { describeLogStorage, LOG_STORAGE_CHECKS } from "./log-storage.js";
import { SWAP_CHECKS } from "./trust-store.js";

const LIMIT = 1 << 20;
const base = await realpath(await mkdtemp(join(tmpdir(), "writ-journal-")));
let count = 0;
afterAll(() => rm(base, { recursive: true }));

/** A folder that is not there yet. */
const folder = (): string => join(base, `${count++}`, "log");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (found: Uint8Array | undefined): string => new TextDecoder().decode(found);

describeLogStorage("MemoryStorage", async () => {
  const storage = new MemoryStorage();
  return () => storage;
});
describeLogStorage("FileStorage", async () => {
  const root = folder();
  return () => new FileStorage(root);
});
describeLogStorage("TrustStoreStorage", async () => {
  const store = new MemoryTrustStore();
  return () => new TrustStoreStorage(store);
});
describeLogStorage("TrustStoreStorage over files", async () => {
  const store = new FileTrustStore(folder());
  return () => new TrustStoreStorage(store);
});

/** Compares and swaps, but in two steps: what many key-value stores have. */
class LooseTrustStore extends MemoryTrustStore {
  override async compareAndSwap(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
  ): Promise<boolean> {
    const found = await this.get(key, LIMIT);
    if (text(found) !== text(expected) || (found === undefined) !== (expected === undefined)) {
      return false;
    }
    await Promise.resolve();
    await this.put(key, value);
    return true;
  }
}

describe("F15: a store without linearizable compare-and-swap is refused", () => {
  const refusals = async <Opened>(
    checks: readonly { name: string; run: (opened: Opened) => Promise<void> }[],
    open: () => Opened,
  ): Promise<string[]> => {
    const refused: string[] = [];
    for (const { name, run } of checks) {
      await run(open()).catch(() => refused.push(name));
    }
    return refused;
  };

  test("by the checks of a log's storage", async () => {
    const refused = await refusals(LOG_STORAGE_CHECKS, () => {
      const store = new LooseTrustStore();
      return () => new TrustStoreStorage(store);
    });
    expect(refused).toEqual([
      "of many that make a journal at one path at once one succeeds",
      "of many that take the writer's place at once one at most can use it",
      "whoever takes the writer's place amid appends sees all that was answered, and no more comes",
    ]);
  });

  test("by the checks of a trust store", async () => {
    const refused = await refusals(SWAP_CHECKS, () => {
      const store = new LooseTrustStore();
      return () => store;
    });
    expect(refused.length).toBe(SWAP_CHECKS.length);
  });

  test("and the same checks accept one that has it", async () => {
    const refused = await refusals(LOG_STORAGE_CHECKS, () => {
      const store = new MemoryTrustStore();
      return () => new TrustStoreStorage(store);
    });
    expect(refused).toEqual([]);
  });
});

describe("a journal of FileStorage", () => {
  /** The machine's file system, whose new growing files write and sync as `spoil` says. */
  const spoilt = (
    spoil: (write: number) => { most?: number; fails?: "write" | "sync" },
  ): FileSystem => ({
    ...nodeFileSystem,
    async createGrowing(path) {
      const file = await nodeFileSystem.createGrowing(path);
      let [writes, syncs] = [0, 0];
      return {
        write: async (part) => {
          const { most = part.length, fails } = spoil(writes++);
          if (fails === "write") throw new Error("no space");
          return await file.write(part.subarray(0, most));
        },
        sync: async () => {
          if (spoil(syncs++).fails === "sync") throw new Error("no medium");
          await file.sync();
        },
        close: () => file.close(),
      };
    },
  });

  test("is written to the end when the system takes a part at a time", async () => {
    const storage = new FileStorage(
      folder(),
      spoilt(() => ({ most: 3 })),
    );
    const journal = await storage.createJournal("a");
    await journal.append(bytes("a longer text"));
    await journal.append(bytes("and more"));
    expect(text(await storage.read("a", LIMIT))).toBe("a longer textand more");
    await journal.close();
  });

  test("fails where the system takes nothing", async () => {
    const storage = new FileStorage(
      folder(),
      spoilt(() => ({ most: 0 })),
    );
    const journal = await storage.createJournal("a");
    await expect(journal.append(bytes("text"))).rejects.toThrow("takes no more");
    await journal.close();
  });

  test.each(["write", "sync"] as const)(
    "takes nothing more after a %s that failed",
    async (fails) => {
      const fault = (n: number) => (n === 1 ? { fails } : {});
      const storage = new FileStorage(folder(), spoilt(fault));
      const journal = await storage.createJournal("a");
      await journal.append(bytes("one"));
      await expect(journal.append(bytes("two"))).rejects.toThrow(/no space|no medium/);
      await expect(journal.append(bytes("three"))).rejects.toThrow("has failed before");
      expect(text(await storage.read("a", LIMIT))).toBe(fails === "write" ? "one" : "onetwo");
      await journal.close();
    },
  );

  test("leaves nothing beside it, and another process sees it", async () => {
    const root = folder();
    const journal = await new FileStorage(root).createJournal("ahead/1");
    await journal.append(bytes("text"));
    await journal.close();
    expect((await readdir(root, { recursive: true })).sort()).toEqual(["ahead", "ahead/1"]);
    expect(text(await new FileStorage(root).read("ahead/1", LIMIT))).toBe("text");
  });
});

describe("TrustStoreStorage", () => {
  /** The store's keys. */
  class Listed extends MemoryTrustStore {
    readonly keys = new Set<string>();
    override async compareAndSwap(
      key: string,
      expected: Uint8Array | undefined,
      value: Uint8Array,
    ): Promise<boolean> {
      const done = await super.compareAndSwap(key, expected, value);
      if (done) this.keys.add(key);
      return done;
    }
    override async remove(key: string): Promise<void> {
      this.keys.delete(key);
      await super.remove(key);
    }
  }

  test("leaves no piece of a journal that was removed, also where a removal was cut short", async () => {
    const store = new Listed();
    const storage = new TrustStoreStorage(store);
    for (const path of ["a", "b"]) {
      const journal = await storage.createJournal(path);
      for (let i = 0; i < 5; i++) await journal.append(bytes(`${i}`));
    }
    await storage.remove("a");
    const pieces = (): string[] => [...store.keys].filter((key) => key.startsWith("batch/"));
    expect(pieces()).toHaveLength(5);
    const removed = store.remove.bind(store);
    let left = 2;
    store.remove = async (key) => {
      if (left-- <= 0) throw new Error("power is gone");
      await removed(key);
    };
    await expect(storage.remove("b")).rejects.toThrow("power");
    store.remove = removed;
    expect(pieces()).toHaveLength(3);
    const next = new TrustStoreStorage(store);
    expect(await next.read("b", LIMIT)).toBeUndefined();
    await next.lock();
    expect(pieces()).toEqual([]);
  });

  test("refuses a state that no storage has written", async () => {
    for (const value of ["", "null", "{}", '{"epoch":-1,"gone":[],"journals":[],"next":0}']) {
      const store = new MemoryTrustStore();
      await store.put("state", bytes(value));
      await expect(new TrustStoreStorage(store).list(""), value).rejects.toThrow(Error);
    }
  });
});
