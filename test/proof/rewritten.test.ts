/** F48, F49, F18: another history under the gate's own key, and one that was cut. */
import { describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import { decodeUtf8 } from "../../src/bytes/utf8.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { signer as makeSigner } from "../tlog/fixture.js";
import { NOW } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import {
  DEMAND,
  openSeen,
  ownWitness,
  prove,
  roots,
  runOnce,
  see,
  verify,
  witness,
} from "./fixture.js";
import { changing, remake, rewrite, takeApart } from "./remade.js";

const bench = await openSeen();
await see(bench);
const early = await prove(bench);
await runOnce(bench);
const heads: Uint8Array[] = [];
heads.push(await bench.gate.checkpoint());
await see(bench);
const middle = await prove(bench);
await runOnce(bench, {}, 0);
await see(bench);
const { bytes } = await prove(bench);
const good = takeApart(bytes);
const count = good.manifest.logs[0]?.count ?? 0;
const later = NOW + 10_000;

/** The first run did not end well after all: who has the gate's key can write that. */
const other = () => changing("outcome", (entry) => ({ ...entry, outcome: "failed" }));

describe("history that was rewritten and signed with the gate's key", () => {
  const failing = async (seen: Parameters<typeof rewrite>[2], demand = {}) => {
    const report = await verify(remake(await rewrite(good, other(), seen)), demand);
    expect(report.outcome).not.toBe("PROVEN");
    return report.checks
      .filter(({ outcome }) => outcome !== "passed")
      .map(({ name, code }) => `${name} ${code}`);
  };

  test("F48: that nobody has seen: QUORUM", async () => {
    const seen = { seen: [{ by: ownWitness, time: later }] };
    expect(await failing(seen)).toContain("ship.example/gate-1: quorum QUORUM");
  });

  test("F48: that an invented peer has seen: its signature is nobody's", async () => {
    const invented = makeSigner("w9.example", 9, "witness");
    const checks = await failing({ seen: [{ by: invented, time: later }] });
    expect(checks).toContain("ship.example/gate-1: checkpoints NON_CANONICAL");
    expect(checks).toContain("ship.example/gate-1: quorum QUORUM");
  });

  test("F48: that a stolen witness has seen, once that is known", async () => {
    const seen = { seen: [{ by: witness, time: later }] };
    const compromised = new Set([encodeHex(witness.key.publicKey)]);
    expect(await failing(seen, { compromised })).toContain("ship.example/gate-1: quorum QUORUM");
  });

  test("the gate's own key, once it is known to be stolen, signs nothing", async () => {
    const key = bench.options.signer.key.publicKey;
    const report = await verify(bytes, { compromised: new Set([encodeHex(key)]) });
    expect(report.outcome).not.toBe("PROVEN");
    expect(report.checks.find(({ name }) => name.endsWith("checkpoints"))?.outcome).not.toBe(
      "passed",
    );
  });

  test("F49: who remembers a checkpoint of the true one finds both", async () => {
    const all = { seen: [{ by: witness, time: later }] };
    const forged = remake(await rewrite(good, other(), all));
    const whole = await verify(forged);
    // With the witness's key too, nothing tells: that is why it is another domain's.
    expect(whole.outcome).toBe("PROVEN");
    const report = await verify(forged, { remembered: heads });
    expect(report).toMatchObject({ outcome: "REFUTED", code: "EQUIVOCATION" });
  });

  test("a checkpoint by another key is nobody's", async () => {
    const stranger = makeSigner("ship.example/gate-1", 33, "log");
    const checks = await failing({ signer: stranger, seen: [{ by: witness, time: later }] });
    expect(checks.join()).toMatch(/gate-1: checkpoints (KEY|NON_CANONICAL)/);
  });
});

describe("F18: a tail that was cut", () => {
  test("below a checkpoint that others had seen: PROVEN as of then, and no longer", async () => {
    const [first, second] = [await verify(early.bytes), await verify(middle.bytes)];
    expect([first.outcome, second.outcome]).toEqual(["PROVEN", "PROVEN"]);
    expect((first.asOf ?? "") < (second.asOf ?? "")).toBe(true);
    const late = await verify(middle.bytes, { asOf: Date.parse(second.asOf ?? "") + 60_000 });
    expect(late).toMatchObject({ outcome: "INCOMPLETE", code: "TRUNCATED" });
    const then = await verify(middle.bytes, { asOf: Date.parse(second.asOf ?? "") });
    expect(then.outcome).toBe("PROVEN");
  });

  test("below one that somebody remembers: TRUNCATED", async () => {
    const newest = await bench.gate.checkpoint();
    const report = await verify(middle.bytes, { remembered: [newest] });
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "TRUNCATED" });
    expect((await verify(bytes, { remembered: [newest, ...heads] })).outcome).toBe("PROVEN");
  });

  test("one that the log has not signed accuses nobody: UNSIGNED", async () => {
    const [text = "", signatures = ""] = new TextDecoder()
      .decode(await bench.gate.checkpoint())
      .split("\n\n");
    const [origin, size] = text.split("\n");
    const root = Buffer.alloc(32, 7).toString("base64");
    const made = new TextEncoder().encode(`${origin}\n${size}\n${root}\n\n${signatures}`);
    const report = await verify(bytes, { remembered: [made] });
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "UNSIGNED" });
  });

  test("below one that the bundle itself holds: TRUNCATED where a run is under way, DIGEST under its id", async () => {
    const [log] = good.manifest.logs;
    if (!log) throw new Error("a log");
    const cut = (good.logs[0] ?? []).slice(0, count - 1);
    const { proveConsistency } = await treeOf();
    const head = log.checkpoints.at(-1)!;
    const proof = await proveConsistency(count - 1);
    const checkpoints = [...log.checkpoints.slice(0, -1), { ...head, proof }];
    const parts = {
      ...good,
      manifest: { ...good.manifest, logs: [{ ...log, checkpoints }] },
      logs: [cut],
    };
    const report = await verify(remake(parts));
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "TRUNCATED" });
    expect(report.gates[0]?.runs.open).toBe(1);
  });

  async function treeOf() {
    const { TreeReader } = await import("../../src/tlog/tree-reader.js");
    const { kernel } = await import("../kernel.js");
    const tree = new TreeReader(kernel, bench.storage, BigInt(count), "c2sp");
    return {
      proveConsistency: async (size: number) =>
        must(await tree.proveConsistency(BigInt(size))).map((hash) =>
          Buffer.from(hash).toString("base64"),
        ),
    };
  }
});

describe("F8: who pins nothing of a domain, or another root", () => {
  test.each([0, 1, 2])("without the root of domain %i: INCOMPLETE", async (i) => {
    const report = await verify(bytes, { roots: roots.filter((_, n) => n !== i) });
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "NO_TRUST" });
    expect(report.checks.some(({ outcome }) => outcome === "failed")).toBe(false);
  });

  test("without any, a demand is none", async () => {
    await expect(verify(bytes, { roots: [] })).rejects.toThrow(TypeError);
    await expect(verify(bytes, { now: Number.NaN })).rejects.toThrow(TypeError);
    await expect(verify(bytes, { skew: -1 })).rejects.toThrow(TypeError);
    await expect(verify(bytes, { witnessInterval: Number.NaN })).rejects.toThrow(TypeError);
  });
});

test("two years later it still verifies, as of its time; from the future nothing does", async () => {
  const report = await verify(bytes, { now: DEMAND.now + 2 * 366 * 86_400_000 });
  expect(report.outcome).toBe("PROVEN");
  expect(report.asOf).toBe((await verify(bytes)).asOf);
  const before = await verify(bytes, { now: NOW - 60_000 });
  expect(before.outcome).not.toBe("PROVEN");
});

test("the checkpoints of a bundle are the log's own", () => {
  for (const { sha256 } of good.manifest.logs[0]?.checkpoints ?? []) {
    const file = good.files.find((each) => decodeUtf8(each)?.startsWith("ship.example/gate-1\n"));
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(must(parseCheckpoint(file as Uint8Array)).checkpoint.origin).toBe("ship.example/gate-1");
  }
});
