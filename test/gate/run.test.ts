import { describe, expect, test } from "vitest";
import { grant, NOW } from "../authorization/world.js";
import { asking, entriesOf, openBench, storyOf, TestEffect } from "./harness.js";

describe("a run", () => {
  test("that is allowed leaves its entries in order, the intent before its effect", async () => {
    const { gate } = await openBench();
    const effect = new TestEffect();
    const started = await gate.start(await asking(gate, { effect }));
    expect(started).toMatchObject({ outcome: "allow" });
    if (started.outcome !== "allow") return;
    expect(effect.began).toBe(true);
    effect.end();
    expect(await started.run.finished).toMatchObject({ outcome: "completed" });
    expect(await storyOf(gate, started.run.id)).toEqual([
      "admission authorized",
      "measurement trusted",
      "decision trusted",
      "intent executing",
      "outcome completed",
    ]);
    const kinds = (await entriesOf(gate)).map(({ kind }) => kind);
    expect(kinds.slice(0, 5)).toEqual(["start", "trust", "trust", "trust", "policy"]);
    await gate.close();
  });

  test("that is not authorized is denied, and the denial is an entry", async () => {
    const { gate } = await openBench();
    const effect = new TestEffect();
    const denied = await gate.start(await asking(gate, { effect, request: { command: "/other" } }));
    expect(denied).toMatchObject({ outcome: "deny", code: "UNTRUSTED" });
    expect(effect.began).toBe(false);
    await gate.close();
  });

  test("is stopped at the bound of its trust, to the millisecond", async () => {
    const { gate, clock } = await openBench();
    const effect = new TestEffect();
    const started = await gate.start(await asking(gate, { effect, links: [grant()] }));
    if (started.outcome !== "allow") throw new Error(started.code);
    const bound = (started.run.permission?.validUntil as number) - NOW;
    await clock.advance(bound);
    expect(effect.interrupts).toBe(0);
    await clock.advance(1);
    expect(effect.interrupts).toBe(1);
    expect(await started.run.finished).toMatchObject({ outcome: "interrupted", code: "STALE" });
    await gate.close();
  });
});
