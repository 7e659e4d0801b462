/**
 * A publisher that is killed at any operation, and then a loss of power: readers see the old state or
 * the new one, never a mix and never two timestamps of one version, and the next command goes on
 * without a person. Each sync of a publication is left out in turn, and then it is not so.
 */
import { describe, expect, test } from "vitest";
import { addIssuer } from "../../src/domain/edit.js";
import { publish, refresh, withDomain, withdraw } from "../../src/domain/publish.js";
import type { OpenDomain } from "../../src/domain/publish.js";
import { readPublished } from "../../src/domain/published.js";
import { rotate } from "../../src/domain/rotate.js";
import { readFolder } from "../../src/storage/folder.js";
import { FileStorage } from "../../src/storage/files.js";
import { CHECKPOINT } from "../../src/tlog/log-writer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { verifyLog } from "../../src/tlog/verify-log.js";
import type { Result } from "../../src/verdict.js";
import { kernel } from "../kernel.js";
import { CrashFileSystem, Killed } from "../storage/crash-file-system.js";
import { frozen, TestReader } from "../sync/fixture.js";
import { hexKey, keyOf, makeDomain, must, roleSigners } from "./fixture.js";
import type { TestDomain } from "./fixture.js";

const FOLDER = "/srv/a";
const NAME = "a.example";
const SEEDS = 3;

const storageOn = (system: CrashFileSystem): FileStorage =>
  new FileStorage(FOLDER, system, system.owners);

/** A domain with a staged edit, on a machine where all is synced; its clones begin here. */
const base = new CrashFileSystem();
const domain: TestDomain = await makeDomain(NAME, { storage: storageOn(base) });
await domain.edit((draft) =>
  addIssuer(draft, { name: "ops", key: hexKey("ops"), commands: ["/pay"] }),
);
for (const role of ["root", "targets"]) domain.ring.add(...roleSigners(NAME, role, 1));
domain.ring.add(keyOf(`${NAME}/timestamp-1`, 1));

type Change = (open: OpenDomain) => Promise<Result<unknown>>;

const next = (role: string, count = 3) => ({
  keys: roleSigners(NAME, role, 1, count).map(({ key }) => key.publicKey),
  threshold: Math.min(2, count),
});

const CHANGES: Readonly<Record<string, Change>> = {
  publish,
  refresh,
  revoke: (open) =>
    withdraw(open, { keys: [{ key: hexKey("thief"), expires: "9999-12-31T23:59:59Z" }] }),
  "rotate root": (open) => rotate(open, "root", next("root")),
  "rotate targets": (open) => rotate(open, "targets", next("targets")),
  "rotate timestamp": (open) => rotate(open, "timestamp", next("timestamp", 1)),
};

/** What a state says, whoever signed it and when. */
async function contentsOf(system: CrashFileSystem): Promise<string> {
  const { state } = must(await readPublished(kernel, storageOn(system)));
  return JSON.stringify([state.authority, state.status, state.peers, state.policy]);
}

/** Runs a change until it ends or is killed before operation n. */
async function run(
  change: Change,
  n: number,
  skipped = -1,
): Promise<{ system: CrashFileSystem; answered: boolean }> {
  const system = base.crash(0);
  system.killAt(n);
  system.skipSync(skipped);
  try {
    const { ring, now } = domain;
    must(await withDomain(kernel, storageOn(system), ring, now, change));
    return { system, answered: true };
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return { system, answered: false };
  }
}

interface Expected {
  readonly before: string;
  readonly after: string;
}

/** What is wrong with what a reader and the operator find, or undefined. */
async function violation(
  system: CrashFileSystem,
  answered: boolean,
  { before, after }: Expected,
  seed: number,
): Promise<string | undefined> {
  try {
    const reader = await TestReader.of(domain);
    const seen: string[] = [];
    const look = async (at: CrashFileSystem, when: string): Promise<void> => {
      const source = frozen(readFolder(storageOn(at), "public") as FileStorage, "s");
      const { view, sources } = await reader.sync(domain.now + 60_000, source);
      if (view.failure) throw new Error(`${when}: ${JSON.stringify(view.failure)}`);
      const [report] = sources;
      if (report?.failure || typeof report?.log === "object") {
        throw new Error(`${when}: ${JSON.stringify(report)}`);
      }
      const { authority, status, peers, policy } = view.state!;
      seen.push(JSON.stringify([authority, status, peers, policy]));
    };
    await look(system.another(), "before the power is lost");
    const crashed = system.crash(seed);
    await look(crashed, "after it");
    const { ring } = domain;
    must(
      await withDomain(kernel, storageOn(crashed), ring, domain.now + 1000, async (open) => {
        // The published state is whole, and so is the log under it.
        const log = readFolder(storageOn(crashed), "public/log");
        const checkpoint = await log.read(CHECKPOINT, 1 << 16);
        const key = keyOf(`${NAME}/trust`).key;
        const demand = { logs: [key], origin: undefined, verifiers: NO_VERIFIERS };
        const verdict = await verifyLog(kernel, log, checkpoint!, { ...demand, layout: "c2sp" });
        if (verdict.outcome !== "PROVEN") throw new Error(JSON.stringify(verdict));
        return await refresh(open);
      }),
    );
    await look(crashed, "after the next command");
    const strange = seen.find((each) => each !== before && each !== after);
    if (strange) return `a mix: ${strange}`;
    if (answered && seen.at(-1) !== after) return "an answered change is gone";
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe.each(Object.entries(CHANGES))("%s", (_, change) => {
  const expected = async (): Promise<Expected> => ({
    before: await contentsOf(base.crash(0)),
    after: await contentsOf((await run(change, Infinity)).system.another()),
  });

  test("is seen whole or not at all, whenever its process is killed and power goes", async () => {
    const states = await expected();
    const { operations } = (await run(change, Infinity)).system;
    for (let n = 0; n <= operations; n++) {
      const { system, answered } = await run(change, n);
      for (let seed = 0; seed < SEEDS; seed++) {
        const wrong = await violation(system, answered, states, seed);
        expect(wrong, `killed before operation ${n}, crash seed ${seed}`).toBeUndefined();
      }
    }
  });
});

test("each sync of a file is needed: without any one of them it is not so", async () => {
  const change = CHANGES["publish"] as Change;
  const before = await contentsOf(base.crash(0));
  const whole = await run(change, Infinity);
  const after = await contentsOf(whole.system.another());
  const { syncs, operations } = whole.system;
  // Those of folders are the driver's own affair: test/storage/power-loss.test.ts takes them out.
  const ofFiles = [...syncs.entries()].filter(([, name]) => name === "file");
  expect(ofFiles.length).toBeGreaterThan(8);
  const unneeded: number[] = [];
  for (const [skipped] of ofFiles) {
    let found = false;
    // Most of what is left out shows when power goes at the very end, the journal's while it is used.
    for (let n = operations + 1; n >= 0 && !found; n -= n > operations ? 1 : 5) {
      const { system, answered } = await run(change, n, skipped);
      for (let seed = 0; seed < (n > operations ? 40 : 6) && !found; seed++) {
        const wrong = await violation(system, answered, { before, after }, seed);
        found = wrong !== undefined;
      }
    }
    if (!found) unneeded.push(skipped);
  }
  expect(unneeded).toEqual([]);
});
