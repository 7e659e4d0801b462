/** F56, F57: a gate that goes on, on the word of a resumer for something else, or of nobody. */
import { beforeAll, describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { addResumer, setWitnesses } from "../../src/domain/edit.js";
import { signResume } from "../../src/gate/resume-statement.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { party, sha256 } from "../authorization/craft.js";
import type { World } from "../authorization/world.js";
import { GATE, makeWorld, NOW } from "../authorization/world.js";
import type { Party } from "../authorization/craft.js";
import type { Written } from "./attacker.js";
import { rewrite, withLog, writtenOf } from "./attacker.js";
import type { SeenBench } from "./fixture.js";
import { failuresIn, openSeen, prove, runOnce, see, verify, witness } from "./fixture.js";

const OPS = party("ops");
let world: World;
let demand: { readonly roots: readonly Uint8Array[] };
let bench: SeenBench;
let entries: Written[];

const word = (drift: string, change: { by?: Party; gate?: string; expires?: number } = {}) =>
  signResume((change.by ?? OPS).signer, {
    gate: change.gate ?? GATE,
    run: null,
    drift,
    trust: [],
    expires: new Date(change.expires ?? NOW + 3_600_000).toISOString(),
    nonce: sha256(`word ${drift}`),
  });

/** Contained twice, and open again each time; then a run. */
beforeAll(async () => {
  world = await makeWorld(async ({ ship, mill }) => {
    const policy = `witness w1 ${formatVkey(witness.key)}\nquorum w1\n`;
    await mill.publish((draft) => setWitnesses(draft, encodeUtf8(policy)));
    await ship.publish((draft) => addResumer(draft, { name: "ops", key: OPS.hex }));
  });
  const domains = [world.ship, world.bank, world.mill];
  demand = { roots: await Promise.all(domains.map((each) => each.read("metadata/1.root.json"))) };
  bench = await openSeen({ domains: world.domains });
  await see(bench);
  for (let i = 0; i < 2; i++) {
    await bench.gate.contain();
    const resumed = await bench.gate.resume(await word(bench.gate.state.drift as string));
    if (!resumed.ok) throw new Error(`${resumed.code} ${resumed.found}`);
  }
  await runOnce(bench, {}, 0);
  await see(bench);
  entries = await writtenOf(bench);
});

const at = (kind: string, which: number): number =>
  entries.flatMap(({ body }, i) => (body.kind === kind ? [i] : []))[which] as number;

async function lied(change: (all: Written[]) => void) {
  const all = structuredClone(entries);
  change(all);
  const end = all.at(-1) as Written;
  const log = await rewrite(all, {
    kept: bench.storage as MemoryStorage,
    sights: [
      { size: 1, time: NOW },
      { size: all.length, time: end.time },
    ],
  });
  const report = await verify((await prove(withLog(bench, log), demand)).bytes, demand);
  return { report, failures: failuresIn(report).join() };
}

test("on words that answer: PROVEN", async () => {
  const { report, failures } = await lied(() => {});
  expect(failures).toBe("");
  expect(report.checks.find(({ name }) => name.endsWith("resumes"))?.outcome).toBe("passed");
});

describe("a gate that goes on", () => {
  const statement = async (drift: string, change: Parameters<typeof word>[1] = {}) =>
    JSON.parse(Buffer.from(await word(drift, change)).toString()) as unknown;
  const drift = (which: number): string => entries[at("drift", which)]?.leaf as string;

  test.each<[string, () => Promise<unknown>]>([
    ["on the word for the drift before", () => statement(drift(0))],
    ["on a word for another gate", () => statement(drift(1), { gate: "ship.example/gate-2" })],
    ["on a word that is over", () => statement(drift(1), { expires: NOW - 1 })],
    ["on the word of an issuer", () => statement(drift(1), { by: party("issuer of ship") })],
    ["on its own word", () => statement(drift(1), { by: party(GATE) })],
    ["on the word of nobody", () => statement(drift(1), { by: party("nobody") })],
  ])("%s: REFUTED", async (_, made) => {
    const said = await made();
    const { report, failures } = await lied((all) => {
      (all[at("resume", 1)] as Written).body.statement = said;
    });
    expect(report.outcome).toBe("REFUTED");
    expect(failures).toMatch(/gate-1: resumes: failed DECISION/);
  });

  test("without a word: what follows is denied", async () => {
    const { report, failures } = await lied((all) => all.splice(at("resume", 1), 1));
    expect(report.outcome).toBe("REFUTED");
    expect(failures).toMatch(/decisions: failed DECISION: .*CONTAINED/);
  });

  test("twice on one word: a log that no gate has written", async () => {
    const again = at("resume", 1);
    const { report, failures } = await lied((all) => all.splice(again, 0, all[again] as Written));
    expect(report.outcome).toBe("REFUTED");
    expect(failures).toMatch(/transitions: failed LOG/);
  });

  test("on the word of one whose key is stolen: KEY", async () => {
    const { bytes } = await prove(bench, demand);
    const report = await verify(bytes, { ...demand, compromised: new Set([OPS.hex]) });
    expect(report.outcome).toBe("REFUTED");
    expect(failuresIn(report).join()).toMatch(/resumes: failed KEY/);
  });
});
