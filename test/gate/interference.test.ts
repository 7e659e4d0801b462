/** Who gets in between: a resume before the stop is durable, a watcher, a clock, an effect that lies, a caller. */
import { expect, test, describe } from "vitest";
import { openResumable, openings, running, wordFor, answer } from "./worlds.js";
import { asking, entriesOf, TestEffect } from "./harness.js";
import { settle, TestClock } from "./fake-clock.js";
import { grant, NOW } from "../authorization/world.js";
import { kernel } from "../kernel.js";
import { readKept } from "../../src/lineage/kept.js";
import { Held } from "./held-storage.js";

async function resumedEarly() {
  const storage = new Held();
  const { gate, clock } = await openResumable({ storage: storage as never });
  const links = [grant()];
  const { run } = await running(gate, { links });
  storage.hold();
  gate.supervisor.break(run, "ENV", "environment");
  await settle();
  expect(gate.state.runs.get(run.id)?.state).toBe("contained"); // in the log, not yet durable
  const word = await wordFor(gate, run.id);
  const effect = new TestEffect();
  const ask = await asking(gate, { links, effect });
  const p = gate.resumeRun(run.id, word, { ...ask, openings: openings.get(run.id) ?? [] });
  await settle();
  storage.release();
  const resumed = await p;
  if (resumed.outcome !== "allow") throw new Error(JSON.stringify(resumed));
  expect(resumed.outcome).toBe("allow");
  expect(effect.began).toBe(true);
  await settle();
  return { gate, run, effect, clock };
}
describe("resume before the interruption is durable", () => {
  test("contain stops it", async () => {
    const { gate, effect } = await resumedEarly();
    await gate.contain();
    await settle();
    expect(effect.interrupts).toBe(1);
  });
  test("revoke(null) stops it", async () => {
    const { gate, effect } = await resumedEarly();
    await gate.revoke(null);
    await settle();
    expect(effect.interrupts).toBe(1);
  });
  test("revoke(run) stops it", async () => {
    const { gate, effect, run } = await resumedEarly();
    const r = await gate.revoke(run.id);
    await settle();
    console.log("revoke", JSON.stringify(r), gate.state.revoked.has(run.id), gate.failure);
    expect(effect.interrupts).toBe(1);
  });
  test("close stops it", async () => {
    const { gate, effect } = await resumedEarly();
    await gate.close();
    await settle();
    expect(effect.interrupts).toBe(1);
  });
});
test("after that, the gate itself survives the recheck", async () => {
  const { gate, run, effect, clock } = await resumedEarly();
  await gate.revoke(run.id);
  const before = effect.interrupts;
  await clock.advance(1_500);
  console.log("F1b", before, effect.interrupts, JSON.stringify(gate.failure));
  expect(gate.failure).toBeUndefined();
});
describe("an entry watcher that contains or revokes", () => {
  for (const [what, act] of [
    ["contain", (g: any) => g.contain()],
    ["revoke", (g: any) => g.revoke(null)],
  ] as const)
    for (const kind of ["measurement", "decision", "intent"])
      test(`${what} at ${kind}: nothing begins`, async () => {
        const { gate } = await openResumable();
        let done = false;
        gate.onEntry(({ entry }) => {
          if (entry.kind === kind && !done) {
            done = true;
            void act(gate);
          }
        });
        const effect = new TestEffect();
        const s = await gate.start(await asking(gate, { effect }));
        await settle();
        console.log(what, kind, s.outcome, gate.state.mode, effect.began, effect.interrupts);
        expect(effect.began && effect.interrupts === 0).toBe(false);
      });
});
test("a clock that glitches once: nothing runs in a contained gate", async () => {
  class Glitch extends TestClock {
    at = -1;
    n = 0;
    override now() {
      return super.now() - (++this.n === this.at ? 10_000 : 0);
    }
  }
  const bad: number[] = [];
  for (let i = 1; i < 40; i++) {
    const clock = new Glitch(NOW);
    const { gate } = await openResumable({ clock });
    const effect = new TestEffect();
    const ask = await asking(gate, { effect });
    clock.n = 0;
    clock.at = i;
    const s = await gate.start(ask);
    await settle();
    if (effect.began && effect.interrupts === 0 && gate.state.mode !== "open") bad.push(i);
    void s;
  }
  expect(bad).toEqual([]);
});
describe("effects that report hostile values", () => {
  test("an end whose outcome throws", async () => {
    const { gate } = await openResumable();
    const effect = {
      isolation: { level: "cooperative" as const },
      start: () => ({
        ended: Promise.resolve({
          get outcome(): never {
            throw new Error("ha");
          },
          exit: null,
          signal: null,
        }),
        interrupt: async () => ({ answer: "stopped" as const, steps: [], took: 0 }),
      }),
    };
    const s = await gate.start(await asking(gate, { effect }));
    if (s.outcome !== "allow") throw new Error(s.code);
    const r = await Promise.race([
      s.run.finished,
      new Promise((r) => setTimeout(() => r("hangs"), 500)),
    ]);
    expect(r).not.toBe("hangs");
  });
  test("an interruption whose steps throw", async () => {
    const { gate } = await openResumable();
    const effect = {
      isolation: { level: "cooperative" as const },
      start: () => ({
        ended: new Promise<never>(() => {}),
        interrupt: async () => ({
          answer: "stopped" as const,
          get steps(): never {
            throw new Error("ha");
          },
          took: 0,
        }),
      }),
    };
    const s = await gate.start(await asking(gate, { effect }));
    if (s.outcome !== "allow") throw new Error(s.code);
    const r = await Promise.race([
      gate.close(),
      new Promise((r) => setTimeout(() => r("hangs"), 500)),
    ]);
    expect(r).not.toBe("hangs");
  });
});
test("a request that can be read once", async () => {
  const { gate } = await openResumable();
  const effect = new TestEffect();
  const ask = await asking(gate, { effect });
  let n = 0;
  const request = ask.request;
  const once = {
    ...ask,
    get request() {
      if (n++ > 0) throw new Error("gone");
      return request;
    },
  };
  const s = await gate.start(once).catch((e) => e);
  await settle();
  console.log(
    "F10",
    s instanceof Error ? `rejects ${s.message}` : s.outcome,
    [...gate.state.runs.values()].map((r) => r.state),
    effect.began,
  );
  expect([...gate.state.runs.values()].some((r) => r.state === "executing") && !effect.began).toBe(
    false,
  );
});
test("a chain's buffer that is used again", async () => {
  const storage = new Held();
  const { gate } = await openResumable({ storage: storage as never });
  const ask = await asking(gate, {});
  const p = gate.start(ask);
  ask.chain.fill(0x20);
  const s = await p;
  expect(s.outcome).toBe("allow");
  const adm = (await entriesOf(gate)).find(({ kind }) => kind === "admission") as { chain: string };
  expect(await readKept(kernel, storage, adm.chain)).toMatchObject({ ok: true });
});
test("close waits for the state that an entry names", async () => {
  const storage = new Held();
  const { gate } = await openResumable({ storage: storage as never, cadence: { state: 6 } });
  await answer(gate);
  await settle();
  storage.holdWrites = "kept";
  storage.hold();
  const { run } = await (async () => {
    storage.holdWrites = "kept";
    const e = new TestEffect();
    storage.release();
    const r = await running(gate, { effect: e });
    return r;
  })();
  storage.hold();
  for (let i = 0; i < 8; i++) await gate.handOver(run, "a".repeat(64));
  const closed = await Promise.race([
    gate.close().then(() => "closed"),
    new Promise((r) => setTimeout(() => r("waits"), 500)),
  ]);
  const states = (await entriesOf(gate)).filter(({ kind }) => kind === "state") as unknown as {
    digest: string;
  }[];
  const last = states.at(-1)!;
  const kept = await readKept(kernel, storage, last.digest);
  console.log("F12", closed, states.length, kept.ok);
  expect(closed === "closed" && !kept.ok).toBe(false);
});
