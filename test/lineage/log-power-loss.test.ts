/**
 * F20: power lost at every operation of a log's writer, and in the recovery after it: nothing that was
 * acknowledged is lost, and the log opens without a person. Each sync is left out in turn, and then it
 * is not so.
 */
import { describe, expect, test } from "vitest";
import type { GateLog } from "../../src/lineage/log.js";
import { openLog } from "../../src/lineage/log.js";
import { readLog } from "../../src/lineage/reader.js";
import { FileStorage } from "../../src/storage/files.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { kernel } from "../kernel.js";
import { CrashFileSystem, Killed, PowerLoss } from "../storage/crash-file-system.js";
import { signer } from "../tlog/fixture.js";
import { bodies, GATE, NEVER, NOW, numberOf, open, outcomeOf } from "./logged.js";

const WITNESS = signer("witness.example", 8, "witness");
const FOLDER = "/data/log";
const storageOn = (system: CrashFileSystem): FileStorage =>
  new FileStorage(FOLDER, system, system.owners);

/** What the writer was told, and what it asked for. */
class Told {
  /** Entries that are there for sure. */
  durable = 0;
  /** Sizes of the log between two calls: a call's entries are there all or none. */
  readonly sizes = new Set<number>();
  /** The last checkpoint that was stored for sure. */
  note: Uint8Array | undefined;

  constructor(start: number) {
    this.durable = start;
    this.sizes.add(start);
  }

  async append(log: GateLog, count: number): Promise<void> {
    const appended = log.append(bodies(count, log.size), NOW);
    if (!appended.ok) throw new Error(appended.expected);
    const size = log.size;
    this.sizes.add(size);
    await appended.value.durable;
    this.durable = Math.max(this.durable, size);
  }

  async checkpoint(log: GateLog): Promise<Uint8Array> {
    return (this.note = await log.checkpoint());
  }
}

/** One writer's life: appends one by one and at once, checkpoints beside them, an end, and another start. */
async function live(system: CrashFileSystem, told: Told): Promise<void> {
  let log = await open(storageOn(system));
  /** A checkpoint, and beside it appends that come into the segment behind it before it is done. */
  const checkpoint = async (): Promise<Uint8Array> => {
    const written = told.checkpoint(log);
    written.catch(() => {});
    for (let i = 0; i < 5; i++) await told.append(log, 1);
    return await written;
  };
  await told.append(log, 1);
  await Promise.all([told.append(log, 2), told.append(log, 1)]);
  await checkpoint();
  await told.append(log, 2);
  await Promise.all([told.append(log, 1), checkpoint(), told.append(log, 3)]);
  const cosigned = await cosignCheckpoint(await checkpoint(), WITNESS, 1_800_000_000n);
  const stored = await log.storeCheckpoint(cosigned);
  if (!stored.ok) throw new Error(stored.expected);
  told.note = cosigned;
  await told.append(log, 1);
  await log.close();
  log = await open(storageOn(system));
  await told.append(log, 2);
  await checkpoint();
  await told.append(log, 1);
  await log.close();
}

/** The log of `size` entries that every life begins with; a copy of it for each. */
async function begun(size: number): Promise<() => CrashFileSystem> {
  const system = new CrashFileSystem();
  if (size === 0) return () => new CrashFileSystem();
  const log = await open(storageOn(system));
  await new Told(0).append(log, size);
  await log.close();
  return () => system.crash(0);
}

interface Fate {
  /** The operation before which the power goes, or the writer is killed. */
  readonly at: number;
  readonly by?: "power" | "kill";
  /** Syncs that are left out. */
  readonly skipped?: readonly number[];
}

async function run(
  system: CrashFileSystem,
  start: number,
  { at, by = "power", skipped = [] }: Fate,
) {
  const told = new Told(start);
  if (by === "power") system.losePowerAt(at);
  else system.killAt(at);
  system.skipSync(...skipped);
  try {
    await live(system, told);
  } catch (error) {
    // Whatever a writer says at its end: only a fault that is none is one of this test.
    const ended = await system.list("/").catch((cause: unknown) => cause);
    if (!(ended instanceof PowerLoss || ended instanceof Killed)) throw error;
  }
  return told;
}

const textOf = (note: Uint8Array): string => new TextDecoder().decode(note);
const sizeOf = (note: Uint8Array): number => Number(textOf(note).split("\n")[1]);

/** What is wrong with a log after a crash; undefined for one as it must be. */
async function violation(
  system: CrashFileSystem,
  { durable, sizes, note }: Told,
): Promise<string | undefined> {
  const storage = storageOn(system);
  const read = await readLog(kernel, storage, GATE.key);
  if (!read.ok) return `read: ${read.code}: ${read.expected}; ${read.found}`;
  const found = read.value.checkpoint;
  if (
    note &&
    !(found && (sizeOf(found) > sizeOf(note) || textOf(found).startsWith(textOf(note))))
  ) {
    return `the checkpoint ${found && textOf(found)}, not ${textOf(note)}`;
  }
  const opened = await openLog(kernel, storage, GATE, NEVER);
  if (!opened.ok) return `open: ${opened.code}: ${opened.expected}; ${opened.found}`;
  const { log } = opened.value;
  const { size } = log;
  if (size !== read.value.size) return `${read.value.size} entries read, ${size} opened`;
  if (size < durable) return `${durable} entries were acknowledged, ${size} are there`;
  if (!sizes.has(size)) return `${size} entries: a part of one call`;
  for await (const { index, bytes } of log.entries(0)) {
    if (numberOf(bytes) !== index) return `entry ${numberOf(bytes)} at ${index}`;
  }
  await new Told(size).append(log, 2);
  await log.close();
  const outcome = await outcomeOf(storage);
  if (outcome !== "PROVEN") return outcome;
  const again = await openLog(kernel, storage, GATE, NEVER);
  if (!again.ok) return `again: ${again.expected}; ${again.found}`;
  if (again.value.log.size !== size + 2) return `${again.value.log.size} entries, not ${size + 2}`;
  await again.value.log.close();
  return undefined;
}

describe.each([
  { what: "that is new", start: 0, seeds: 4, step: 1 },
  { what: "that grows over the end of a tile", start: 250, seeds: 1, step: 2 },
])("F20: a log $what", ({ start, seeds, step }) => {
  test("survives a loss of power at every operation", async () => {
    const begin = await begun(start);
    const whole = begin();
    await run(whole, start, { at: Infinity });
    expect(whole.operations).toBeGreaterThan(200);
    for (let at = 0; at <= whole.operations; at += step) {
      for (let seed = 0; seed < seeds; seed++) {
        const system = begin();
        const told = await run(system, start, { at });
        const crashed = system.crash(at * 1000 + seed);
        expect(await violation(crashed, told), `at ${at}, seed ${seed}`).toBeUndefined();
      }
    }
  });

  test("is taken up by the next process when one is killed at any operation", async () => {
    const begin = await begun(start);
    const whole = begin();
    await run(whole, start, { at: Infinity, by: "kill" });
    for (let at = 0; at <= whole.operations; at += step * step) {
      const system = begin();
      const told = await run(system, start, { at, by: "kill" });
      expect(await violation(system.another(), told), `killed at ${at}`).toBeUndefined();
    }
  });
});

test("F20: a loss of power in the recovery after another loses nothing", async () => {
  const whole = new CrashFileSystem();
  await run(whole, 0, { at: Infinity });
  let recoveries = 0;
  for (let at = 0; at <= whole.operations; at += 11) {
    for (let seed = 0; seed < 2; seed++) {
      const system = new CrashFileSystem();
      const told = await run(system, 0, { at });
      for (let step = (at + seed) % 7; ; step += 7) {
        const recovering = system.crash(at * 1000 + seed);
        recovering.losePowerAt(step);
        const note = `at ${at}, seed ${seed}, and in the recovery at ${step}`;
        const ended = await openLog(kernel, storageOn(recovering), GATE, NEVER).then(
          (opened) => opened.ok,
          () => false,
        );
        for (let next = 0; next < 2; next++) {
          expect(await violation(recovering.crash(step + next), told), note).toBeUndefined();
        }
        recoveries++;
        if (ended) break;
      }
    }
  }
  expect(recoveries).toBeGreaterThan(100);
});

describe("F20: a writer with any one sync left out", () => {
  /** What goes wrong without these syncs, with the power lost up to `most` operations later. */
  async function findViolation(skipped: readonly number[], from: number, most: number) {
    for (let at = from + 1; at <= from + most; at++) {
      for (let seed = 0; seed < 3; seed++) {
        const system = new CrashFileSystem();
        const told = await run(system, 0, { at, skipped });
        const found = await violation(system.crash(at * 1000 + seed), told);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  test("loses something", async () => {
    const whole = new CrashFileSystem();
    await run(whole, 0, { at: Infinity });
    const count = { alone: 0, twice: 0 };
    for (const [number, what] of whole.syncs.entries()) {
      const { operation, changes } = whole.syncDetails[number] as Detail;
      if (isNeedless(what, changes)) continue;
      const note = `sync ${number}, of ${what}`;
      if (await findViolation([number], operation, 150)) {
        count.alone++;
        continue;
      }
      // The name of a folder whose sync is followed by another of the same folder, for a file or
      // folder beside it, before anything rests on either: without both it is lost.
      expect([FOLDER, `${FOLDER}/tile`], note).toContain(what);
      const next = whole.syncs.indexOf(what, number + 1);
      expect(await findViolation([number, next], operation, 150), note).toBeDefined();
      count.twice++;
    }
    expect(count.alone).toBeGreaterThan(70);
    expect(count.twice).toBe(2);
  });

  test("of what was removed, or of a folder where nothing happened, loses nothing", async () => {
    const whole = new CrashFileSystem();
    await run(whole, 0, { at: Infinity });
    let needless = 0;
    for (const [number, what] of whole.syncs.entries()) {
      const { operation, changes } = whole.syncDetails[number] as Detail;
      if (!isNeedless(what, changes)) continue;
      expect(await findViolation([number], operation, 6), `${number}, of ${what}`).toBeUndefined();
      needless++;
    }
    expect(needless).toBeGreaterThan(10);
  });
});

type Detail = CrashFileSystem["syncDetails"][number];

/**
 * What a log does not need of its storage. A name that was removed and comes back is recognised: a
 * segment that the checkpoint covers is compared and removed again, a tile of a smaller tree is as
 * well. A folder where nothing happened is synced for a process that was killed before it did.
 */
function isNeedless(what: string, changes: string): boolean {
  return what !== "file" && (changes === "removed" || changes === "");
}
