/** F23, F32, F40: runs that went from one gate to another, with both logs in one bundle. */
import { describe, expect, test } from "vitest";
import type { GovernedRun } from "../../src/gate/governed-run.js";
import { makePacket } from "../../src/lineage/handover.js";
import { proveBundle } from "../../src/proof/prove-bundle.js";
import type { BundleReport } from "../../src/proof/report.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { party, rootBy } from "../authorization/craft.js";
import { BANK, GATE, GRANT, grant, ISSUERS, MILL, SHIP } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { asking, gateSigner, TestEffect } from "../gate/harness.js";
import { kernel } from "../kernel.js";
import type { SeenBench } from "./fixture.js";
import {
  BANK_GATE,
  bytesOf,
  failuresIn,
  openSeen,
  roots,
  see,
  seen,
  verify,
  witness,
} from "./fixture.js";
import { remake, rewrite, takeApart } from "./remade.js";

const { own: ship, peers } = seen.domains;
const bank = peers.get(BANK) as typeof ship;
const mill = peers.get(MILL) as typeof ship;

async function start(bench: SeenBench, links: ReturnType<typeof grant>[], packet?: Uint8Array) {
  const effect = new TestEffect();
  const rest = packet ? { packet } : {};
  const started = await bench.gate.start(await asking(bench.gate, { links, effect, rest }));
  if (started.outcome !== "allow") throw new Error(`${started.code}: ${started.found}`);
  return { run: started.run, effect };
}

/** BANK's gate hands a run on to SHIP's, which takes it over or not. */
async function cross(takes: boolean) {
  const first = await openSeen({
    domains: { own: bank, peers: new Map([[MILL, mill]]) },
    signer: gateSigner(BANK_GATE),
  });
  const second = await openSeen();
  await see(first);
  await see(second);
  const given = await start(first, [grant({ audience: [BANK] })]);
  const { decision, handover } = must(await first.gate.handOver(given.run, party(GATE).hex));
  const time = BigInt(Math.floor(first.clock.now() / 1000));
  const cosigned = await cosignCheckpoint(await first.gate.checkpoint(), witness, time);
  const indices = { decision: decision.index, handover: handover.index };
  const packet = must(await makePacket(kernel, first.storage, cosigned, indices));
  let taken: { run: GovernedRun; effect: TestEffect } | undefined;
  if (takes) taken = await start(second, [rootBy(SHIP, ISSUERS.ship, GRANT)], packet);
  given.effect.end();
  await given.run.finished;
  taken?.effect.end();
  await taken?.run.finished;
  await see(first);
  await see(second);
  return { first, second };
}

async function proveAll(...benches: SeenBench[]): Promise<Uint8Array> {
  const gates = benches.map(({ storage, openings }) => ({
    log: storage,
    selection: { what: "all" } as const,
    opened: openings.read,
  }));
  const made = await proveBundle(kernel, { gates, domains: [], roots, redact: false });
  return await bytesOf(must(made));
}

const checkOf = ({ checks }: BundleReport, name: string) =>
  checks.find((check) => check.name === name);

const { first, second } = await cross(true);
const whole = await proveAll(first, second);

test("F40: both logs in one bundle: PROVEN, both sides of it", async () => {
  const report = await verify(whole);
  expect(failuresIn(report)).toEqual([]);
  expect(checkOf(report, "both sides")?.outcome).toBe("passed");
  expect(checkOf(report, `${GATE}: hand-overs`)?.outcome).toBe("passed");
  expect(report.gates.map(({ origin }) => origin)).toEqual([BANK_GATE, GATE]);
});

test("F23: the receiver's log alone: its packet proves the hand-over", async () => {
  const report = await verify(await proveAll(second));
  expect(failuresIn(report)).toEqual([]);
  expect(checkOf(report, "both sides")).toBeUndefined();
});

describe("who misses a witness of a hand-over contradicts nothing", () => {
  test.each([1, 2, 3, 4, 5, 6])("with the roots in %i alone: INCOMPLETE or PROVEN", async (set) => {
    const some = roots.filter((_, i) => (set >> i) % 2 === 1);
    const report = await verify(whole, { roots: some });
    expect(report.checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(report.outcome).toBe("INCOMPLETE");
  });

  test("the witness is compromised: QUORUM, of the hand-over too", async () => {
    const compromised = new Set([Buffer.from(witness.key.publicKey).toString("hex")]);
    const report = await verify(whole, { compromised });
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "QUORUM" });
    expect(checkOf(report, `${GATE}: hand-overs`)).toMatchObject({
      outcome: "missing",
      code: "QUORUM",
    });
  });
});

describe("F32: one side alone", () => {
  test("a hand-over that nobody took, where the receiver's log is here: ONE_SIDED", async () => {
    const alone = await cross(false);
    const report = await verify(await proveAll(alone.first, alone.second));
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "ONE_SIDED" });
    expect((await verify(await proveAll(alone.first))).outcome).toBe("PROVEN");
  });

  test("an accept of what the other log does not hold: ORPHAN", async () => {
    const { first: other } = await cross(false);
    const report = await verify(await proveAll(other, second));
    expect(report.outcome).toBe("REFUTED");
    expect(checkOf(report, "both sides")?.code).toBe("ORPHAN");
  });

  test("a packet that is not there: missing, by name", async () => {
    const parts = takeApart(whole);
    const packet = parts.files.findIndex((file) =>
      new TextDecoder().decode(file).startsWith('{"checkpoint"'),
    );
    const files = parts.files.filter((_, i) => i !== packet);
    const report = await verify(remake({ ...parts, files }));
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
    expect(checkOf(report, `${GATE}: hand-overs`)?.expected).toMatch(/^the packet of entry \d+/);
  });

  test("an accept that names another entry of the other log: ORPHAN", async () => {
    const parts = takeApart(await proveAll(second));
    const forged = await rewrite(parts, (entry) =>
      entry.kind === "accept"
        ? { ...entry, parent: { ...entry.parent, index: entry.parent.index + 1 } }
        : entry,
    );
    const report = await verify(remake(forged));
    expect(report.outcome).toBe("REFUTED");
    expect(checkOf(report, `${GATE}: hand-overs`)?.code).toBe("ORPHAN");
  });
});
