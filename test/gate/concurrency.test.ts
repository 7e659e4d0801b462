/** F20: many runs at once leave one chain, and nobody's limit is passed. */
import { expect, test } from "vitest";
import { checkChain } from "../../src/lineage/chain.js";
import { GATE, grant } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { asking, TestEffect } from "./harness.js";
import { openResumable } from "./worlds.js";

const RUNS = 1_000;

test(`F20: ${RUNS} runs at once: one chain, no place twice, all outcomes there`, async () => {
  const { gate, storage } = await openResumable();
  const links = [grant()];
  const effects = Array.from({ length: RUNS }, () => new TestEffect());
  const asks = await Promise.all(effects.map((effect) => asking(gate, { links, effect })));
  const runs = await Promise.all(
    asks.map(async (ask, i) => {
      const started = await gate.start(ask);
      if (started.outcome !== "allow") throw new Error(`${started.code} ${started.found}`);
      (effects[i] as TestEffect).end(i % 7 === 0 ? "failed" : "done");
      return await started.run.finished;
    }),
  );
  expect(runs.every(({ outcome }) => outcome === "completed")).toBe(true);
  await gate.close();

  const { gate: next } = await openResumable({ storage });
  const bytes = await Promise.all(
    Array.from({ length: next.state.size }, (_, i) => next.core.ledger.log.read(i)),
  );
  const { entries } = must(checkChain(kernel, bytes as Uint8Array[], null));
  for (const kind of ["admission", "measurement", "decision", "intent", "outcome"] as const) {
    const found = entries.flatMap((entry) => (entry.kind === kind ? [entry.run] : []));
    expect(new Set(found).size, kind).toBe(RUNS);
    expect(found.length, kind).toBe(RUNS);
  }
  expect(next.state.runs.size).toBe(0);
  await next.close();
}, 60_000);

test("F20: twenty runs at once of a use allowed five times: five", async () => {
  const { gate, storage } = await openResumable();
  const links = [grant({ audience: [GATE], limits: { uses: 5 } })];
  const ask = (to: typeof gate) => asking(to, { links });
  const asks = await Promise.all(Array.from({ length: 20 }, () => ask(gate)));
  const started = await Promise.all(asks.map((each) => gate.start(each)));
  const codes = started.map((each) => (each.outcome === "allow" ? "allow" : each.code)).sort();
  expect(codes).toEqual([...Array(15).fill("LIMIT"), ...Array(5).fill("allow")]);
  await gate.close();
  const { gate: next } = await openResumable({ storage });
  expect(await next.start(await ask(next))).toMatchObject({ outcome: "deny", code: "LIMIT" });
  await next.close();
});
