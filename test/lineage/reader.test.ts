/** A stored log read by tools: without a lock, without a change, and while its writer is at work. */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { StoredLog } from "../../src/lineage/reader.js";
import { readLog } from "../../src/lineage/reader.js";
import { FileStorage } from "../../src/storage/files.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { LogStorage } from "../../src/storage/storage.js";
import { kernel } from "../kernel.js";
import { signer } from "../tlog/fixture.js";
import { filesOf } from "../tlog/stored.js";
import { abandonable, append, bodies, GATE, numberOf, open } from "./logged.js";

const base = await realpath(await mkdtemp(join(tmpdir(), "writ-reader-")));
afterAll(() => rm(base, { recursive: true }));

async function numbersOf(log: StoredLog): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { index, bytes } of log.entries(0)) {
    expect(index).toBe(numbers.length);
    numbers.push(numberOf(bytes));
  }
  return numbers;
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

async function read(storage: LogStorage, key = GATE.key as typeof GATE.key | undefined) {
  const log = await readLog(kernel, storage, key);
  if (!log.ok) throw new Error(`${log.code}: ${log.expected}; ${log.found}`);
  return log.value;
}

describe("readLog", () => {
  test("gives what the checkpoint covers, and with the key what is behind it, and changes nothing", async () => {
    const { storage, abandon } = abandonable(new MemoryStorage());
    const log = await open(storage);
    await append(log, bodies(300));
    const checkpoint = await log.checkpoint();
    await append(log, bodies(20, 300));
    await abandon();
    const before = await filesOf(storage);
    const whole = await read(storage);
    expect(whole).toMatchObject({ covered: 300, size: 320, torn: 0, checkpoint });
    expect(await numbersOf(whole)).toEqual(range(320));
    expect(numberOf((await whole.read(310)) as Uint8Array)).toBe(310);
    expect(await whole.read(320)).toBeUndefined();
    const covered = await readLog(kernel, storage);
    expect(covered).toMatchObject({ ok: true, value: { covered: 300, size: 300 } });
    if (covered.ok) expect(await numbersOf(covered.value)).toEqual(range(300));
    expect(await filesOf(storage)).toEqual(before);
  });

  test("gives an empty log where nothing is", async () => {
    const log = await read(new MemoryStorage());
    expect(log).toMatchObject({ checkpoint: undefined, covered: 0, size: 0, torn: 0 });
    expect(await numbersOf(log)).toEqual([]);
  });

  test("refuses a log of another key, and one that is damaged", async () => {
    const storage = new MemoryStorage();
    const log = await open(storage);
    await append(log, bodies(3));
    await log.close();
    const other = await readLog(kernel, storage, signer(GATE.key.name, 9, "log").key);
    expect(other.ok).toBe(false);
    await storage.write("tile/0/000.p/3", new Uint8Array(96));
    expect(await readLog(kernel, storage)).toMatchObject({ ok: false, code: "TREE" });
  });

  test.each(["memory", "files"])(
    "reads a log in %s whose writer is at work, as it was at some moment",
    async (medium) => {
      const storage = medium === "files" ? new FileStorage(join(base, "log")) : new MemoryStorage();
      const log = await open(storage, { every: { entries: 40, ms: 0 } });
      const state = { durable: 0, stopped: false };
      const writing = (async () => {
        while (!state.stopped) {
          state.durable = (await append(log, bodies(7, log.size))).first + 7;
          await new Promise((resolve) => setTimeout(resolve, 1 + (log.size % 5)));
        }
      })();
      const sizes = new Set<number>();
      for (let reads = 0; reads < 12; reads++) {
        const known = state.durable;
        const found = await read(storage);
        expect(found.size).toBeGreaterThanOrEqual(known);
        expect(await numbersOf(found)).toEqual(range(found.size));
        const covered = await readLog(kernel, storage);
        if (!covered.ok) throw new Error(`${covered.expected}; ${covered.found}`);
        sizes.add(found.size);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      state.stopped = true;
      await writing;
      expect(sizes.size).toBeGreaterThan(5);
      await log.close();
    },
  );
});
