/** F15: a log that is not what its writer left is refused whole: never shorter, never mended. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import { formatRfc3339 } from "../../src/bytes/rfc3339.js";
import { formatEntry } from "../../src/lineage/entry.js";
import { openLog } from "../../src/lineage/log.js";
import { readLog } from "../../src/lineage/reader.js";
import type { Leaf } from "../../src/lineage/segment.js";
import { encodeBatch, tagOf } from "../../src/lineage/segment.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { appendEntries } from "../../src/tlog/log-writer.js";
import { signCheckpoint } from "../../src/tlog/signer.js";
import { kernel } from "../kernel.js";
import { signer } from "../tlog/fixture.js";
import type { Files } from "../tlog/stored.js";
import { filesOf, storageOf } from "../tlog/stored.js";
import { abandonable, append, bodies, body, GATE, NEVER, NOW, open } from "./logged.js";

const TAG = tagOf(kernel, GATE.key);
const SEGMENT = "ahead/0000000000000001";
const NEXT_SEGMENT = "ahead/0000000000000002";

/** What opening gives: the size and the torn bytes, or the code. */
async function opened(files: Files, by = GATE): Promise<string> {
  const storage = await storageOf(files);
  const log = await openLog(kernel, storage, by, NEVER);
  const read = await readLog(kernel, await storageOf(files), by.key);
  expect(read.ok, "a reader and the writer agree").toBe(log.ok);
  if (!log.ok) return log.code;
  const { size } = log.value.log;
  if (read.ok) expect([read.value.size, read.value.torn]).toEqual([size, log.value.torn]);
  await log.value.log.close();
  return `${size} entries, ${log.value.torn} torn`;
}

const get = (files: Files, path: string): Uint8Array => files.get(path) as Uint8Array;

async function closedLog(size: number): Promise<Files> {
  const storage = new MemoryStorage();
  const log = await open(storage);
  await append(log, bodies(size));
  await log.close();
  return await filesOf(storage);
}

/** A log that was not closed: `counts` entries in batches, behind `covered` under a checkpoint. */
async function openLogOf(counts: readonly number[], covered = 0): Promise<Files> {
  const { storage, abandon } = abandonable(new MemoryStorage());
  const log = await open(storage);
  if (covered > 0) {
    await append(log, bodies(covered));
    await log.checkpoint();
  }
  for (const count of counts) await append(log, bodies(count, log.size));
  await abandon();
  return await filesOf(storage);
}

/** The files with one changed. */
function changed(files: Files, path: string, bytes: Uint8Array | undefined): Files {
  const copy = new Map(files);
  if (bytes) copy.set(path, bytes);
  else copy.delete(path);
  return copy;
}

function* flips(files: Files, step = 1): Generator<{ path: string; at: number; files: Files }> {
  for (const [path, bytes] of files) {
    for (let at = 0; at < bytes.length; at += step) {
      for (const mask of [1 << (at % 8), 0xff]) {
        const flipped = bytes.slice();
        flipped[at] = (bytes[at] as number) ^ mask;
        yield { path, at, files: changed(files, path, flipped) };
      }
    }
  }
}

describe("F15: a closed log", () => {
  test("with any byte flipped is refused", async () => {
    const files = await closedLog(5);
    expect(await opened(files)).toBe("5 entries, 0 torn");
    let count = 0;
    for (const { path, at, files: flipped } of flips(files)) {
      expect(await opened(flipped), `${path}, byte ${at}`).toBe("LOG");
      count++;
    }
    expect(count).toBeGreaterThan(3000);
  });

  test("of more than a tile with bytes flipped is refused", async () => {
    const files = await closedLog(258);
    expect(await opened(files)).toBe("258 entries, 0 torn");
    for (const { path, at, files: flipped } of flips(files, 509)) {
      expect(await opened(flipped), `${path}, byte ${at}`).toBe("LOG");
    }
  });

  test("with any file gone, cut short or longer is refused", async () => {
    const files = await closedLog(258);
    for (const [path, bytes] of files) {
      expect(await opened(changed(files, path, undefined)), path).toBe("LOG");
      expect(await opened(changed(files, path, bytes.slice(0, -1))), path).toBe("LOG");
      expect(await opened(changed(files, path, new Uint8Array())), path).toBe("LOG");
      const longer = new Uint8Array(bytes.length + 32);
      longer.set(bytes);
      expect(await opened(changed(files, path, longer)), path).toBe("LOG");
    }
  });

  test("with an older checkpoint put back is refused", async () => {
    const { storage, abandon } = abandonable(new MemoryStorage());
    const log = await open(storage);
    await append(log, bodies(3));
    const old = await log.checkpoint();
    await append(log, bodies(3, 3));
    await log.close();
    await abandon();
    expect(await opened(changed(await filesOf(storage), "checkpoint", old))).toBe("LOG");
  });

  test("of another key, or with its checkpoint by another, is refused", async () => {
    const files = await closedLog(3);
    const other = signer(GATE.key.name, 9, "log");
    expect(await opened(files, other)).toBe("LOG");
    expect(await opened(files, signer("other.example", 7, "log"))).toBe("LOG");
    const rootHash = kernel.treeRoot(get(files, "tile/0/000.p/3"));
    for (const by of [other, GATE]) {
      const note = await signCheckpoint(GATE.key.name, { size: 3n, rootHash }, by);
      const expected = by === GATE ? "3 entries, 0 torn" : "LOG";
      expect(await opened(changed(files, "checkpoint", note))).toBe(expected);
    }
  });

  test("whose checkpoint names another root or size is refused, whoever signed it", async () => {
    const files = await closedLog(3);
    const rootHash = kernel.treeRoot(get(files, "tile/0/000.p/3"));
    for (const head of [
      { size: 3n, rootHash: new Uint8Array(32) },
      { size: 2n, rootHash },
      { size: 4n, rootHash },
      { size: 1n << 60n, rootHash },
    ]) {
      const note = await signCheckpoint(GATE.key.name, head, GATE);
      expect(await opened(changed(files, "checkpoint", note)), `${head.size}`).toBe("LOG");
    }
  });

  test("whose entries are signed but no chain of entries is refused", async () => {
    const whole = await closedLog(3);
    const decoded = get(whole, "tile/entries/000.p/3");
    const entries: Uint8Array[] = [];
    for (let at = 0; at < decoded.length;) {
      const end = at + 2 + (decoded[at] as number) * 256 + (decoded[at + 1] as number);
      entries.push(decoded.slice(at + 2, end));
      at = end;
    }
    const [one, two, three] = entries as [Uint8Array, Uint8Array, Uint8Array];
    const cases: [string, Uint8Array[]][] = [
      ["3 entries, 0 torn", [one, two, three]],
      ["LOG", [one, three]],
      ["LOG", [two, three]],
      ["LOG", [one, three, two]],
      ["LOG", [one, one]],
      ["LOG", [one, two, new TextEncoder().encode("{}")]],
    ];
    for (const [expected, list] of cases) {
      const storage = new MemoryStorage();
      expect((await appendEntries(kernel, storage, GATE, list)).ok).toBe(true);
      expect(await opened(await filesOf(storage))).toBe(expected);
    }
  });
});

describe("F15: a log that was not closed", () => {
  test("with any byte of its write-ahead flipped is refused, or lacks what was written last", async () => {
    const files = await openLogOf([2, 3, 1], 4);
    const path = NEXT_SEGMENT;
    const [whole, last] = [get(files, path).length, lastBatch(files, path)];
    expect(await opened(files)).toBe("10 entries, 0 torn");
    const found = { refused: 0, shorter: 0 };
    for (const { path: at, at: byte, files: flipped } of flips(files)) {
      const what = await opened(flipped);
      if (at === path && byte >= whole - last) {
        expect(what, `byte ${byte}`).toBe(`9 entries, ${last} torn`);
        found.shorter++;
      } else {
        expect(what, `${at}, byte ${byte}`).toBe("LOG");
        found.refused++;
      }
    }
    expect(found.shorter).toBe(2 * last);
    expect(found.refused).toBeGreaterThan(2000);
  });

  test("with two segments: in the first no batch is the last", async () => {
    const files = await twoSegments();
    expect(await opened(files)).toBe("6 entries, 0 torn");
    for (const { path, at, files: flipped } of flips(files)) {
      const expected = path === SEGMENT ? "LOG" : /^(?:LOG|5 entries)/;
      expect(await opened(flipped), `${path}, byte ${at}`).toMatch(expected);
    }
  });

  test("with two segments: a damaged batch before one that is torn is refused", async () => {
    const files = await twoSegments();
    const cut = changed(files, NEXT_SEGMENT, get(files, NEXT_SEGMENT).slice(0, 20));
    expect(await opened(cut)).toBe("4 entries, 20 torn");
    const flipped = get(files, SEGMENT).slice();
    flipped[flipped.length - 1] = 0;
    expect(await opened(changed(cut, SEGMENT, flipped))).toBe("LOG");
    const damaged = changed(cut, SEGMENT, flipped);
    // With nothing in the second one it may be the first one's last write that a crash tore.
    expect(await opened(changed(damaged, NEXT_SEGMENT, new Uint8Array()))).toMatch(/^3 entries/);
  });

  test("cut anywhere has the whole batches before the cut, and says how much is torn", async () => {
    const files = await openLogOf([2, 3, 1]);
    const bytes = get(files, SEGMENT);
    const ends = batchEnds(files, SEGMENT);
    expect(ends).toHaveLength(3);
    for (let length = 0; length <= bytes.length; length++) {
      const kept = ends.filter((end) => end <= length).length;
      const torn = length - (ends[kept - 1] ?? 0);
      const size = [0, 2, 5, 6][kept];
      const cut = changed(files, SEGMENT, bytes.slice(0, length));
      expect(await opened(cut), `${length}`).toBe(`${size} entries, ${torn} torn`);
    }
  });

  test("drops whatever a crash left at the end that is no batch, once", async () => {
    const files = await openLogOf([2, 3]);
    const bytes = get(files, SEGMENT);
    const garbage = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.integer({ min: 1, max: 300 }).map((length) => new Uint8Array(length)),
      fc.integer({ min: 1, max: 71 }).map((length) => bytes.slice(0, length)),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (tail) => {
        const longer = new Uint8Array(bytes.length + tail.length);
        longer.set(bytes);
        longer.set(tail, bytes.length);
        const storage = await storageOf(changed(files, SEGMENT, longer));
        const first = await openLog(kernel, storage, GATE, NEVER);
        expect(first).toMatchObject({ ok: true, value: { torn: tail.length } });
        if (!first.ok) return;
        await append(first.value.log, bodies(1, 5));
        await first.value.log.close();
        const second = await openLog(kernel, storage, GATE, NEVER);
        expect(second).toMatchObject({ ok: true, value: { torn: 0, log: { size: 6 } } });
      }),
      { numRuns: 60 },
    );
  });

  test("with a damaged batch in its middle and the last one torn is refused", async () => {
    const files = await openLogOf([2, 3, 1]);
    const bytes = get(files, SEGMENT);
    const ends = batchEnds(files, SEGMENT);
    for (const at of [ends[0] as number, (ends[0] as number) + 100]) {
      const damaged = bytes.slice(0, -1);
      damaged[at] = (bytes[at] as number) ^ 1;
      expect(await opened(changed(files, SEGMENT, damaged)), `${at}`).toBe("LOG");
    }
  });

  test("with segments gone, exchanged, of another log or of another kind is refused", async () => {
    const files = await twoSegments();
    const [first, second] = [get(files, SEGMENT), get(files, NEXT_SEGMENT)];
    expect(await opened(changed(files, SEGMENT, undefined))).toBe("LOG");
    expect(await opened(changed(changed(files, SEGMENT, second), NEXT_SEGMENT, first))).toBe("LOG");
    expect(await opened(changed(files, NEXT_SEGMENT, first))).toBe("LOG");
    expect(await opened(changed(files, "ahead/other", first))).toBe("LOG");
    expect(await opened(files, signer("other.example", 7, "log"))).toBe("LOG");
    expect(await opened(files, signer(GATE.key.name, 9, "log"))).toBe("LOG");
  });

  test("with tiles beyond what its write-ahead explains is refused", async () => {
    const [short, long] = [await openLogOf([1], 4), await closedLog(6)];
    for (const [path, bytes] of long) {
      if (path === "checkpoint") continue;
      expect(await opened(changed(short, path, bytes)), path).toBe("LOG");
    }
    const explained = await closedLog(5);
    for (const [path, bytes] of explained) {
      if (path === "checkpoint") continue;
      expect(await opened(changed(short, path, bytes)), path).toBe("5 entries, 0 torn");
    }
  });
});

describe("F15: tiles that a crash left with holes between them", () => {
  test("are explained by the write-ahead, or refused", async () => {
    const long = await closedLog(700);
    const behind = await openLogOf([696], 4);
    const short = await closedLog(4);
    const tiles = [...long.keys()].filter((path) => path !== "checkpoint");
    expect(tiles).toContain("tile/entries/001");
    for (const left of tiles) {
      const only = changed(behind, left, get(long, left));
      expect(await opened(only), `only ${left}`).toBe("700 entries, 0 torn");
      // The bundles are written two at once: of the levels above each waits for the one before.
      if (/^tile\/[01]\/000|^tile\/(?:entries|0)\/(?:000|001)/.test(left)) {
        expect(await opened(changed(short, left, get(long, left))), left).toBe("LOG");
      }
    }
  });
});

describe("F15: a write-ahead that is whole, and not what a log writes,", () => {
  const time = formatRfc3339(NOW + 5000, "ms");

  function leafOf(prev: string | null, at = time, n = 0): Leaf {
    const bytes = formatEntry({ ...body(n), prev, time: at });
    if (!bytes.ok) throw new Error(bytes.expected);
    return { bytes: bytes.value, hash: kernel.leafHash(bytes.value) };
  }

  /** Opens a closed log of three entries with a segment of these batches behind it. */
  async function openedWith(...batches: readonly (readonly [number, readonly Leaf[]])[]) {
    const files = await closedLog(3);
    const parts = batches.map(([first, leaves]) => encodeBatch(kernel, TAG, first, leaves));
    return await opened(changed(files, SEGMENT, Buffer.concat(parts)));
  }

  test("is refused, and one that is opens", async () => {
    const files = await closedLog(3);
    const last = encodeHex(get(files, "tile/0/000.p/3").subarray(64));
    const good = leafOf(last);
    const next = leafOf(encodeHex(good.hash), time, 1);
    const stray = new TextEncoder().encode("{}");
    const bundle = get(files, "tile/entries/000.p/3");
    const bytes = bundle.slice(bundle.length - (good.bytes.length as number));
    const third = { bytes, hash: kernel.leafHash(bytes) };
    const cases: [string, string, [number, Leaf[]][]][] = [
      ["4 entries, 0 torn", "one entry", [[3, [good]]]],
      [
        "5 entries, 0 torn",
        "two batches",
        [
          [3, [good]],
          [4, [next]],
        ],
      ],
      ["5 entries, 0 torn", "one batch", [[3, [good, next]]]],
      ["LOG", "a gap before it", [[4, [good]]]],
      [
        "LOG",
        "a gap within",
        [
          [3, [good]],
          [5, [next]],
        ],
      ],
      [
        "LOG",
        "a batch twice",
        [
          [3, [good]],
          [3, [good]],
        ],
      ],
      ["LOG", "no link", [[3, [leafOf(null)]]]],
      ["LOG", "another link", [[3, [good, leafOf(last)]]]],
      ["LOG", "an earlier time", [[3, [leafOf(last, formatRfc3339(NOW - 1, "ms"))]]]],
      ["LOG", "no entry", [[3, [{ bytes: stray, hash: kernel.leafHash(stray) }]]]],
      ["4 entries, 0 torn", "an entry of the tree before it", [[2, [third, good]]]],
      ["LOG", "another entry than the tree's", [[2, [leafOf(null), good]]]],
    ];
    for (const [expected, what, batches] of cases) {
      expect(await openedWith(...batches), what).toBe(expected);
    }
  });

  test("is compared with the tree where a checkpoint covers it", async () => {
    const covered = await openLogOf([2, 2]);
    const files = await closedLog(3);
    expect(await opened(changed(files, SEGMENT, get(covered, SEGMENT)))).toBe("4 entries, 0 torn");
    const all = await closedLog(4);
    expect(await opened(changed(all, SEGMENT, get(covered, SEGMENT)))).toBe("4 entries, 0 torn");
  });
});

/** A log in whose checkpoint the power went: 4 entries in one segment, 2 batches in the next. */
async function twoSegments(): Promise<Files> {
  const { storage, abandon } = abandonable(new MemoryStorage());
  const log = await open(storage);
  await append(log, bodies(3));
  await append(log, bodies(1, 3));
  const write = storage.write.bind(storage);
  const writing = new Promise<void>((resolve) => {
    storage.write = () => {
      resolve();
      return new Promise(() => {});
    };
  });
  void log.checkpoint();
  await writing;
  await append(log, bodies(1, 4));
  await append(log, bodies(1, 5));
  await abandon();
  storage.write = write;
  return await filesOf(storage);
}

/** Where the batches of a segment end. */
function batchEnds(files: Files, path: string): number[] {
  const bytes = get(files, path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; ends.push(at)) at += 72 + view.getUint32(at + 24);
  return ends;
}

/** Bytes of the last batch of a segment. */
function lastBatch(files: Files, path: string): number {
  const ends = batchEnds(files, path);
  return (ends.at(-1) as number) - (ends.at(-2) ?? 0);
}
