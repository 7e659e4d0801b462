/** Logs that grow, step by step and in one jump, against the model and the specification. */
import { beforeAll, describe, expect, test } from "vitest";
import { MemoryStorage } from "../../src/storage/memory.js";
import { growTree } from "../../src/tlog/append.js";
import type { TreeHead } from "../../src/tlog/checkpoint.js";
import { TreeReader } from "../../src/tlog/tree-reader.js";
import type { Result } from "../../src/verdict.js";
import { model, sampleEntries } from "../kernel/model.js";
import { kernel } from "../kernel.js";
import type { Files } from "./stored.js";
import { demanded, EMPTY, filesOf, grow, storageOf } from "./stored.js";

/** More than any file here holds. */
const LIMIT = 1 << 24;

const LARGE = 65_536 + 300;
const entries = sampleEntries(LARGE);
const oracle = model(entries);

const headOf = (size: number): TreeHead => ({
  size: BigInt(size),
  rootHash: oracle.mth(0, size),
});

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.code}: ${result.expected}, found ${result.found}`);
  return result.value;
}

/** Steps that land on, before and after the edges of tiles, and between. */
const SIZES = [0, 1, 2, 2, 3, 7, 60, 100, 254, 255, 256, 257, 258, 400, 511, 513, 530, 700];

async function expectProofs(storage: MemoryStorage, size: number, sample: number[]) {
  const tree = new TreeReader(kernel, storage, BigInt(size), "c2sp");
  expect(valueOf(await tree.root())).toEqual(oracle.mth(0, size));
  for (const m of sample) {
    expect(valueOf(await tree.leafHash(BigInt(m)))).toEqual(oracle.leaf(m));
    const path = valueOf(await tree.proveInclusion(BigInt(m)));
    const proof = valueOf(await tree.proveConsistency(BigInt(m + 1)));
    // Comparing bytes first keeps the message for a difference.
    if (!Buffer.concat(path).equals(Buffer.concat(oracle.path(m, size)))) {
      expect(path, `leaf ${m} of ${size}`).toEqual(oracle.path(m, size));
    }
    if (!Buffer.concat(proof).equals(Buffer.concat(oracle.proof(m + 1, size)))) {
      expect(proof, `${m + 1} to ${size}`).toEqual(oracle.proof(m + 1, size));
    }
  }
}

test("a log that grows has at every step the root, the files and the proofs of its size", async () => {
  const storage = new MemoryStorage();
  const everything: Files = new Map();
  let head = EMPTY;
  for (const size of SIZES) {
    const before = demanded(entries, oracle, Number(head.size));
    const grown = await grow(storage, head, entries.slice(Number(head.size), size));
    expect(grown.head).toEqual(headOf(size));
    const now = demanded(entries, oracle, size);
    const added = new Map([...now].filter(([path]) => !before.has(path)));
    expect([...grown.files.keys()].sort()).toEqual([...added.keys()].sort());
    for (const [path, bytes] of now) {
      everything.set(path, bytes);
      expect(Buffer.compare(bytes, (await storage.read(path, LIMIT)) ?? Buffer.of(0)), path).toBe(
        0,
      );
    }
    await expectProofs(
      storage,
      size,
      Array.from({ length: size }, (_, m) => m),
    );
    head = grown.head;
  }
  // Nothing else was ever written, and what was written was not changed.
  expect(await filesOf(storage)).toEqual(everything);
});

test("steps of every small width from every small size", async () => {
  for (let size = 0; size <= 9; size++) {
    for (let step = 0; step <= 9; step++) {
      const storage = await storageOf(demanded(entries, oracle, size));
      const grown = await grow(storage, headOf(size), entries.slice(size, size + step));
      expect(grown.head).toEqual(headOf(size + step));
    }
  }
});

describe("one jump past 65,536 leaves", () => {
  let storage: MemoryStorage;
  let written: ReadonlyMap<string, Uint8Array>;

  beforeAll(async () => {
    storage = await storageOf(demanded(entries, oracle, 700));
    const grown = await grow(storage, headOf(700), entries.slice(700));
    expect(grown.head).toEqual(headOf(LARGE));
    written = grown.files;
  });

  test("writes the files that the size demands, and no others", () => {
    const before = demanded(entries, oracle, 700);
    const now = [...demanded(entries, oracle, LARGE)].filter(([path]) => !before.has(path));
    expect([...written.keys()].sort()).toEqual(now.map(([path]) => path).sort());
    for (const [path, bytes] of now) {
      expect(Buffer.compare(bytes, written.get(path) ?? Buffer.of(0)), path).toBe(0);
    }
    expect(written.has("tile/2/000.p/1")).toBe(true);
    expect(written.has("tile/1/001.p/1")).toBe(true);
    expect(written.has("tile/entries/257.p/44")).toBe(true);
  });

  test("proves what the model proves", async () => {
    const edges = [0, 1, 255, 256, 511, 700, 32_767, 32_768, 65_279, 65_535, 65_536, 65_791];
    const spread = Array.from({ length: 60 }, (_, i) => (i * 1097) % LARGE);
    await expectProofs(storage, LARGE, [...edges, ...spread, LARGE - 1]);
  });

  test("still proves what earlier sizes prove", async () => {
    await expectProofs(storage, 700, [0, 5, 256, 511, 512, 699]);
    await expectProofs(storage, 65_536, [0, 65_535, 4711]);
    await expectProofs(storage, 65_537, [0, 65_535, 65_536, 4711]);
  });
});

describe("a tile that is not there under its exact name", () => {
  const SIZE = 700;
  /** The log of 700 entries without this file, and with the files of another size at its place. */
  async function without(path: string, ...sizes: number[]): Promise<MemoryStorage> {
    const files = demanded(entries, oracle, SIZE);
    expect(files.delete(path)).toBe(true);
    const [tile] = path.split(".p/") as [string];
    const others = sizes.flatMap((size) =>
      [...demanded(entries, oracle, size)].filter(([name]) => name.startsWith(tile)),
    );
    expect(others).toHaveLength(sizes.length);
    return await storageOf([...files, ...others]);
  }

  test.each([
    ["tile/0/002.p/188", [701]],
    ["tile/0/002.p/188", [767]],
    ["tile/0/002.p/188", [768]],
    ["tile/0/002.p/188", [600, 710, 750]],
    ["tile/1/000.p/2", [768]],
    ["tile/1/000.p/2", [65_535]],
    ["tile/1/000.p/2", [65_536]],
  ])("%s is served by what the sizes %j have there", async (path, sizes) => {
    await expectProofs(await without(path, ...sizes), SIZE, [0, 255, 300, 511, 512, 600, 699]);
  });

  test.each([
    ["tile/0/002.p/188", []],
    ["tile/0/002.p/188", [513, 699]],
    ["tile/1/000.p/2", []],
    ["tile/1/000.p/2", [511]],
  ])("%s is MISSING where only the sizes %j have something there", async (path, sizes) => {
    const storage = await without(path, ...sizes);
    const tree = new TreeReader(kernel, storage, BigInt(SIZE), "c2sp");
    const missing = { ok: false, code: "MISSING", expected: path };
    expect(await tree.root()).toMatchObject(missing);
    expect(await tree.proveInclusion(0n)).toMatchObject(missing);
    expect(await tree.proveConsistency(600n)).toMatchObject(missing);
    const grown = await growTree(kernel, storage, headOf(SIZE), entries.slice(SIZE, 710));
    expect(grown).toMatchObject(missing);
  });

  test("a proof that does not need the missing tile is given", async () => {
    const tree = new TreeReader(kernel, await without("tile/0/001"), BigInt(SIZE), "c2sp");
    expect(valueOf(await tree.proveInclusion(0n))).toEqual(oracle.path(0, SIZE));
    const missing = { ok: false, code: "MISSING", expected: "tile/0/001" };
    expect(await tree.proveInclusion(256n)).toMatchObject(missing);
    expect(await tree.leafHash(300n)).toMatchObject(missing);
  });
});

test("a leaf or a proof past the tree's size is the caller's mistake", async () => {
  const storage = await storageOf(demanded(entries, oracle, 700));
  const tree = new TreeReader(kernel, storage, 600n, "c2sp");
  await expect(tree.proveInclusion(600n)).rejects.toThrow(RangeError);
  await expect(tree.proveConsistency(601n)).rejects.toThrow(RangeError);
  await expect(tree.proveConsistency(0n)).rejects.toThrow(RangeError);
  await expect(tree.leafHash(600n)).rejects.toThrow(RangeError);
  await expect(tree.leafHash(650n)).rejects.toThrow(RangeError);
});
