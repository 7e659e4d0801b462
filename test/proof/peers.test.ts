/** F48, F9: peers that a domain invents, or that have no say, and whose word counts nothing. */
import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { setWitnesses } from "../../src/domain/edit.js";
import { withdraw } from "../../src/domain/publish.js";
import { keepCosigned } from "../../src/lineage/cosigned.js";
import { inFolder, readFolder } from "../../src/storage/folder.js";
import { CHECKPOINT } from "../../src/tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../../src/tlog/note.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import {
  CLERK,
  acceptPeer,
  ISSUED,
  makeWorld,
  MILL_TERMS,
  NOW,
  viewOf,
} from "../authorization/world.js";
import { refresh } from "../../src/domain/publish.js";
import type { TestDomain } from "../domain/fixture.js";
import { makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { forkOf } from "../sync/history.js";
import { signer } from "../tlog/fixture.js";
import {
  failuresIn,
  openSeen,
  prove,
  roots,
  runOnce,
  see,
  seen,
  verify,
  witness,
} from "./fixture.js";

const EVIL = "evil.example";
const invented = signer("w9.example", 9, "witness");
const policy = (name: string, key: typeof witness.key) =>
  encodeUtf8(`witness ${name} ${formatVkey(key)}\nquorum ${name}\n`);

/** SHIP's gate with a peer that SHIP has made up, and that peer's witness. */
async function invention(both: boolean) {
  const evil = await makeDomain(EVIL);
  await evil.publish((draft) => setWitnesses(draft, policy("w9", invented.key)));
  const world = await makeWorld(async ({ ship, mill }) => {
    await mill.publish((draft) => setWitnesses(draft, policy("w1", witness.key)));
    await acceptPeer(ship, evil, { commands: ["/read"], ...MILL_TERMS });
    await ship.publish();
  });
  evil.now = ISSUED;
  await evil.change(refresh);
  const { own, peers } = world.domains;
  const domains = { own, peers: new Map([...peers, [EVIL, await viewOf(evil)]]) };
  const bench = await openSeen({ domains });
  const by = both ? [witness, invented] : [invented];
  await see(bench, by);
  await runOnce(bench, {}, 1);
  await see(bench, by);
  const files = (all: readonly TestDomain[]) =>
    Promise.all(all.map((domain) => domain.read("metadata/1.root.json")));
  const known = await files([world.ship, world.bank, world.mill]);
  const all = [...known, ...(await files([evil]))];
  const { bytes } = await prove(bench, { roots: all });
  return { bytes, known, all };
}

describe("F48: a peer that the log's own domain has invented", () => {
  test("cosigns, and nobody pins it: NO_TRUST and QUORUM", async () => {
    const { bytes, known, all } = await invention(false);
    const report = await verify(bytes, { roots: known });
    expect(report.outcome).toBe("INCOMPLETE");
    const codes = report.checks.map(({ name, code }) => `${name.split(": ").at(-1)} ${code}`);
    expect(codes).toContain("pinned roots NO_TRUST");
    expect(codes).toContain("quorum QUORUM");
    expect(report.asOf).toBeNull();
    // Who pins it has chosen to believe it.
    expect(failuresIn(await verify(bytes, { roots: all }))).toEqual([]);
  });

  test("beside one that counts: still not PROVEN, and its cosignature is none of the quorum", async () => {
    const { bytes, known } = await invention(true);
    const report = await verify(bytes, { roots: known });
    expect(report.outcome).toBe("INCOMPLETE");
    expect(report.logs[0]?.witnesses ?? []).not.toContain(invented.key.name);
  });
});

describe("F48: a witness that the own domain names too", () => {
  test("is its own, whoever else names it: QUORUM", async () => {
    const world = await makeWorld(async ({ ship, mill }) => {
      await mill.publish((draft) => setWitnesses(draft, policy("w1", witness.key)));
      await ship.publish((draft) => setWitnesses(draft, policy("w1", witness.key)));
    });
    const bench = await openSeen({ domains: world.domains });
    await see(bench);
    await runOnce(bench, {}, 0);
    await see(bench);
    const own = await Promise.all(
      [world.ship, world.bank, world.mill].map((domain) => domain.read("metadata/1.root.json")),
    );
    const { bytes } = await prove(bench, { roots: own });
    const report = await verify(bytes, { roots: own });
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "QUORUM" });
  });
});

describe("F9: what a domain withdraws that has no say in it", () => {
  test("contradicts nothing; its word binds where it is the issuer's", async () => {
    const bench = await openSeen();
    await see(bench);
    await runOnce(bench, {}, 0);
    await see(bench);
    const outcomeOf = async (which: "mill" | "bank") => {
      const domain = await forkOf(seen[which]);
      const keys = [{ key: CLERK.hex, expires: "2099-01-01T00:00:00Z" }];
      await domain.change((open) => withdraw(open, { keys }));
      const log = inFolder(domain.storage, "public/log");
      const checkpoint = (await log.read(CHECKPOINT, MAX_NOTE_BYTES)) as Uint8Array;
      // MILL's own witness is nobody's for MILL's log.
      const by = which === "mill" ? signer("w4.example", 4, "witness") : witness;
      const cosigned = await cosignCheckpoint(checkpoint, by, BigInt(NOW / 1000 - 60));
      must(
        await keepCosigned(kernel, log, cosigned, { witnesses: [by.key], verifiers: NO_VERIFIERS }),
      );
      const domains = [readFolder(domain.storage, "public")];
      const { bytes } = await prove(bench, { domains, roots });
      return await verify(bytes, which === "mill" ? { policy: policyOf(by.key) } : {});
    };
    expect(await outcomeOf("bank")).toMatchObject({ outcome: "REFUTED", code: "REVOKED" });
    const mill = await outcomeOf("mill");
    expect(mill.checks.some(({ code }) => code === "REVOKED")).toBe(false);
    expect(mill.checks.find(({ name }) => name === "mill.example/trust: changes")?.outcome).toBe(
      "passed",
    );
    expect(mill.notChecked.join()).toContain("ship.example, bank.example");
  });
});

function policyOf(key: typeof witness.key) {
  const witnesses = [witness.key, key].map((each) => ({ name: each.name, key: each }));
  const members = witnesses.map((each) => ({ witness: each }));
  return { logs: [], witnesses, quorum: { name: "any", threshold: 1, members } };
}
