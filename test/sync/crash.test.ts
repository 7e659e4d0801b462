/**
 * A reader that is killed while it syncs, at any operation, and then a loss of power: its store opens
 * again in the old or the new state, and the next sync goes on without a person. Each sync of a file
 * is left out in turn, and then it is not so.
 */
import { expect, test } from "vitest";
import { addIssuer } from "../../src/domain/edit.js";
import { withdraw } from "../../src/domain/publish.js";
import { FileTrustStore } from "../../src/storage/file-trust-store.js";
import { relayFiles } from "../../src/sync/relay.js";
import { openTrust } from "../../src/sync/open.js";
import { viewDigest } from "../../src/trust/view.js";
import { hexKey, makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { CrashFileSystem, Killed } from "../storage/crash-file-system.js";
import { frozen, TestReader } from "./fixture.js";
import { rotateRole } from "./history.js";

const SEEDS = 4;

const storeOn = (system: CrashFileSystem): FileTrustStore =>
  new FileTrustStore("/var/trust", { fileSystem: system, owners: system.owners, wait: 0 });

const domain = await makeDomain("a.example");
const old = await domain.snapshot();
// A new root, issuers and a revocation: every kind of file changes.
await rotateRole(domain, "root");
await domain.publish((draft) =>
  addIssuer(draft, { name: "ops", key: hexKey("ops"), commands: ["/pay"] }),
);
await domain.change((open) =>
  withdraw(open, { keys: [{ key: hexKey("thief"), expires: "9999-12-31T23:59:59Z" }] }),
);
const fresh = await domain.snapshot();
const { pin } = await TestReader.of(domain);

const readerOn = (system: CrashFileSystem): TestReader =>
  new TestReader(domain.name, pin, storeOn(system));

/** A machine whose store holds the old state, all of it synced. */
const base = new CrashFileSystem();
await readerOn(base).sync(domain.now, frozen(old, "s"));

async function digestOn(system: CrashFileSystem): Promise<string> {
  const view = must(await openTrust(kernel, storeOn(system), pin.root));
  if (view.failure) throw new Error(JSON.stringify(view.failure));
  const served = must(await relayFiles(kernel, storeOn(system), domain.name));
  if (!served.has("log/checkpoint")) throw new Error("the checkpoint is gone");
  return viewDigest(kernel, view);
}

async function run(n: number, skipped = -1) {
  const system = base.crash(0);
  system.killAt(n);
  system.skipSync(skipped);
  try {
    await readerOn(system).sync(domain.now, frozen(fresh, "s"));
    return { system, answered: true };
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return { system, answered: false };
  }
}

const before = await digestOn(base.crash(0));
const whole = await run(Infinity);
const after = await digestOn(whole.system.another());

/** What is wrong with what is left, or undefined. */
async function violation(
  { system, answered }: Awaited<ReturnType<typeof run>>,
  seed: number,
): Promise<string | undefined> {
  try {
    const found = [await digestOn(system.another())];
    const crashed = system.crash(seed);
    found.push(await digestOn(crashed));
    if (found.some((each) => each !== before && each !== after)) return "neither old nor new";
    if (answered && found.at(-1) !== after) return "an answered sync is gone";
    await readerOn(crashed).sync(domain.now, frozen(fresh, "s"));
    return (await digestOn(crashed)) === after ? undefined : "the next sync leads elsewhere";
  } catch (error) {
    return String(error);
  }
}

test("the store opens in the old or the new state, whenever the process is killed and power goes", async () => {
  expect(before).not.toBe(after);
  expect(whole.system.operations).toBeGreaterThan(100);
  for (let n = 0; n <= whole.system.operations; n++) {
    const killed = await run(n);
    for (let seed = 0; seed < SEEDS; seed++) {
      const wrong = await violation(killed, seed);
      expect(wrong, `killed before operation ${n}, crash seed ${seed}`).toBeUndefined();
    }
  }
});

test("each sync of a file is needed: without any one of them it is not so", async () => {
  const ofFiles = [...whole.system.syncs.entries()].filter(([, name]) => name === "file");
  expect(ofFiles.length).toBeGreaterThan(8);
  const unneeded: number[] = [];
  for (const [skipped] of ofFiles) {
    const killed = await run(Infinity, skipped);
    let found = false;
    for (let seed = 0; seed < 60 && !found; seed++) {
      found = (await violation(killed, seed)) !== undefined;
    }
    if (!found) unneeded.push(skipped);
  }
  expect(unneeded).toEqual([]);
});
