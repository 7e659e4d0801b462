/** What growing a log refuses, and what it names for removal. */
import { describe, expect, test } from "vitest";
import { MemoryStorage } from "../../src/storage/memory.js";
import { growTree } from "../../src/tlog/append.js";
import type { TreeHead } from "../../src/tlog/checkpoint.js";
import { formatTilePath } from "../../src/tlog/tile.js";
import type { Result } from "../../src/verdict.js";
import { model, sampleEntries } from "../kernel/model.js";
import { kernel } from "../kernel.js";
import type { Files } from "./stored.js";
import { demanded, EMPTY, filesOf, storageOf } from "./stored.js";

const entries = sampleEntries(900);
const oracle = model(entries);

const headOf = (size: number): TreeHead => ({
  size: BigInt(size),
  rootHash: oracle.mth(0, size),
});

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.code}: ${result.expected}, found ${result.found}`);
  return result.value;
}

describe("what a crashed append left past the tree", () => {
  const size = 700;
  const others = sampleEntries(2400).slice(1100);

  /** The files that an append of `count` other entries to the log of 700 would have written. */
  function left(count: number): Files {
    const grown = [...entries.slice(0, size), ...others.slice(0, count)];
    const before = demanded(entries, oracle, size);
    const after = demanded(grown, model(grown), grown.length);
    return new Map([...after].filter(([path]) => !before.has(path)));
  }

  async function staleOf(storage: MemoryStorage): Promise<readonly string[]> {
    const more = entries.slice(size, size + 2);
    const { beyond } = valueOf(await growTree(kernel, storage, headOf(size), more));
    return beyond.map((tile) => formatTilePath(tile, "c2sp"));
  }

  test("is named to be removed, each file once, and nothing else", async () => {
    for (const count of [1, 2, 60, 68, 100, 1300]) {
      const files = left(count);
      const stale = await staleOf(await storageOf([...demanded(entries, oracle, size), ...files]));
      expect([...stale].sort(), `${count} entries`).toEqual([...files.keys()].sort());
    }
  });

  test("is nothing in a log that grew in steps", async () => {
    const storage = new MemoryStorage();
    for (const step of [1, 100, 255, 300, 600, size]) {
      for (const [path, bytes] of demanded(entries, oracle, step)) await storage.write(path, bytes);
    }
    expect(await staleOf(storage)).toEqual([]);
  });

  test("can be removed in that order by a writer that crashes too", async () => {
    const files = new Map([...demanded(entries, oracle, size), ...left(1300)]);
    const stale = await staleOf(await storageOf(files));
    for (const [i, path] of stale.entries()) {
      expect(files.delete(path)).toBe(true);
      if (i % 3 === 0) expect(await staleOf(await storageOf(files))).toEqual(stale.slice(i + 1));
    }
  });
});

describe("growing refuses", () => {
  const size = 700;
  const edge = ["tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/002.p/188"];
  const more = entries.slice(size, size + 100);

  test.each(edge)("a log whose %s is gone", async (path) => {
    const files = demanded(entries, oracle, size);
    files.delete(path);
    const grown = await growTree(kernel, await storageOf(files), headOf(size), more);
    expect(grown).toMatchObject({ ok: false, code: "MISSING" });
  });

  test.each(edge)("a log whose %s is cut short, empty or longer", async (path) => {
    const files = demanded(entries, oracle, size);
    const whole = files.get(path) as Uint8Array;
    for (const torn of [
      new Uint8Array(),
      whole.subarray(0, whole.length - 1),
      whole.subarray(0, 32),
      Uint8Array.of(...whole, 0),
      Uint8Array.of(...whole, ...whole.subarray(0, 32)),
    ]) {
      const storage = await storageOf([...files, [path, torn]]);
      const grown = await growTree(kernel, storage, headOf(size), more);
      expect(grown.ok, `${torn.length} bytes`).toBe(false);
      if (!grown.ok) expect(["TREE", "MALFORMED"]).toContain(grown.code);
    }
  });

  test.each(edge)("a log whose %s has a byte changed, wherever", async (path) => {
    const files = demanded(entries, oracle, size);
    const whole = files.get(path) as Uint8Array;
    for (let at = 0; at < whole.length; at += 61) {
      const bad = whole.slice();
      bad[at] = (bad[at] as number) ^ 1;
      const storage = await storageOf([...files, [path, bad]]);
      const grown = await growTree(kernel, storage, headOf(size), more);
      expect(grown.ok, `byte ${at}`).toBe(false);
    }
  });

  test("a bundle with the entries of another log", async () => {
    const files = demanded(entries, oracle, size);
    const path = "tile/entries/002.p/188";
    const other = sampleEntries(900).slice(200);
    files.set(path, demanded(other, model(other), size).get(path) as Uint8Array);
    const grown = await growTree(kernel, await storageOf(files), headOf(size), more);
    expect(grown).toMatchObject({ ok: false, code: "TREE" });
  });

  test("tiles that have another root than the checkpoint", async () => {
    const storage = await storageOf(demanded(entries, oracle, size));
    for (const rootHash of [oracle.mth(0, 699), new Uint8Array(32), EMPTY.rootHash]) {
      const head = { size: BigInt(size), rootHash };
      const grown = await growTree(kernel, storage, head, more);
      expect(grown).toMatchObject({ ok: false, code: "TREE" });
    }
    const smaller = { size: 699n, rootHash: oracle.mth(0, 700) };
    expect((await growTree(kernel, storage, smaller, more)).ok).toBe(false);
    const none = { size: 0n, rootHash: oracle.mth(0, 700) };
    expect(await growTree(kernel, storage, none, more)).toMatchObject({ ok: false, code: "TREE" });
  });

  test("an entry that a bundle cannot hold, by throwing before anything is given", async () => {
    const storage = await storageOf(demanded(entries, oracle, size));
    const long = [entries[700] as Uint8Array, new Uint8Array(65_536)];
    await expect(growTree(kernel, storage, headOf(size), long)).rejects.toThrow(RangeError);
  });
});

test("growing computes and does not write", async () => {
  const files = demanded(entries, oracle, 300);
  const storage = await storageOf(files);
  valueOf(await growTree(kernel, storage, headOf(300), entries.slice(300, 600)));
  expect(await filesOf(storage)).toEqual(files);
});
