/** F55 to F57, F42, F45: a run that was stopped and went on, logs that begin in the middle, and what is withheld. */
import { describe, expect, test } from "vitest";
import { formatRfc3339 } from "../../src/bytes/rfc3339.js";
import { encodeHex } from "../../src/bytes/hex.js";
import { addResumer } from "../../src/domain/edit.js";
import { signResume } from "../../src/gate/resume-statement.js";
import type { BundleReport } from "../../src/proof/report.js";
import { party } from "../authorization/craft.js";
import { grant, makeWorld, NOW } from "../authorization/world.js";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { setWitnesses } from "../../src/domain/edit.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { asking, TestEffect } from "../gate/harness.js";
import { decodeUtf8 } from "../../src/bytes/utf8.js";
import type { SeenBench } from "./fixture.js";
import { failuresIn, openSeen, prove, runOnce, see, verify, witness } from "./fixture.js";
import { changing, editJson, remake, rewrite, takeApart } from "./remade.js";

const world = await makeWorld(async ({ ship, mill }) => {
  const policy = encodeUtf8(`witness w1 ${formatVkey(witness.key)}\nquorum w1\n`);
  await mill.publish((draft) => setWitnesses(draft, policy));
  await ship.publish((draft) => addResumer(draft, { name: "ops", key: party("ops").hex }));
});
const roots = await Promise.all(
  [world.ship, world.bank, world.mill].map((domain) => domain.read("metadata/1.root.json")),
);
const demand = { roots };

const checkOf = ({ checks }: BundleReport, end: string) =>
  checks.find(({ name }) => name.endsWith(end));

const word = async (bench: SeenBench, run: string | null, drift: string, by = party("ops")) =>
  await signResume(by.signer, {
    gate: bench.gate.origin,
    run,
    drift,
    trust: [],
    expires: formatRfc3339(NOW + 3_600_000, "s"),
    nonce: encodeHex(new Uint8Array(32).fill(5)),
  });

/** Stops a gate with a run, and brings both on again. */
async function stopAndGoOn(): Promise<SeenBench> {
  const bench = await openSeen({ domains: world.domains });
  await see(bench);
  const effect = new TestEffect();
  const links = [grant()];
  const ask = await asking(bench.gate, { links, effect });
  const started = await bench.gate.start(ask);
  if (started.outcome !== "allow") throw new Error(started.code);
  const { id } = started.run;
  await bench.gate.contain();
  await started.run.finished;
  const { gate } = bench;
  const opened = await gate.resume(await word(bench, null, gate.state.drift as string));
  if (!opened.ok) throw new Error(opened.code);
  const again = new TestEffect();
  const drift = gate.state.runs.get(id)?.drift as string;
  const kept = await bench.openings.read(id);
  const resumed = await gate.resumeRun(id, await word(bench, id, drift), {
    ...(await asking(gate, { links, effect: again })),
    openings: kept?.openings ?? [],
  });
  if (resumed.outcome !== "allow") throw new Error(`${resumed.code} ${resumed.found}`);
  again.end();
  await resumed.run.finished;
  await see(bench);
  return bench;
}

describe("F57: a run that was contained and resumed", () => {
  test("is PROVEN, with the resumer's words", async () => {
    const { bytes } = await prove(await stopAndGoOn(), demand);
    const report = await verify(bytes, demand);
    expect(failuresIn(report)).toEqual([]);
    expect(checkOf(report, "resumes")?.outcome).toBe("passed");
    expect(report.gates[0]?.runs).toMatchObject({ contained: 1, completed: 1 });
  });

  test.each([
    [
      "whose signature is another",
      (sig: string) => Buffer.from(sig, "base64").fill(1).toString("base64"),
      undefined,
    ],
    ["by who is no resumer", undefined, party("issuer of ship").hex],
  ])("a word %s: REFUTED", async (_, change, keyid) => {
    const parts = takeApart((await prove(await stopAndGoOn(), demand)).bytes);
    const forged = await rewrite(
      parts,
      changing("resume", (entry) => {
        const [signature] = entry.statement.signatures as [{ keyid: string; sig: string }];
        const other = {
          keyid: keyid ?? signature.keyid,
          sig: change?.(signature.sig) ?? signature.sig,
        };
        return { ...entry, statement: { ...entry.statement, signatures: [other] } };
      }),
    );
    const report = await verify(remake(forged), demand);
    // The links are made anew, so that the drift which the word answers is another one too.
    expect(report.outcome).toBe("REFUTED");
  });
});

describe("F42: a bundle that begins at a state", () => {
  async function long(): Promise<{ bench: SeenBench; last: string }> {
    const bench = await openSeen({ cadence: { state: 8 } });
    await see(bench);
    for (let i = 0; i < 3; i++) await runOnce(bench, {}, 1);
    await see(bench);
    const last = await runOnce(bench, {}, 1);
    await see(bench);
    return { bench, last };
  }

  test("is PROVEN, with less, and says where it begins", async () => {
    const { bench, last } = await long();
    const all = await prove(bench);
    const { bytes, bundle } = await prove(bench, { selection: { what: "run", run: last } });
    const [log] = bundle.manifest.logs;
    expect(log?.from).toBeGreaterThan(0);
    expect(bytes.length).toBeLessThan(all.bytes.length);
    const report = await verify(bytes);
    expect(failuresIn(report)).toEqual([]);
    expect(report.gates[0]?.reported.map(({ run }) => run)).toEqual([last]);
    expect((await verify(all.bytes)).outcome).toBe("PROVEN");
  });

  test("with another state in its place: not PROVEN", async () => {
    const { bench, last } = await long();
    const parts = takeApart((await prove(bench, { selection: { what: "run", run: last } })).bytes);
    const at = parts.files.findIndex((file) => decodeUtf8(file)?.startsWith('{"accepted"'));
    const other = editJson(parts.files[at]!, (json) => ({ ...json, size: json.size + 1 }));
    const files = parts.files.map((file, i) => (i === at ? other : file));
    expect((await verify(remake({ ...parts, files }))).outcome).not.toBe("PROVEN");
    const without = parts.files.filter((_, i) => i !== at);
    expect(await verify(remake({ ...parts, files: without }))).toMatchObject({
      outcome: "INCOMPLETE",
    });
  });

  test("holds nothing that other runs rest on", async () => {
    const bench = await openSeen();
    await see(bench);
    await runOnce(bench, { request: { arguments: { amount: 1, note: "a secret" } } }, 0);
    const mine = await runOnce(bench, {}, 0);
    await see(bench);
    const { bytes } = await prove(bench, { selection: { what: "run", run: mine } });
    expect(decodeUtf8(bytes)).not.toContain("a secret");
    const report = await verify(bytes);
    expect(failuresIn(report)).toEqual([]);
    expect(report.gates[0]?.decisions.others).toBe(1);
    expect(report.notChecked.join()).toContain("Decisions on runs that this is not about (1)");
  });
});

describe("F45: what is withheld", () => {
  test("REDACTED, under another id, and by name", async () => {
    const bench = await openSeen();
    await see(bench);
    await runOnce(bench, { request: { arguments: { amount: 1, note: "a secret" } } }, 1);
    await see(bench);
    const whole = await prove(bench);
    const { bytes, bundle } = await prove(bench, { redact: true });
    expect(bundle.id).not.toBe(whole.bundle.id);
    expect(decodeUtf8(bytes)).not.toContain("a secret");
    const report = await verify(bytes);
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "REDACTED" });
    expect(checkOf(report, "authorizations")?.expected).toBe('argument "amount"');
    expect(report.gates[0]?.decisions).toMatchObject({ agreed: 0, open: 2 });
  });

  test("a run without arguments has nothing to withhold", async () => {
    const bench = await openSeen();
    await see(bench);
    await runOnce(bench, { request: { command: "/nothing", arguments: {} } }, 0);
    await see(bench);
    const { bytes } = await prove(bench, { redact: true });
    expect((await verify(bytes)).checks.some(({ code }) => code === "REDACTED")).toBe(false);
  });
});
