/**
 * Power lost at every operation: what was answered is there, and every value is old or new, whole.
 * Each sync of the drivers is left out in turn, and then it is not so.
 */
import { describe, expect, test } from "vitest";
import { FileStorage } from "../../src/storage/files.js";
import { FileTrustStore } from "../../src/storage/file-trust-store.js";
import { CrashFileSystem, Killed, PowerLoss } from "./crash-file-system.js";

/** More than any value here holds. */
const LIMIT = 1 << 16;
const FOLDER = "/data/store";
const SEEDS = 100;
/** So many crashes are all tried, beside those by chance. */
const FEW = 128;

type Value = string | undefined;
interface Change {
  readonly key: string;
  readonly before: Value;
  readonly after: Value;
}
/** What one process does; the promise resolves when the change is answered. */
type Make = (change: Change) => Promise<void>;

/** Long enough to be torn. */
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text.repeat(20));
const text = (value: Uint8Array | undefined): Value => value && new TextDecoder().decode(value);

const storageOn = (system: CrashFileSystem): FileStorage =>
  new FileStorage(FOLDER, system, system.owners);
const trustOn = (system: CrashFileSystem): FileTrustStore =>
  new FileTrustStore(FOLDER, { fileSystem: system, owners: system.owners, wait: 0 });

const WAYS: Readonly<Record<string, (system: CrashFileSystem) => Make>> = {
  "FileStorage.write and remove": (system) => {
    const storage = storageOn(system);
    return ({ key, after }) =>
      after === undefined ? storage.remove(key) : storage.write(key, bytes(after));
  },
  "FileTrustStore.put and remove": (system) => {
    const store = trustOn(system);
    return ({ key, after }) =>
      after === undefined ? store.remove(key) : store.put(key, bytes(after));
  },
  "FileTrustStore.compareAndSwap and remove": (system) => {
    const store = trustOn(system);
    return async ({ key, before, after }) => {
      if (after === undefined) return store.remove(key);
      const expected = before === undefined ? undefined : bytes(before);
      expect(await store.compareAndSwap(key, expected, bytes(after))).toBe(true);
    };
  },
};

const CHANGES: readonly Change[] = [
  { key: "a/b", before: undefined, after: "one" },
  { key: "a/b", before: "one", after: "second" },
  { key: "c", before: undefined, after: "three" },
  { key: "a/b", before: "second", after: undefined },
  { key: "a/b", before: undefined, after: "four" },
];
const KEYS = ["a/b", "c"];

/** What is read of all keys after the first `count` changes. */
function stateAfter(changes: readonly Change[], count: number): string {
  const state = new Map<string, Value>(KEYS.map((key) => [key, undefined]));
  for (const { key, after } of changes.slice(0, count)) {
    state.set(key, after === undefined ? undefined : text(bytes(after)));
  }
  return JSON.stringify([...state]);
}

async function stateOf(system: CrashFileSystem): Promise<string> {
  const storage = storageOn(system);
  const state = KEYS.map(async (key) => [key, text(await storage.read(key, LIMIT))] as const);
  return JSON.stringify(await Promise.all(state));
}

/** Makes changes until the end, a loss of power or a kill; gives how many were answered. */
async function make(changes: readonly Change[], by: Make): Promise<number> {
  let answered = 0;
  try {
    for (const change of changes) {
      await by(change);
      answered++;
    }
  } catch (error) {
    if (!(error instanceof PowerLoss || error instanceof Killed)) throw error;
  }
  return answered;
}

/** What one of the crashes that are possible now leaves that is not one of these states. */
async function violation(
  system: CrashFileSystem,
  states: readonly string[],
  seeds = SEEDS,
): Promise<string | undefined> {
  for (const [i, crashed] of (system.crashes(FEW) ?? []).entries()) {
    const found = await stateOf(crashed);
    if (!states.includes(found)) return `crash ${i}: ${found}, not ${states.join(" or ")}`;
  }
  for (let seed = 0; seed < seeds; seed++) {
    const found = await stateOf(system.crash(seed));
    if (!states.includes(found)) return `seed ${seed}: ${found}, not ${states.join(" or ")}`;
  }
  return undefined;
}

/** One process makes the changes, sync `skipped` is left out, and the power goes before operation n. */
async function loseAt(
  way: (system: CrashFileSystem) => Make,
  n: number,
  skipped = -1,
): Promise<{ system: CrashFileSystem; states: string[] }> {
  const system = new CrashFileSystem();
  system.losePowerAt(n);
  system.skipSync(skipped);
  const answered = await make(CHANGES, way(system));
  return { system, states: [stateAfter(CHANGES, answered), stateAfter(CHANGES, answered + 1)] };
}

describe.each(Object.entries(WAYS))("%s", (_, way) => {
  test("survive a loss of power at every operation, old or new, and with all that was answered", async () => {
    const { operations } = (await loseAt(way, Infinity)).system;
    expect(operations).toBeGreaterThan(30);
    for (let n = 0; n <= operations; n++) {
      const { system, states } = await loseAt(way, n);
      expect(await violation(system, states), `power lost at operation ${n}`).toBeUndefined();
    }
  });

  test("go on after it without a person", async () => {
    const { operations } = (await loseAt(way, Infinity)).system;
    for (let n = 0; n <= operations; n++) {
      const { system } = await loseAt(way, n);
      for (let seed = 0; seed < 8; seed++) {
        const crashed = system.crash(seed);
        const found = text(await storageOn(crashed).read("c", LIMIT));
        const before = found === undefined ? undefined : "three";
        await way(crashed)({ key: "c", before, after: "later" });
        const note = `power lost at operation ${n}, seed ${seed}`;
        expect(text(await storageOn(crashed).read("c", LIMIT)), note).toBe(text(bytes("later")));
        const names = new Set(await storageOn(crashed).list(""));
        names.delete("a");
        expect(names, note).toEqual(new Set(["c"]));
      }
    }
  });

  test("do not without any one of their syncs", async () => {
    const { system } = await loseAt(way, Infinity);
    // Every file and every folder on the way to one.
    expect(new Set(system.syncs)).toEqual(
      new Set(["/", "/data", "/data/store", "/data/store/a", "file"]),
    );
    for (const [skipped, what] of system.syncs.entries()) {
      let found: string | undefined;
      for (let n = 0; n <= system.operations && found === undefined; n++) {
        const lost = await loseAt(way, n, skipped);
        found = await violation(lost.system, lost.states);
      }
      expect(found, `sync ${skipped}, of ${what}, is of no use`).toBeDefined();
    }
  });

  const FIRST: readonly Change[] = [
    { key: "a/b", before: undefined, after: "one" },
    { key: "a/b", before: "one", after: undefined },
  ];

  /** A process is killed before its operation k; the next makes one change, with a sync left out. */
  async function killAt(
    k: number,
    after: Value,
    lost: number,
    skipped = -1,
  ): Promise<{ first: CrashFileSystem; next: CrashFileSystem; states: string[] }> {
    const first = new CrashFileSystem();
    first.killAt(k);
    const answered = await make(FIRST, way(first));
    const next = first.another();
    const found = await storageOn(first.another()).read("a/b", LIMIT);
    next.skipSync(skipped);
    next.losePowerAt(lost);
    const change = { key: "a/b", before: found && "one", after };
    const done = (await make([change], way(next))) === 1;
    const wanted = stateAfter([change], 1);
    const earlier = [stateAfter(FIRST, answered), stateAfter(FIRST, answered + 1)];
    return { first, next, states: done ? [wanted] : [wanted, ...earlier] };
  }

  test("hold after a killed process too, whose syncs are lacking", async () => {
    const { operations } = (await killAt(Infinity, "last", Infinity)).first;
    for (let k = 0; k <= operations; k++) {
      for (const after of ["last", undefined]) {
        const { next, states } = await killAt(k, after, Infinity);
        const note = `killed at ${k}, then ${after ?? "removed"}`;
        expect(await violation(next, states), note).toBeUndefined();
        for (let back = 1; back <= next.operations; back++) {
          const lost = await killAt(k, after, next.allOperations - back);
          const found = await violation(lost.next, lost.states, 6);
          expect(found, `${note}, power lost ${back} operations before the end`).toBeUndefined();
        }
      }
    }
  });

  test("sync again what a killed process made and may not have synced, since it is needed", async () => {
    const { operations } = (await killAt(Infinity, "last", Infinity)).first;
    const needed = new Set<string>();
    for (let k = 0; k <= operations; k++) {
      const { first, next } = await killAt(k, "last", Infinity);
      for (const folder of ["/data", FOLDER, `${FOLDER}/a`]) {
        const above = folder.slice(0, folder.lastIndexOf("/")) || "/";
        const stood = await firstMade(k, folder);
        if (!stood || first.syncs.includes(above)) continue;
        const skipped = next.syncs.indexOf(above);
        const lost = await killAt(k, "last", Infinity, skipped);
        if (await violation(lost.next, lost.states)) needed.add(folder);
      }
    }
    expect(needed).toEqual(new Set(["/data", FOLDER, `${FOLDER}/a`]));
  });

  test("sync a removal again that a killed process may not have synced, since it is needed", async () => {
    const { operations, syncs } = (await killAt(Infinity, undefined, Infinity)).first;
    let needed = 0;
    for (let k = 0; k <= operations; k++) {
      const { first, next } = await killAt(k, undefined, Infinity);
      // All but the last sync: at most the removal is not synced.
      if (first.syncs.length !== syncs.length - 1) continue;
      const lost = await killAt(k, undefined, Infinity, next.syncs.indexOf(`${FOLDER}/a`));
      if (await violation(lost.next, lost.states)) needed++;
    }
    expect(needed).toBeGreaterThan(0);
  });

  /** True if a folder stands when the first process is killed before its operation k. */
  async function firstMade(k: number, folder: string): Promise<boolean> {
    const first = new CrashFileSystem();
    first.killAt(k);
    await make(FIRST, way(first));
    return first
      .another()
      .list(folder)
      .then(
        () => true,
        () => false,
      );
  }
});
