/** The log of a gate on each of its storages: entries, checkpoints, one writer, and its end. */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import { checkChain } from "../../src/lineage/chain.js";
import type { EntryBody } from "../../src/lineage/entry.js";
import { parseEntry } from "../../src/lineage/entry.js";
import { LogFailed } from "../../src/lineage/group-commit.js";
import { openLog } from "../../src/lineage/log.js";
import { FileStorage } from "../../src/storage/files.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import type { LogStorage } from "../../src/storage/storage.js";
import { TrustStoreStorage } from "../../src/storage/trust-store-storage.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { TreeReader } from "../../src/tlog/tree-reader.js";
import { kernel } from "../kernel.js";
import { signer } from "../tlog/fixture.js";
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
  pathsOf,
  RUN,
  abandonable,
} from "./logged.js";

const base = await realpath(await mkdtemp(join(tmpdir(), "writ-log-")));
let count = 0;
afterAll(() => rm(base, { recursive: true }));

const LIMIT = 1 << 20;
const WITNESS = signer("witness.example", 8, "witness");
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
const sizeOf = (note: Uint8Array): bigint | undefined => {
  const parsed = parseCheckpoint(note);
  return parsed.ok ? parsed.value.checkpoint.size : undefined;
};

/** Storages over one medium, which is new and empty. */
const MEDIA: Readonly<Record<string, () => () => LogStorage>> = {
  MemoryStorage: () => {
    const storage = new MemoryStorage();
    return () => storage;
  },
  FileStorage: () => {
    const folder = join(base, `${count++}`);
    return () => new FileStorage(folder);
  },
  TrustStoreStorage: () => {
    const store = new MemoryTrustStore();
    return () => new TrustStoreStorage(store);
  },
};

const DIGEST = "cd".repeat(32);
/** More than 65,535 bytes. */
const TOO_LARGE: EntryBody = {
  kind: "admission",
  run: RUN,
  state: "authorized",
  authorization: DIGEST,
  chain: DIGEST,
  issuer: { domain: "acme.example", key: DIGEST },
  principal: { id: "agent:builder", key: DIGEST },
  command: "/deploy/web",
  arguments: range(100).map((i) => ({ name: `${i}`.padStart(1000, "a"), sha256: DIGEST })),
  parents: [],
};

describe.each(Object.entries(MEDIA))("a log on %s", (_, medium) => {
  test("holds what was appended, in its order, chained and with its time", async () => {
    const log = await open(medium()());
    expect([log.size, log.last, log.origin]).toEqual([0, undefined, GATE.key.name]);
    const one = await append(log, bodies(3), NOW + 0.5);
    const two = await append(log, bodies(2, 3), NOW + 1250);
    expect([one.first, two.first, log.size]).toEqual([0, 3, 5]);
    const entries = await entriesOf(log);
    expect(entries.map(numberOf)).toEqual(range(5));
    expect(checkChain(kernel, entries, null).ok).toBe(true);
    const leaves = entries.map((bytes) => encodeHex(kernel.leafHash(bytes)));
    expect([...one.leaves, ...two.leaves]).toEqual(leaves);
    expect(log.last).toEqual({ leaf: leaves[4], time: NOW + 1250 });
    const times = entries.map((bytes) => {
      const entry = parseEntry(bytes);
      return entry.ok ? entry.value.time : entry.found;
    });
    expect(times.slice(2, 4)).toEqual(["2026-11-25T12:00:00.000Z", "2026-11-25T12:00:01.250Z"]);
    await log.close();
  });

  test("is read anywhere, before it is durable, after, and under a checkpoint", async () => {
    const log = await open(medium()());
    await append(log, bodies(300));
    await log.checkpoint();
    await append(log, bodies(5, 300));
    expect(log.append(bodies(5, 305), NOW).ok).toBe(true);
    for (const index of [0, 1, 255, 256, 299, 300, 304, 305, 309]) {
      expect(numberOf((await log.read(index)) as Uint8Array)).toBe(index);
    }
    expect(await log.read(310)).toBeUndefined();
    await expect(log.read(-1)).rejects.toThrow(RangeError);
    await expect(log.read(0.5)).rejects.toThrow(RangeError);
    for (const [from, to] of [
      [0, 310],
      [254, 258],
      [290, 307],
      [299, 299],
      [308, 999],
    ] as const) {
      const found: number[] = [];
      for await (const { index, bytes, leaf } of log.entries(from, to)) {
        expect(numberOf(bytes)).toBe(index);
        expect(leaf).toBe(encodeHex(kernel.leafHash(bytes)));
        found.push(index);
      }
      expect(found).toEqual(range(Math.min(to, 310)).slice(from));
    }
    const read = (await log.read(307)) as Uint8Array;
    read.fill(0);
    expect(numberOf((await log.read(307)) as Uint8Array)).toBe(307);
    await log.close();
  });

  test("F20: goes on after its end, and after none, with all that was durable", async () => {
    const storages = medium();
    const torn: number[] = [];
    let expected = 0;
    for (const added of [0, 1, 4, 255, 1, 70]) {
      for (const closes of [true, false]) {
        const { storage, abandon } = abandonable(storages());
        const opened = await openLog(kernel, storage, GATE, NEVER);
        if (!opened.ok) throw new Error(`${opened.expected}; ${opened.found}`);
        const { log } = opened.value;
        torn.push(opened.value.torn);
        expect(log.size).toBe(expected);
        if (added > 0) await append(log, bodies(added, expected));
        expected += added;
        if (added % 2 === 1) await log.checkpoint();
        await append(log, bodies(1, expected++));
        expect((await entriesOf(log)).map(numberOf)).toEqual(range(expected));
        if (closes) {
          await log.close();
          expect(await storage.list("ahead")).toEqual([]);
          expect(await outcomeOf(storage)).toBe("PROVEN");
        } else {
          await abandon();
        }
      }
    }
    expect(new Set(torn)).toEqual(new Set([0]));
  });

  test("has its checkpoint in the tiles of the tree, and keeps no narrower tile", async () => {
    const storage = medium()();
    const log = await open(storage);
    expect(sizeOf(await log.checkpoint())).toBe(0n);
    expect(await outcomeOf(storage)).toBe("PROVEN");
    for (const size of [1, 2, 200, 256, 257, 300, 511, 512, 600]) {
      await append(log, bodies(size - log.size, log.size));
      const note = await log.checkpoint();
      expect(sizeOf(note)).toBe(BigInt(size));
      expect(await storage.read("checkpoint", LIMIT)).toEqual(note);
      expect(await outcomeOf(storage)).toBe("PROVEN");
      // The same without anything new.
      expect(await log.checkpoint()).toEqual(note);
    }
    expect((await pathsOf(storage)).filter((path) => !path.startsWith("ahead"))).toEqual([
      "checkpoint",
      "tile/0/000",
      "tile/0/001",
      "tile/0/002.p/88",
      "tile/1/000.p/2",
      "tile/entries/000",
      "tile/entries/001",
      "tile/entries/002.p/88",
    ]);
    await log.close();
  });

  test("proves what an older checkpoint says from the wider tiles", async () => {
    const storage = medium()();
    const log = await open(storage);
    const roots = new Map<bigint, Uint8Array>();
    for (const size of [3, 260, 300, 700]) {
      await append(log, bodies(size - log.size, log.size));
      const parsed = parseCheckpoint(await log.checkpoint());
      if (parsed.ok) roots.set(BigInt(size), parsed.value.checkpoint.rootHash);
    }
    for (const [size, root] of roots) {
      const tree = new TreeReader(kernel, storage, size, "c2sp");
      expect(await tree.root()).toEqual({ ok: true, value: root });
      expect((await tree.proveInclusion(size - 1n)).ok).toBe(true);
    }
    await log.close();
  });

  test("of a call nothing is appended when one entry does not fit", async () => {
    const log = await open(medium()());
    await append(log, bodies(1));
    const before = log.last;
    const appended = log.append([body(1), TOO_LARGE, body(2)], NOW);
    expect(appended).toMatchObject({ ok: false, code: "TOO_LARGE" });
    expect([log.size, log.last]).toEqual([1, before]);
    await log.close();
  });

  test("takes no time before the last entry's, and nothing that is no entry", async () => {
    const log = await open(medium()());
    await append(log, bodies(1), NOW);
    for (const now of [NOW - 1, NOW - 0.5, 0]) {
      expect(log.append(bodies(1), now)).toMatchObject({ ok: false, code: "CLOCK" });
    }
    for (const now of [Number.NaN, Infinity]) {
      expect(() => log.append(bodies(1), now)).toThrow(RangeError);
    }
    expect(() => log.append([body(1), { kind: "no entry" } as never], NOW)).toThrow(TypeError);
    expect(log.size).toBe(1);
    await append(log, bodies(1, 1), NOW);
    expect(log.size).toBe(2);
    await log.close();
  });

  test("of no entries is told when all before them are durable", async () => {
    const log = await open(medium()());
    expect((await append(log, [], NOW + 1000)).leaves).toEqual([]);
    expect(log.last).toBeUndefined();
    const one = log.append(bodies(1), NOW);
    const none = log.append([], NOW);
    if (!one.ok || !none.ok) throw new Error("refused");
    let durable = false;
    void one.value.durable.then(() => (durable = true));
    await none.value.durable;
    expect(durable).toBe(true);
    await log.close();
  });

  test("stores its newest checkpoint with more signatures, and only that", async () => {
    const storages = medium();
    const storage = storages();
    const log = await open(storage);
    await append(log, bodies(3));
    const first = await log.checkpoint();
    const cosigned = await cosignCheckpoint(first, WITNESS, 1_800_000_000n);
    expect(await log.storeCheckpoint(cosigned)).toMatchObject({ ok: true });
    expect(await storage.read("checkpoint", LIMIT)).toEqual(cosigned);
    expect(await log.checkpoint()).toEqual(cosigned);
    expect(await outcomeOf(storage)).toBe("PROVEN");
    expect(await log.storeCheckpoint(first)).toMatchObject({ ok: false, code: "MISSING" });
    expect(await log.storeCheckpoint(first.slice(1))).toMatchObject({ ok: false });
    await append(log, bodies(1, 3));
    expect(await log.storeCheckpoint(cosigned)).toMatchObject({ ok: true });
    await log.checkpoint();
    expect(await log.storeCheckpoint(cosigned)).toMatchObject({ ok: false, code: "MISSING" });
    await log.close();
    const again = await open(storages());
    expect(again.size).toBe(4);
    await again.close();
  });

  test("takes nothing more once it is closed", async () => {
    const storages = medium();
    const log = await open(storages());
    const appended = log.append(bodies(2), NOW);
    if (!appended.ok) throw new Error(appended.expected);
    const closing = log.close();
    expect(() => log.append(bodies(1), NOW)).toThrow(LogFailed);
    await closing;
    await appended.value.durable;
    await log.close();
    await expect(log.checkpoint()).rejects.toThrow(LogFailed);
    await expect(log.storeCheckpoint(new Uint8Array())).rejects.toThrow(LogFailed);
    const again = await open(storages());
    expect(again.size).toBe(2);
    await again.close();
  });

  test("gives each entry to whoever replays, once and in order, wherever it was", async () => {
    const storages = medium();
    const first = await open(storages());
    await append(first, bodies(258));
    await first.close();
    const { storage, abandon } = abandonable(storages());
    const second = await open(storage);
    const { leaves } = await append(second, bodies(4, 258));
    await abandon();
    const replayed: { index: number; number: number; leaf: string; kind: string }[] = [];
    const third = await open(storages(), {
      ...NEVER,
      replay: ({ index, bytes, leaf, entry }) =>
        replayed.push({ index, number: numberOf(bytes), leaf, kind: entry.kind }),
    });
    expect(replayed.map(({ index }) => index)).toEqual(range(262));
    expect(replayed.map(({ number }) => number)).toEqual(range(262));
    expect(replayed.slice(258).map(({ leaf }) => leaf)).toEqual(leaves);
    const leaf = encodeHex(kernel.leafHash((await third.read(255)) as Uint8Array));
    expect(replayed[255]).toEqual({ index: 255, number: 255, leaf, kind: "trust" });
    await third.close();
  });

  test("F15: a second writer is refused, or takes the first one's place: never both", async () => {
    const storages = medium();
    const first = await open(storages());
    await append(first, bodies(3));
    const second = await openLog(kernel, storages(), GATE, NEVER);
    if (!second.ok) {
      expect(second.code).toBe("LOG");
      expect(second.expected).toContain("stop the other");
      await append(first, bodies(1, 3));
      await first.close();
      const third = await open(storages());
      expect(third.size).toBe(4);
      return await third.close();
    }
    const { log } = second.value;
    expect(log.size).toBe(3);
    const appended = first.append(bodies(1, 3), NOW);
    if (!appended.ok) throw new Error(appended.expected);
    await expect(appended.value.durable).rejects.toThrow(LogFailed);
    expect(() => first.append(bodies(1, 3), NOW)).toThrow(LogFailed);
    await expect(first.checkpoint()).rejects.toThrow(LogFailed);
    await append(log, bodies(2, 3));
    await expect(first.close()).rejects.toThrow(LogFailed);
    await log.close();
    const third = await open(storages());
    expect((await entriesOf(third)).map(numberOf)).toEqual(range(5));
    await third.close();
  });

  test("F20: 1,000 callers at once make one chain without a gap", async () => {
    const storages = medium();
    const log = await open(storages(), { every: { entries: 300, ms: 1000 } });
    const places = await Promise.all(
      range(1000).map(async (caller) => {
        for (let turns = caller % 7; turns > 0; turns--) await Promise.resolve();
        const appended = log.append([body(2 * caller), body(2 * caller + 1)], NOW);
        if (!appended.ok) throw new Error(appended.expected);
        await appended.value.durable;
        return { caller, ...appended.value };
      }),
    );
    expect(places.map(({ first }) => first).sort((a, b) => a - b)).toEqual(
      range(1000).map((i) => 2 * i),
    );
    await log.close();
    const again = await open(storages());
    const entries = await entriesOf(again);
    expect(entries).toHaveLength(2000);
    expect(checkChain(kernel, entries, null).ok).toBe(true);
    for (const { caller, first, leaves } of places) {
      for (const place of [0, 1]) {
        const bytes = entries[first + place] as Uint8Array;
        expect(numberOf(bytes)).toBe(2 * caller + place);
        expect(encodeHex(kernel.leafHash(bytes))).toBe(leaves[place]);
      }
    }
    await again.close();
  });
});
