/** A gate's log in a world with witnesses, and the bundle of it: the same bytes in every run. */
import { keepCosigned } from "../../src/lineage/cosigned.js";
import type { Opening } from "../../src/lineage/openings.js";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { concatBytes } from "../../src/bytes/concat.js";
import { setWitnesses } from "../../src/domain/edit.js";
import { addGate } from "../../src/domain/edit.js";
import type { BundleDemand } from "../../src/proof/demand.js";
import type { ProvenGate } from "../../src/proof/prepare-log.js";
import type { ProvenBundle } from "../../src/proof/prove-bundle.js";
import { proveBundle } from "../../src/proof/prove-bundle.js";
import type { BundleReport } from "../../src/proof/report.js";
import { verifyBundle } from "../../src/proof/verify-bundle.js";
import type { Reader, Storage } from "../../src/storage/storage.js";
import { readFolder } from "../../src/storage/folder.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import type { World } from "../authorization/world.js";
import { BANK, makeWorld, NOW } from "../authorization/world.js";
import { party } from "../authorization/craft.js";
import { must } from "../domain/fixture.js";
import type { Bench, Setting } from "../gate/harness.js";
import { asking, openBench, TestEffect } from "../gate/harness.js";
import type { Asking } from "../gate/harness.js";
import { kernel } from "../kernel.js";
import { witnesses } from "../tlog/fixture.js";

export const [witness, ownWitness] = witnesses as [(typeof witnesses)[0], (typeof witnesses)[0]];

export const BANK_GATE = `${BANK}/gate-1`;

/** MILL has a witness, and so has SHIP, whose word proves nothing of its own gate. */
export const seen: World = await makeWorld(async ({ ship, bank, mill }) => {
  const policy = (name: string, key: string) =>
    encodeUtf8(`witness ${name} ${key}\nquorum ${name}\n`);
  await bank.publish((draft) => addGate(draft, { origin: BANK_GATE, key: party(BANK_GATE).hex }));
  await mill.publish((draft) => setWitnesses(draft, policy("w1", formatVkey(witness.key))));
  await ship.publish((draft) => setWitnesses(draft, policy("w2", formatVkey(ownWitness.key))));
});

export const roots: readonly Uint8Array[] = await Promise.all(
  [seen.ship, seen.bank, seen.mill].map((domain) => domain.read("metadata/1.root.json")),
);

/** What opens the arguments of runs, as a host keeps it. */
export class KeptOpenings {
  readonly #kept = new Map<string, { openings: readonly Opening[]; salt: Uint8Array }>();

  readonly keep = (run: string, openings: readonly Opening[], salt: Uint8Array): void => {
    this.#kept.set(run, { openings, salt });
  };

  readonly read = async (run: string) => this.#kept.get(run);
}

export interface SeenBench extends Bench {
  readonly openings: KeptOpenings;
}

export async function openSeen(setting: Setting = {}): Promise<SeenBench> {
  const openings = new KeptOpenings();
  const bench = await openBench({ domains: seen.domains, onOpenings: openings.keep, ...setting });
  return { ...bench, openings };
}

/** MILL's witness sees the log as it is now. */
export async function see({ gate, storage, clock }: Bench, by = [witness]): Promise<void> {
  let checkpoint = await gate.checkpoint();
  const time = BigInt(Math.floor(clock.now() / 1000));
  for (const each of by) checkpoint = await cosignCheckpoint(checkpoint, each, time);
  const keys = { witnesses: by.map(({ key }) => key), verifiers: NO_VERIFIERS };
  must(await keepCosigned(kernel, storage as Storage, checkpoint, keys));
}

/** A run that is allowed, goes on for `rechecks` seconds, and ends. */
export async function runOnce(bench: SeenBench, ask: Asking = {}, rechecks = 2): Promise<string> {
  const effect = new TestEffect();
  const started = await bench.gate.start(await asking(bench.gate, { ...ask, effect }));
  if (started.outcome !== "allow") return started.run;
  for (let i = 0; i < rechecks; i++) await bench.clock.advance(1_000);
  effect.end();
  await started.run.finished;
  return started.run.id;
}

/** A gate that allowed, denied, and went on, with its log seen at the beginning and at the end. */
export async function goodLog(): Promise<SeenBench> {
  const bench = await openSeen();
  await see(bench);
  await runOnce(bench);
  await runOnce(bench, { request: { command: "/pay/other" } });
  await runOnce(bench, { request: { arguments: { amount: 9, note: "for tea" } } }, 0);
  await see(bench, [witness, ownWitness]);
  return bench;
}

export function publicFolders(world: World = seen): readonly Reader[] {
  return [world.ship, world.bank, world.mill].map(({ storage }) => readFolder(storage, "public"));
}

export async function prove(
  bench: SeenBench,
  change: Partial<Parameters<typeof proveBundle>[1]> & Partial<Pick<ProvenGate, "selection">> = {},
): Promise<{ readonly bundle: ProvenBundle; readonly bytes: Uint8Array }> {
  const { selection = { what: "all" }, ...rest } = change;
  const gate = { log: bench.storage, selection, opened: bench.openings.read };
  const bundle = must(
    await proveBundle(kernel, { gates: [gate], domains: [], roots, redact: false, ...rest }),
  );
  return { bundle, bytes: await bytesOf(bundle) };
}

export async function bytesOf(bundle: ProvenBundle): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bundle.pieces()) pieces.push(piece);
  return concatBytes(...pieces);
}

export const DEMAND: BundleDemand = {
  roots,
  now: NOW + 3_600_000,
  skew: 1_000,
  policy: undefined,
  verifiers: NO_VERIFIERS,
  witnessInterval: 60_000,
};

export async function verify(
  bytes: Uint8Array,
  change: Partial<BundleDemand> = {},
): Promise<BundleReport> {
  return await verifyBundle(kernel, bytes, { ...DEMAND, ...change });
}

/** The checks that did not pass, for a test that fails to say why. */
export function failuresIn({ checks }: BundleReport): string[] {
  return checks
    .filter(({ outcome }) => outcome !== "passed")
    .map(
      ({ name, outcome, code, expected, found }) =>
        `${name}: ${outcome} ${code}: ${expected}; ${found}`,
    );
}
