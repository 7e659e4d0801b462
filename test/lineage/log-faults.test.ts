/** What a log does with writes that wait or fail: group commit, limits, checkpoints beside appends. */
import { describe, expect, test } from "vitest";
import { LogFailed } from "../../src/lineage/group-commit.js";
import type { GateLog } from "../../src/lineage/log.js";
import { openLog } from "../../src/lineage/log.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Journal } from "../../src/storage/storage.js";
import type { Signer } from "../../src/tlog/signer.js";
import { kernel } from "../kernel.js";
import {
  append,
  bodies,
  entriesOf,
  GATE,
  NEVER,
  NOW,
  numberOf,
  open,
  outcomeOf,
} from "./logged.js";

/** Bytes of a batch before its entries. */
const HEAD = 72;
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Lets everything happen that waits for nothing from outside. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 200; turns++) await Promise.resolve();
}

/** A storage whose appends and writes a test holds up, or lets fail. */
class HeldStorage extends MemoryStorage {
  /** Bytes of each append, as they begin. */
  readonly appends: number[] = [];
  onAppend: () => Promise<void> = async () => {};
  onWrite: (path: string) => Promise<void> = async () => {};
  onRemove: (path: string) => Promise<void> = async () => {};

  override async createJournal(path: string): Promise<Journal> {
    const journal = await super.createJournal(path);
    return {
      append: async (bytes) => {
        this.appends.push(bytes.length);
        await this.onAppend();
        await journal.append(bytes);
      },
      close: () => journal.close(),
    };
  }

  override async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.onWrite(path);
    await super.write(path, bytes);
  }

  override async remove(path: string): Promise<void> {
    await this.onRemove(path);
    await super.remove(path);
  }
}

/** A promise, and what ends it. */
function held(): { promise: Promise<void>; release: () => void; fail: (error: Error) => void } {
  let release!: () => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<void>((resolve, reject) => {
    release = resolve;
    fail = reject;
  });
  return { promise, release, fail };
}

/** Appends without waiting; `done` says how it ended. */
function start(log: GateLog, count: number): { state: string; durable: Promise<void> } {
  const appended = log.append(bodies(count, log.size), NOW);
  if (!appended.ok) throw new Error(`${appended.code}: ${appended.expected}`);
  const started = { state: "waits", durable: appended.value.durable };
  started.durable.then(
    () => (started.state = "durable"),
    (error: unknown) => (started.state = error instanceof LogFailed ? "failed" : "odd"),
  );
  return started;
}

describe("F20: durable before it is told", () => {
  test("nothing is told before the write is done, and what came meanwhile goes with the next", async () => {
    const storage = new HeldStorage();
    const log = await open(storage);
    const writes = [held(), held()];
    storage.onAppend = () =>
      (writes[storage.appends.length - 1] as { promise: Promise<void> }).promise;
    const first = [start(log, 1), start(log, 2)];
    await settle();
    const second = range(10).map(() => start(log, 1));
    await settle();
    expect(storage.appends).toHaveLength(1);
    expect([...first, ...second].every(({ state }) => state === "waits")).toBe(true);
    writes[0]?.release();
    await settle();
    expect(first.map(({ state }) => state)).toEqual(["durable", "durable"]);
    expect(second.every(({ state }) => state === "waits")).toBe(true);
    expect(storage.appends).toHaveLength(2);
    writes[1]?.release();
    await settle();
    expect(second.every(({ state }) => state === "durable")).toBe(true);
    await log.close();
  });

  test("a call's entries stay together, and no batch is over its limit but for one call", async () => {
    const storage = new HeldStorage();
    const log = await open(storage, { ...NEVER, batchBytes: 1000 });
    await append(log, bodies(1));
    await append(log, bodies(1, 1));
    const unit = (storage.appends.at(-1) as number) - HEAD;
    expect(3 * unit < 1000 && 4 * unit > 1000).toBe(true);
    const one = held();
    storage.onAppend = () => one.promise;
    start(log, 1);
    await settle();
    const calls = [1, 1, 1, 8, 2, 2, 1].map((count) => start(log, count));
    storage.onAppend = async () => {};
    one.release();
    await log.flush();
    expect(calls.every(({ state }) => state === "durable")).toBe(true);
    const counts = storage.appends.slice(2).map((bytes) => (bytes - HEAD) / unit);
    expect(counts).toEqual([1, 3, 8, 2, 3]);
    await log.close();
  });

  test("after a write that failed all that waits fails, and nothing is taken any more", async () => {
    const storage = new HeldStorage();
    const log = await open(storage);
    await append(log, bodies(2));
    const write = held();
    storage.onAppend = () => write.promise;
    const first = start(log, 1);
    await settle();
    const second = start(log, 1);
    write.fail(new Error("the medium is gone"));
    await settle();
    expect([first.state, second.state]).toEqual(["failed", "failed"]);
    await expect(first.durable).rejects.toMatchObject({ cause: { message: "the medium is gone" } });
    storage.onAppend = async () => {};
    expect(() => log.append(bodies(1), NOW)).toThrow(LogFailed);
    await expect(log.flush()).rejects.toThrow(LogFailed);
    await expect(log.checkpoint()).rejects.toThrow(LogFailed);
    await expect(log.close()).rejects.toThrow(LogFailed);
    // The lock was given back, and what was told is there.
    const again = await open(storage);
    expect((await entriesOf(again)).map(numberOf)).toEqual([0, 1]);
    await again.close();
  });

  test("a write that failed and nobody waited for ends no program", async () => {
    const storage = new HeldStorage();
    const log = await open(storage);
    storage.onAppend = () => Promise.reject(new Error("gone"));
    const appended = log.append(bodies(1), NOW);
    expect(appended.ok).toBe(true);
    await settle();
    await expect(log.close()).rejects.toThrow(LogFailed);
  });

  test("more than may wait is refused, and taken when there is room again", async () => {
    const storage = new HeldStorage();
    const log = await open(storage, { ...NEVER, waitingBytes: 1000 });
    const write = held();
    storage.onAppend = () => write.promise;
    const taken = [start(log, 1), start(log, 1), start(log, 1)];
    const before = log.last;
    const refused = log.append(bodies(2, 3), NOW);
    expect(refused).toMatchObject({ ok: false, code: "LOG" });
    expect([log.size, log.last]).toEqual([3, before]);
    write.release();
    await log.flush();
    expect(taken.every(({ state }) => state === "durable")).toBe(true);
    await append(log, bodies(2, 3));
    expect((await entriesOf(log)).map(numberOf)).toEqual(range(5));
    await log.close();
  });

  test("more than may be in no checkpoint is refused until there is one", async () => {
    const log = await open(new MemoryStorage(), { ...NEVER, aheadBytes: 2000 });
    let taken = 0;
    while (taken < 100 && log.append(bodies(1, taken), NOW).ok) taken++;
    expect(taken).toBeGreaterThan(3);
    expect(taken).toBeLessThan(15);
    await log.flush();
    await log.checkpoint();
    await append(log, bodies(1, taken));
    expect(log.size).toBe(taken + 1);
    await log.close();
  });
});

describe("checkpoints beside appends", () => {
  test("a checkpoint that takes long holds up no append, and covers what was durable before", async () => {
    const storage = new HeldStorage();
    const log = await open(storage);
    await append(log, bodies(300));
    const write = held();
    storage.onWrite = () => write.promise;
    const written = log.checkpoint();
    await settle();
    for (let i = 0; i < 5; i++) {
      const appended = start(log, 10);
      await settle();
      expect(appended.state).toBe("durable");
    }
    expect(await log.read(345)).toBeDefined();
    write.release();
    const note = await written;
    expect(new TextDecoder().decode(note).split("\n")[1]).toBe("300");
    expect(await outcomeOf(storage)).toBe("PROVEN");
    // What came behind it is in the next segment alone.
    expect(await storage.list("ahead")).toHaveLength(1);
    await log.close();
    expect(await outcomeOf(storage)).toBe("PROVEN");
  });

  test("from half of what may be ahead on, appends wait for the checkpoint and are not refused", async () => {
    const storage = new HeldStorage();
    const log = await open(storage, { ...NEVER, aheadBytes: 100_000 });
    await append(log, bodies(100));
    const write = held();
    storage.onWrite = () => write.promise;
    const written = log.checkpoint();
    await settle();
    const first = start(log, 50);
    await settle();
    expect(first.state).toBe("durable");
    const second = start(log, 100);
    await settle();
    expect(second.state).toBe("waits");
    write.release();
    await written;
    await second.durable;
    await log.close();
    expect(await outcomeOf(storage)).toBe("PROVEN");
  });

  test("appends that wait for a checkpoint that fails wait no longer", async () => {
    const storage = new HeldStorage();
    const log = await open(storage, { ...NEVER, aheadBytes: 20_000 });
    await append(log, bodies(50));
    const write = held();
    storage.onWrite = () => write.promise;
    const written = log.checkpoint();
    await settle();
    const waiting = start(log, 5);
    await settle();
    expect(waiting.state).toBe("waits");
    write.fail(new Error("no space"));
    await expect(written).rejects.toThrow(LogFailed);
    // It was written before the log ended, or was not.
    await waiting.durable.catch(() => {});
    expect(() => log.append(bodies(1), NOW)).toThrow(LogFailed);
    await expect(log.close()).rejects.toThrow(LogFailed);
    storage.onWrite = async () => {};
    const again = await open(storage);
    expect(again.size).toBe(waiting.state === "durable" ? 55 : 50);
    await again.close();
  });

  test("many entries are covered in slices, and each frees what it covers", async () => {
    const storage = new HeldStorage();
    const log = await open(storage);
    await append(log, bodies(20_000));
    const sizes: (string | undefined)[] = [];
    storage.onWrite = async (path) => {
      if (path === "checkpoint") sizes.push(`${(await storage.list("ahead")).length} segments`);
    };
    await log.checkpoint();
    expect(sizes).toEqual(["2 segments", "2 segments"]);
    expect(await storage.list("ahead")).toHaveLength(1);
    expect(await outcomeOf(storage)).toBe("PROVEN");
    await log.close();
  });

  test("checkpoints that are asked for at once come one after another", async () => {
    const storage = new HeldStorage();
    const log = await open(storage);
    const notes = [];
    for (let i = 0; i < 4; i++) {
      await append(log, bodies(2, log.size));
      notes.push(log.checkpoint());
    }
    const sizes = (await Promise.all(notes)).map(
      (note) => new TextDecoder().decode(note).split("\n")[1],
    );
    expect(sizes.map(Number)).toEqual(sizes.map(Number).toSorted((a, b) => a - b));
    expect(sizes.at(-1)).toBe("8");
    await log.close();
  });

  test.each(["write", "remove"])("a %s that fails in a checkpoint ends the log", async (what) => {
    const storage = new HeldStorage();
    const log = await open(storage);
    await append(log, bodies(3));
    await log.checkpoint();
    await append(log, bodies(3, 3));
    const fault = () => Promise.reject(new Error("no space"));
    if (what === "write") storage.onWrite = fault;
    else storage.onRemove = fault;
    await expect(log.checkpoint()).rejects.toThrow(LogFailed);
    expect(() => log.append(bodies(1), NOW)).toThrow(LogFailed);
    await expect(log.close()).rejects.toThrow(LogFailed);
    storage.onWrite = storage.onRemove = async () => {};
    const again = await open(storage);
    expect(again.size).toBe(6);
    await again.close();
    expect(await outcomeOf(storage)).toBe("PROVEN");
  });

  test("what a failed log was writing is done before its lock is given back, and no checkpoint comes", async () => {
    const storage = new HeldStorage();
    const log = await open(storage);
    await append(log, bodies(3));
    const write = held();
    storage.onWrite = () => write.promise;
    const written = log.checkpoint();
    const cosigned = log.storeCheckpoint(new Uint8Array(1));
    await settle();
    storage.onAppend = () => Promise.reject(new Error("gone"));
    await expect(start(log, 1).durable).rejects.toThrow(LogFailed);
    let closed = false;
    const closing = log.close().catch(() => (closed = true));
    await settle();
    expect(closed).toBe(false);
    expect(await openLog(kernel, storage, GATE, NEVER)).toMatchObject({ ok: false, code: "LOG" });
    write.release();
    await closing;
    await expect(written).rejects.toThrow(LogFailed);
    await expect(cosigned).rejects.toThrow(LogFailed);
    expect(await storage.read("checkpoint", 9)).toBeUndefined();
    storage.onAppend = async () => {};
    const again = await open(storage);
    expect(again.size).toBe(3);
    await again.close();
    expect(await outcomeOf(storage)).toBe("PROVEN");
  });

  test("a signer that fails harms nothing, and is asked again", async () => {
    let works = false;
    const signer: Signer = {
      key: GATE.key,
      sign: (message) => (works ? GATE.sign(message) : Promise.reject(new Error("no signer"))),
    };
    const storage = new HeldStorage();
    const log = await open(storage, NEVER, signer);
    for (let round = 0; round < 3; round++) {
      await append(log, bodies(100, log.size));
      await expect(log.checkpoint()).rejects.toThrow("no signer");
      await expect(log.checkpoint()).rejects.toThrow("no signer");
    }
    expect((await entriesOf(log)).map(numberOf)).toEqual(range(300));
    works = true;
    await log.checkpoint();
    expect(await outcomeOf(storage)).toBe("PROVEN");
    expect(await storage.list("ahead")).toHaveLength(1);
    expect(await storage.list("tile/0")).toEqual(["000", "001.p"]);
    expect(await storage.list("tile/0/001.p")).toEqual(["44"]);
    await append(log, bodies(1, 300));
    works = false;
    await expect(log.close()).rejects.toThrow("no signer");
    await expect(openLog(kernel, storage, signer, NEVER)).rejects.toThrow("no signer");
    works = true;
    const again = await open(storage, NEVER, signer);
    expect(again.size).toBe(301);
    await again.close();
    expect(await outcomeOf(storage)).toBe("PROVEN");
  });
});

describe("when a checkpoint is written", () => {
  /** Timers that a test sets off by hand. */
  function timers() {
    const set = new Map<() => void, number>();
    const after = (ms: number, call: () => void) => {
      set.set(call, ms);
      return () => void set.delete(call);
    };
    const ring = async (): Promise<void> => {
      const calls = [...set.keys()];
      set.clear();
      for (const call of calls) call();
      await settle();
    };
    return { set, after, ring };
  }
  const covered = async (storage: MemoryStorage): Promise<string | undefined> => {
    const note = await storage.read("checkpoint", 1 << 20);
    return note && new TextDecoder().decode(note).split("\n")[1];
  };

  test("after so many entries", async () => {
    const storage = new MemoryStorage();
    const log = await open(storage, { every: { entries: 10, ms: 0 } });
    await append(log, bodies(9));
    await settle();
    expect(await covered(storage)).toBeUndefined();
    await append(log, bodies(1, 9));
    await settle();
    expect(await covered(storage)).toBe("10");
    await append(log, bodies(25, 10));
    await settle();
    expect(await covered(storage)).toBe("35");
    await log.close();
  });

  test("so long after the first that none covers", async () => {
    const { set, after, ring } = timers();
    const storage = new MemoryStorage();
    const log = await open(storage, { every: { entries: 100, ms: 250 }, after });
    expect(set.size).toBe(0);
    await append(log, bodies(1));
    await append(log, bodies(1, 1));
    expect([...set.values()]).toEqual([250]);
    await ring();
    expect(await covered(storage)).toBe("2");
    expect(set.size).toBe(0);
    await append(log, bodies(1, 2));
    expect(set.size).toBe(1);
    await log.close();
    expect(set.size).toBe(0);
  });

  test("again for what came while the last one was written", async () => {
    const { set, after } = timers();
    const storage = new HeldStorage();
    const log = await open(storage, { every: { entries: 10, ms: 250 }, after });
    const write = held();
    storage.onWrite = () => write.promise;
    await append(log, bodies(10));
    await settle();
    await append(log, bodies(3, 10));
    expect(set.size).toBe(0);
    write.release();
    await settle();
    expect(await covered(storage)).toBe("10");
    expect(set.size).toBe(1);
    await log.close();
  });

  test("not over and over with a signer that fails", async () => {
    const { set, after, ring } = timers();
    let asked = 0;
    const signer: Signer = {
      key: GATE.key,
      sign: (message) => (asked++ < 2 ? Promise.reject(new Error("no")) : GATE.sign(message)),
    };
    const storage = new MemoryStorage();
    const log = await open(storage, { every: { entries: 10, ms: 250 }, after }, signer);
    await append(log, bodies(10));
    await settle();
    expect([asked, set.size]).toEqual([1, 1]);
    await append(log, bodies(3, 10));
    await settle();
    expect(asked).toBe(1);
    await ring();
    expect(asked).toBe(2);
    await append(log, bodies(10, 13));
    await settle();
    expect(asked).toBe(3);
    expect(await covered(storage)).toBe("23");
    await log.close();
  });
});

test("a cadence or a limit that is none is a mistake", async () => {
  const storage = new MemoryStorage();
  for (const options of [
    { every: { entries: 0, ms: 1 } },
    { every: { entries: 1.5, ms: 1 } },
    { every: { entries: 1, ms: -1 } },
    { every: { entries: 1, ms: Number.NaN } },
    { ...NEVER, batchBytes: 0 },
    { ...NEVER, waitingBytes: Infinity },
    { ...NEVER, aheadBytes: -1 },
  ]) {
    await expect(openLog(kernel, storage, GATE, options)).rejects.toThrow(RangeError);
  }
  await (await open(storage)).close();
});
