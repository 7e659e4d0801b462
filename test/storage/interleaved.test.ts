/**
 * Processes that get in between each other's file operations, are killed and lose power, each by a
 * seed: never two hold a lock, nobody has to clear one away, and no change is lost or undone.
 */
import { describe, expect, test, vi } from "vitest";
import { FileStorage } from "../../src/storage/files.js";
import { FileTrustStore } from "../../src/storage/file-trust-store.js";
import { takeLock } from "../../src/storage/lock.js";
import { CrashFileSystem, Killed, PowerLoss } from "./crash-file-system.js";
import { chance } from "./crash-machine.js";
import { increment } from "./trust-store.js";

// Who waits for a lock looks again at once: the seed alone says who comes first.
vi.mock("node:timers/promises", () => ({ setTimeout: async () => {} }));

const LIMIT = 100;
const SEEDS = 400;
const WAIT = 10_000;
const LOCK = "/.lock";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value && new TextDecoder().decode(value);

const trustOn = (system: CrashFileSystem): FileTrustStore =>
  new FileTrustStore("/trust", { fileSystem: system, owners: system.owners, wait: WAIT });
const numberIn = async (system: CrashFileSystem): Promise<number> =>
  Number(text(await trustOn(system).get("n", LIMIT)) ?? 0);

/** True if it ended by itself, false if it was killed or lost power. */
async function survived(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof Killed || error instanceof PowerLoss) return false;
    throw error;
  }
}

describe("a lock", () => {
  const lock = (system: CrashFileSystem): Promise<() => Promise<void>> =>
    takeLock(LOCK, WAIT, system, system.owners);

  test("is one process's at a time, and a killed one's is taken over", async () => {
    let [taken, killed] = [0, 0];
    const left = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const next = chance(seed);
      const machine = new CrashFileSystem();
      // The first process dies with the lock, some that clear it away die at that.
      await lock(machine);
      machine.killAt(machine.operations);
      await survived(machine.list("/"));
      machine.interleave(seed);
      let inside = 0;
      const work = async (system: CrashFileSystem): Promise<void> => {
        for (let round = 0; round < 3; round++) {
          const unlock = await lock(system);
          inside++;
          taken++;
          try {
            for (let n = 0; n < 3; n++) {
              expect(inside, `seed ${seed}`).toBe(1);
              await system.list("/");
            }
          } finally {
            inside--;
          }
          await unlock();
        }
      };
      const ends = Array.from({ length: 4 }, () => {
        const system = machine.another();
        if (next() < 0.6) system.killAt(Math.floor(next() * 40));
        return survived(work(system));
      });
      killed += (await Promise.all(ends)).filter((end) => !end).length;
      const last = machine.another();
      for (const name of await last.list("/")) left.add(name.replace(/-.*/, "-"));
      await (
        await lock(last)
      )();
      expect((await last.list("/")).filter((name) => name === ".lock")).toEqual([]);
    }
    expect(taken).toBeGreaterThan(SEEDS * 4);
    expect(killed).toBeGreaterThan(SEEDS);
    // Kills have left locks of every kind: the one asked for, and those that guard a clearing.
    expect([...left]).toEqual(expect.arrayContaining([".lock", ".lock~", ".lock-"]));
  });

  test("whose file was torn by a loss of power is taken over", async () => {
    for (let n = 0; n < 8; n++) {
      const machine = new CrashFileSystem();
      machine.losePowerAt(n);
      await survived(lock(machine));
      for (const crashed of machine.crashes(1 << 12) ?? []) {
        await (
          await takeLock(LOCK, 0, crashed, crashed.owners)
        )();
      }
    }
  });
});

describe("FileTrustStore", () => {
  test("loses no increment of several processes, some of which are killed", async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const next = chance(seed);
      const machine = new CrashFileSystem();
      machine.interleave(seed);
      let answered = 0;
      const work = async (system: CrashFileSystem): Promise<void> => {
        const store = trustOn(system);
        for (let round = 0; round < 3; round++) {
          await increment(store, "n");
          answered++;
        }
      };
      const ends = Array.from({ length: 3 }, () => {
        const system = machine.another();
        if (next() < 0.5) system.killAt(Math.floor(next() * 90));
        return survived(work(system));
      });
      const killed = (await Promise.all(ends)).filter((end) => !end).length;
      const found = await numberIn(machine.another());
      expect(found, `seed ${seed}`).toBeGreaterThanOrEqual(answered);
      expect(found, `seed ${seed}`).toBeLessThanOrEqual(answered + killed);
      await increment(trustOn(machine.another()), "n");
      expect(await numberIn(machine.another()), `seed ${seed}`).toBe(found + 1);
    }
  });

  test("has after a loss of power every increment of several processes that was answered", async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const machine = new CrashFileSystem();
      machine.interleave(seed);
      machine.losePowerAt(Math.floor(chance(seed)() * 250));
      let answered = 0;
      const work = async (system: CrashFileSystem): Promise<void> => {
        const store = trustOn(system);
        for (let round = 0; round < 3; round++) {
          await increment(store, "n");
          answered++;
        }
      };
      const ends = Array.from({ length: 3 }, () => survived(work(machine.another())));
      await Promise.all(ends);
      for (let each = 0; each < 8; each++) {
        const found = await numberIn(machine.crash(each));
        expect(found, `seed ${seed}, crash ${each}`).toBeGreaterThanOrEqual(answered);
        expect(found, `seed ${seed}, crash ${each}`).toBeLessThanOrEqual(answered + 1);
      }
    }
  });

  test("undoes no put or removal with a swap that compared before it", async () => {
    const outcomes = new Set<boolean>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const machine = new CrashFileSystem();
      await trustOn(machine).put("n", bytes("old"));
      machine.interleave(seed);
      const put = seed % 2 === 0;
      const [one, two] = [trustOn(machine.another()), trustOn(machine.another())];
      const later = async (): Promise<void> => {
        for (let n = Math.floor(chance(seed)() * 15); n > 0; n--) await machine.list("/");
        await (put ? two.put("n", bytes("put")) : two.remove("n"));
      };
      const [swapped] = await Promise.all([
        one.compareAndSwap("n", bytes("old"), bytes("swapped")),
        later(),
      ]);
      outcomes.add(swapped);
      const found = text(await one.get("n", LIMIT));
      expect(found, `seed ${seed}`).toBe(put ? "put" : undefined);
    }
    expect(outcomes.size).toBe(2);
  });

  test("throws once a live process held the lock too long, and nothing is changed", async () => {
    const machine = new CrashFileSystem();
    await trustOn(machine).put("n", bytes("old"));
    const unlock = await new FileStorage("/trust", machine, machine.owners).lock();
    const system = machine.another();
    const store = new FileTrustStore("/trust", {
      fileSystem: system,
      owners: system.owners,
      wait: 20,
    });
    await expect(store.put("n", bytes("new"))).rejects.toThrow(
      /process 1 .*\/trust\/\.lock.*again/,
    );
    await expect(store.compareAndSwap("n", bytes("old"), bytes("new"))).rejects.toThrow(
      /process 1/,
    );
    await expect(store.remove("n")).rejects.toThrow(/process 1/);
    expect(text(await store.get("n", LIMIT))).toBe("old");
    await unlock();
    expect(await store.compareAndSwap("n", bytes("old"), bytes("new"))).toBe(true);
  });
});

test("what one process writes and removes at once is there when it is answered", async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const machine = new CrashFileSystem();
    const storage = new FileStorage("/data/log", machine, machine.owners);
    await storage.write("old/file", bytes("old"));
    machine.interleave(seed);
    machine.losePowerAt(machine.allOperations + Math.floor(chance(seed)() * 60));
    const paths = ["new/a", "new/b", "new/deep/c", "old/file"];
    const written = await Promise.all(
      paths.map((path) => survived(storage.write(path, bytes(path)))),
    );
    for (let each = 0; each < 8; each++) {
      const crashed = machine.crash(each);
      const after = new FileStorage("/data/log", crashed, crashed.owners);
      for (const [i, path] of paths.entries()) {
        const found = text(await after.read(path, LIMIT));
        const note = `seed ${seed}, crash ${each}, ${path}`;
        if (written[i]) expect(found, note).toBe(path);
        else expect([path, path === "old/file" ? "old" : undefined], note).toContain(found);
      }
    }
  }
});

test("what is removed twice at once is gone when either is answered", async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const machine = new CrashFileSystem();
    const storage = new FileStorage("/log", machine, machine.owners);
    await storage.write("file", bytes("old"));
    machine.interleave(seed);
    machine.losePowerAt(machine.allOperations + Math.floor(chance(seed)() * 5));
    const removed = await Promise.all([0, 1].map(() => survived(storage.remove("file"))));
    for (let each = 0; each < 4; each++) {
      const crashed = machine.crash(each);
      const after = new FileStorage("/log", crashed, crashed.owners);
      const found = text(await after.read("file", LIMIT));
      if (removed.includes(true)) expect(found, `seed ${seed}, crash ${each}`).toBeUndefined();
    }
  }
});
