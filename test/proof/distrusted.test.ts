/** What a gate knows that is in no log: contradictions of a domain, and states that it was set back to. */
import { expect, test } from "vitest";
import { removeIssuer } from "../../src/domain/edit.js";
import { refresh } from "../../src/domain/publish.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import type { TrustView } from "../../src/trust/view.js";
import { failure } from "../../src/verdict.js";
import { BANK, grant, NOW, otherViews, SHIP, viewOf } from "../authorization/world.js";
import { forkOf } from "../sync/history.js";
import type { Written } from "./attacker.js";
import { rewrite, sha256, withLog, writtenOf } from "./attacker.js";
import type { SeenBench } from "./fixture.js";
import { failuresIn, openSeen, prove, runOnce, see, seen, verify } from "./fixture.js";

async function dayOf(change: (view: TrustView) => TrustView) {
  const bench = await openSeen();
  await see(bench);
  await runOnce(bench, {}, 0);
  bench.follower.set(otherViews(seen.domains, { [BANK]: change }));
  await bench.clock.advance(10);
  await runOnce(bench, {}, 1);
  await see(bench);
  return { bench, report: await verify((await prove(bench)).bytes) };
}

test.each([["timestamp 17"], ["root 2"]])(
  "F7: a domain that contradicts itself (%s): the denial is PROVEN",
  async (contradiction) => {
    const { report } = await dayOf((view) => ({
      ...view,
      failure: failure("EQUIVOCATION", "one", "two"),
      contradictions: [contradiction],
    }));
    expect(failuresIn(report)).toEqual([]);
    expect(report.gates[0]?.runs).toMatchObject({ completed: 1, denied: 1 });
  },
);

test("F7: and one that did so under keys that are gone, on which runs go on", async () => {
  const { report } = await dayOf((view) => ({ ...view, contradictions: ["timestamp 17"] }));
  expect(failuresIn(report)).toEqual([]);
  expect(report.gates[0]?.runs).toMatchObject({ completed: 2, denied: 0 });
});

test("a gate that was set back to an older state denies, and that is PROVEN", async () => {
  const bank = await forkOf(seen.bank);
  bank.now = NOW + 1_000;
  await bank.change(refresh);
  const newer = await viewOf(bank);
  const bench = await openSeen();
  await see(bench);
  bench.follower.set(otherViews(seen.domains, { [BANK]: () => newer }));
  await bench.clock.advance(2_000);
  await runOnce(bench, {}, 0);
  bench.follower.set(seen.domains);
  await bench.clock.advance(1);
  await runOnce(bench, {}, 0);
  await see(bench);
  const codes = (await writtenOf(bench)).flatMap(({ body }) => body.code ?? []);
  expect(codes).toContain("ROLLBACK");
  expect(failuresIn(await verify((await prove(bench)).bytes))).toEqual([]);
});

test("a chain that was admitted once, and whose issuer is gone since: its denial is PROVEN", async () => {
  const bank = await forkOf(seen.bank);
  bank.now = NOW + 1_000;
  await bank.publish((draft) => removeIssuer(draft, "bank"));
  bank.now += 1_000;
  await bank.change(refresh);
  const bench = await openSeen();
  await see(bench);
  const links = [grant()];
  await runOnce(bench, { links }, 0);
  const view = await viewOf(bank);
  bench.follower.set(otherViews(seen.domains, { [BANK]: () => view }));
  await bench.clock.advance(3_000);
  await bench.gate.contain();
  await runOnce(bench, { links }, 0);
  await see(bench);
  const entries = await writtenOf(bench);
  const last = entries.findLast(({ body }) => body.kind === "decision")?.body;
  expect(last).toMatchObject({ outcome: "deny", code: "CONTAINED" });
  expect(last?.possession).not.toBeNull();
  const report = await verify((await prove(bench)).bytes);
  expect(failuresIn(report)).toEqual([]);
  expect(report.gates[0]?.decisions).toMatchObject({ agreed: 2, asserted: 0 });
  const { run } = last as { run: string };
  const part = await prove(bench, { selection: { what: "run", run } });
  expect(failuresIn(await verify(part.bytes))).toEqual([]);
});

/** The log of a gate that was contained, with something else in its last entry. */
async function contained(evidence: string, more: readonly string[], bench: SeenBench) {
  const entries = await writtenOf(bench);
  const last = entries.at(-1) as Written;
  expect(last.body.kind).toBe("drift");
  last.body.evidence = evidence;
  const sights = [
    { size: 1, time: NOW },
    { size: entries.length, time: NOW },
  ];
  const kept = bench.storage as MemoryStorage;
  const log = await rewrite(entries, { kept, sights, more });
  return await verify((await prove(withLog(bench, log))).bytes);
}

test("evidence of a drift is part of the bundle, or missing by name", async () => {
  const bench = await openSeen();
  await runOnce(bench, {}, 0);
  await bench.gate.contain();
  const text = '{"two":"states"}';
  expect(failuresIn(await contained(sha256(text), [text], bench))).toEqual([]);
  const report = await contained(sha256(text), [], bench);
  expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
  expect(failuresIn(report).join()).toContain("the evidence of a drift");
});

test("who says that it was attested shows no attestation: MISSING", async () => {
  const bench = await openSeen();
  await runOnce(bench, {}, 0);
  const entries = await writtenOf(bench);
  for (const { body } of entries) if (body.kind === "measurement") body.source = "attested";
  const sights = [
    { size: 5, time: NOW },
    { size: entries.length, time: NOW },
  ];
  const log = await rewrite(entries, { kept: bench.storage as MemoryStorage, sights });
  const report = await verify((await prove(withLog(bench, log))).bytes);
  expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
  expect(failuresIn(report).join()).toContain("who attests");
  expect(report.logs[0]?.domain).toBe(SHIP);
});
