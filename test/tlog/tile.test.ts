import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Layout, Tile } from "../../src/tlog/tile.js";
import {
  decodeEntries,
  encodeEntries,
  formatTilePath,
  hashesAtLevel,
  parseTilePath,
  readTile,
  tileWidth,
} from "../../src/tlog/tile.js";
import { utf8 } from "./fixture.js";

describe("paths", () => {
  test.each([
    // The examples of C2SP tlog-tiles, and the smallest and largest of their kinds.
    ["tile/0/x001/x234/067", { level: 0, index: 1_234_067n, width: 256 }],
    ["tile/0/x001/x234/067.p/1", { level: 0, index: 1_234_067n, width: 1 }],
    ["tile/0/000", { level: 0, index: 0n, width: 256 }],
    ["tile/0/999", { level: 0, index: 999n, width: 256 }],
    ["tile/0/x001/000", { level: 0, index: 1000n, width: 256 }],
    ["tile/1/000.p/255", { level: 1, index: 0n, width: 255 }],
    ["tile/7/127.p/128", { level: 7, index: 127n, width: 128 }],
    ["tile/entries/x001/x234/067", { level: "entries", index: 1_234_067n, width: 256 }],
    ["tile/entries/273.p/112", { level: "entries", index: 273n, width: 112 }],
  ] as const)("%s", (path, tile) => {
    expect(formatTilePath(tile, "c2sp")).toBe(path);
    expect(parseTilePath(path, "c2sp")).toEqual(tile);
  });

  test("the Go layout has the height before the level, and no entry bundles", () => {
    const tile: Tile = { level: 1, index: 12_345n, width: 17 };
    expect(formatTilePath(tile, "go")).toBe("tile/8/1/x012/345.p/17");
    expect(parseTilePath("tile/8/1/x012/345.p/17", "go")).toEqual(tile);
    expect(parseTilePath("tile/1/x012/345.p/17", "go")).toBeUndefined();
    expect(parseTilePath("tile/8/entries/000", "go")).toBeUndefined();
    expect(parseTilePath("tile/8/data/000", "go")).toBeUndefined();
  });

  const tiles = fc.record({
    level: fc.oneof(fc.nat(7), fc.constant("entries" as const)),
    index: fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 55n }),
      fc.bigInt({ min: 0n, max: 2000n }),
      fc.nat(5).map((groups) => 1000n ** BigInt(groups)),
    ),
    width: fc.integer({ min: 1, max: 256 }),
  });

  test("a path that was formatted parses to its tile", () => {
    fc.assert(
      fc.property(tiles, fc.constantFrom<Layout>("c2sp", "go"), (tile, layout) => {
        fc.pre(layout === "c2sp" || tile.level !== "entries");
        expect(parseTilePath(formatTilePath(tile, layout), layout)).toEqual(tile);
      }),
      { numRuns: 1000 },
    );
  });

  test("a path with one character changed parses to nothing, or to the tile that has that path", () => {
    const characters = fc.constantFrom(...'0123456789x./pe-+ \n\u0000\u0660tile"');
    fc.assert(
      fc.property(tiles, fc.nat(60), characters, fc.nat(1), (tile, place, character, drop) => {
        const path = formatTilePath(tile, "c2sp");
        const at = place % (path.length + 1);
        const changed = path.slice(0, at) + character + path.slice(at + drop);
        const parsed = parseTilePath(changed, "c2sp");
        if (parsed) expect(formatTilePath(parsed, "c2sp")).toBe(changed);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    "",
    "tile",
    "tile/",
    "tile/0",
    "tile/0/",
    "tile/0//000",
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "tile/0/x000",
    "tile/0/x000/000",
    "tile/0/x000/x001/000",
    "tile/0/001/000",
    "tile/0/x1/000",
    "tile/0/X001/000",
    "tile/0/x001/000/",
    "/tile/0/000",
    "./tile/0/000",
    "tile/0/000/..",
    "tile/0/../0/000",
    "tile/0/000 ",
    "tile/0/000\n",
    "tile/0/-01",
    "tile/0/+01",
    "tile/0/0x1",
    "tile/0/1e2",
    "tile/0/٠٠٠",
    "tile/8/000",
    "tile/00/000",
    "tile/-1/000",
    "tile/01/000",
    "tile/data/000",
    "tile/Entries/000",
    "tiles/0/000",
    "tile/0/000.p",
    "tile/0/000.p/",
    "tile/0/000.p/0",
    "tile/0/000.p/00",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/-1",
    "tile/0/000.p/1/2",
    "tile/0/000.p/1.p/2",
    "tile/0/000.p/1e1",
    "tile/0/000.q/1",
    "tile/0/000p/1",
    "tile/0/x001.p/1",
    "tile/0/x001.p/000",
    "tile/0/000/1",
    "tile/0/x001/x001/x001/x001/x001/x001/x001/000",
  ])("%j is no tile", (path) => {
    expect(parseTilePath(path, "c2sp")).toBeUndefined();
  });

  test("a partial tile is narrower than 256", () => {
    for (const width of [256, 257, 300, 512, 999, 1000]) {
      expect(parseTilePath(`tile/0/000.p/${width}`, "c2sp"), `${width}`).toBeUndefined();
      expect(parseTilePath(`tile/8/0/000.p/${width}`, "go"), `${width}`).toBeUndefined();
    }
  });
});

describe("widths", () => {
  test("the tree of 70,000 leaves has the tiles that the specification lists", () => {
    const size = 70_000n;
    expect([0, 1, 2, 3].map((level) => hashesAtLevel(size, level))).toEqual([
      70_000n,
      273n,
      1n,
      0n,
    ]);
    // tile/0/000 to tile/0/x000/272 full, tile/0/273.p/112; tile/1/000, tile/1/001.p/17; tile/2/000.p/1.
    expect([0n, 272n, 273n, 274n].map((n) => tileWidth(size, 0, n))).toEqual([256, 256, 112, 0]);
    expect([0n, 1n, 2n].map((n) => tileWidth(size, 1, n))).toEqual([256, 17, 0]);
    expect([0n, 1n].map((n) => tileWidth(size, 2, n))).toEqual([1, 0]);
    expect(tileWidth(size, 3, 0n)).toBe(0);
  });

  test("the widths of a level add up to the complete subtrees that the tree has there", () => {
    for (const size of [0n, 1n, 255n, 256n, 257n, 511n, 512n, 65_535n, 65_536n, 65_537n]) {
      for (let level = 0; level < 4; level++) {
        let sum = 0;
        for (let index = 0n; index <= size >> 8n; index++) sum += tileWidth(size, level, index);
        expect(sum, `${size}, level ${level}`).toBe(Math.floor(Number(size) / 256 ** level));
      }
    }
  });

  test("the largest tree has tiles at every level up to 7", () => {
    const size = 2n ** 63n - 1n;
    expect(tileWidth(size, 7, 0n)).toBe(127);
    expect(tileWidth(size, 0, (size >> 8n) + 1n)).toBe(0);
    expect(tileWidth(size, 0, size >> 8n)).toBe(255);
  });
});

describe("entry bundles", () => {
  const decoded = (bytes: Uint8Array): Uint8Array[] => {
    const entries = decodeEntries(bytes);
    if (!entries.ok) throw new Error(entries.found);
    return entries.value;
  };

  test("an entry stands after its length, big-endian", () => {
    const entries = [utf8("ab"), utf8(""), new Uint8Array(258).fill(7)];
    const bytes = encodeEntries(entries);
    expect([...bytes.subarray(0, 8)]).toEqual([0, 2, 97, 98, 0, 0, 1, 2]);
    expect(decoded(bytes)).toEqual(entries);
  });

  test("what was encoded decodes to the same entries", () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 256 });
    fc.assert(
      fc.property(entries, (each) => {
        expect(decoded(encodeEntries(each))).toEqual(each);
      }),
    );
  });

  test("no entries are no bytes", () => {
    expect(encodeEntries([])).toEqual(new Uint8Array());
    expect(decoded(new Uint8Array())).toEqual([]);
  });

  test("an entry has at most 65,535 bytes", () => {
    const longest = new Uint8Array(65_535).fill(1);
    expect(decoded(encodeEntries([longest, longest]))).toEqual([longest, longest]);
    expect(() => encodeEntries([new Uint8Array(65_536)])).toThrow(RangeError);
    expect(() => encodeEntries([longest, new Uint8Array(70_000)])).toThrow(RangeError);
  });

  test("a bundle that is cut anywhere but between entries is malformed", () => {
    const entries = [utf8("first"), utf8(""), utf8("third")];
    const bytes = encodeEntries(entries);
    const between = [0, 7, 9, 16];
    for (let length = 0; length <= bytes.length; length++) {
      const result = decodeEntries(bytes.subarray(0, length));
      if (between.includes(length)) {
        expect(decoded(bytes.subarray(0, length))).toEqual(
          entries.slice(0, between.indexOf(length)),
        );
      } else expect(result, `${length} bytes`).toMatchObject({ ok: false, code: "MALFORMED" });
    }
  });

  test("a byte too many is malformed", () => {
    const bytes = encodeEntries([utf8("one"), utf8("two")]);
    for (const extra of [0, 1, 255]) {
      const result = decodeEntries(Uint8Array.of(...bytes, extra));
      expect(result).toMatchObject({ ok: false, code: "MALFORMED" });
    }
  });

  test("256 entries are a bundle and 257 are not", () => {
    expect(decoded(new Uint8Array(512))).toHaveLength(256);
    expect(decodeEntries(new Uint8Array(514))).toMatchObject({ ok: false, code: "MALFORMED" });
  });

  test("a view into a larger buffer is decoded from its own start", () => {
    const bytes = encodeEntries([utf8("one"), utf8("two")]);
    const buffer = new Uint8Array(100).fill(255);
    buffer.set(bytes, 33);
    expect(decoded(buffer.subarray(33, 33 + bytes.length))).toEqual([utf8("one"), utf8("two")]);
  });

  test("decoded entries are copies", () => {
    const bytes = encodeEntries([utf8("one")]);
    const [entry] = decoded(bytes);
    bytes.fill(0);
    expect(entry).toEqual(utf8("one"));
  });
});

describe("reading a tile", () => {
  const hashes = Uint8Array.from({ length: 256 * 32 }, (_, i) => (i * 7) >>> 2);
  const tile = { level: 0, index: 3n, width: 10 };

  async function storing(...widths: number[]): Promise<MemoryStorage> {
    const storage = new MemoryStorage();
    for (const width of widths) {
      const path = formatTilePath({ ...tile, width }, "c2sp");
      await storage.write(path, hashes.slice(0, width * 32));
    }
    return storage;
  }

  test.each([[[10]], [[256]], [[11]], [[255]], [[12, 200]], [[3, 9, 11]], [[256, 255, 10]]])(
    "serves 10 hashes where the widths %j are stored",
    async (widths) => {
      const read = await readTile(await storing(...widths), tile, "c2sp");
      expect(read).toEqual({ ok: true, value: hashes.slice(0, 320) });
    },
  );

  test.each([[[]], [[9]], [[1, 2, 9]]])("is MISSING where the widths %j are", async (widths) => {
    const read = await readTile(await storing(...widths), tile, "c2sp");
    expect(read).toMatchObject({ ok: false, code: "MISSING", expected: "tile/0/003.p/10" });
  });

  test("a stored tile of another length than its name says is refused", async () => {
    for (const length of [0, 1, 319, 321, 352, 8192]) {
      const storage = await storing();
      await storage.write("tile/0/003.p/10", hashes.slice(0, length));
      const read = await readTile(storage, tile, "c2sp");
      expect(read, `${length} bytes`).toMatchObject({ ok: false, code: "TREE" });
    }
  });
});
