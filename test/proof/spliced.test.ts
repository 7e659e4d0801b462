/**
 * F19, F47: logs of a gate put together from what it did at other times, with its own key: a run that its
 * counters or its state deny, one that goes on after it was denied, and times that witnesses contradict.
 */
import { describe, expect, test } from "vitest";
import type { MemoryStorage } from "../../src/storage/memory.js";
import { proveBundle } from "../../src/proof/prove-bundle.js";
import type { BundleDemand } from "../../src/proof/demand.js";
import { GATE, grant, NOW, otherViews, SHIP } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { TestClock } from "../gate/fake-clock.js";
import { asking, TestEffect } from "../gate/harness.js";
import { kernel } from "../kernel.js";
import { filesOf } from "../tlog/stored.js";
import type { Sight, Written } from "./attacker.js";
import { rewrite, writtenOf } from "./attacker.js";
import type { SeenBench } from "./fixture.js";
import { bytesOf, openSeen, roots, runOnce, see, seen, verify } from "./fixture.js";

/** Other bytes than every other of its kind, so that two gates give their runs different names. */
const random = (seed: number) => {
  let n = 0;
  return (length: number) => {
    const bytes = new Uint8Array(length).fill(seed);
    new DataView(bytes.buffer).setUint32(0, ++n);
    return bytes;
  };
};

async function proving(
  entries: readonly Written[],
  benches: readonly SeenBench[],
  change: { readonly sights?: readonly Sight[]; readonly demand?: Partial<BundleDemand> } = {},
) {
  const kept = benches[0]?.storage as MemoryStorage;
  for (const { storage } of benches.slice(1)) {
    for (const [path, bytes] of await filesOf(storage as MemoryStorage)) {
      if (path.startsWith("kept/")) await kept.write(path, bytes);
    }
  }
  const end = { size: entries.length, time: entries.at(-1)?.time ?? NOW };
  const sights = change.sights ?? [{ size: 5, time: NOW }, end];
  const log = await rewrite(entries, { kept, sights });
  const opened = async (run: string) => {
    for (const { openings } of benches) {
      const found = await openings.read(run);
      if (found) return found;
    }
    return undefined;
  };
  const gates = [{ log, selection: { what: "all" } as const, opened }];
  const bundle = must(await proveBundle(kernel, { gates, domains: [], roots, redact: false }));
  const report = await verify(await bytesOf(bundle), change.demand);
  const checks = report.checks
    .filter(({ outcome }) => outcome === "failed" || outcome === "missing")
    .map(({ name, code, expected }) => `${name.split(": ").at(-1)} ${code} ${expected}`);
  return { report, checks };
}

/** The entries of a gate that began one run, without those before it. */
async function oneRun(seed: number, links: ReturnType<typeof grant>[], clock = new TestClock(NOW)) {
  const bench = await openSeen({ clock, random: random(seed) });
  await runOnce(bench, { links }, 0);
  return { bench, entries: await writtenOf(bench) };
}

const BEGINNING = 5;

describe("a run that its gate would have denied by then", () => {
  test("for its link has no use left: DECISION", async () => {
    const links = [grant({ audience: [GATE], limits: { uses: 1 } })];
    const [first, second] = [await oneRun(1, links), await oneRun(2, links)];
    const alone = await proving(first.entries, [first.bench]);
    expect(alone.report.outcome).toBe("PROVEN");
    const both = [...first.entries, ...second.entries.slice(BEGINNING)];
    const { report, checks } = await proving(both, [first.bench, second.bench]);
    expect(report.outcome).toBe("REFUTED");
    expect(checks.join()).toMatch(/decisions DECISION entry 12: .*LIMIT/);
  });

  test("and an intent that charges nothing for it: LIMIT", async () => {
    const links = [grant({ audience: [GATE], limits: { uses: 1 } })];
    const [first, second] = [await oneRun(1, links), await oneRun(2, links)];
    const both = [...first.entries, ...second.entries.slice(BEGINNING)];
    for (const { body } of both) if (body.kind === "intent") body.charges = [];
    const { report, checks } = await proving(both, [first.bench, second.bench]);
    expect(report.outcome).toBe("REFUTED");
    expect(checks.join()).toMatch(/decisions LIMIT/);
  });

  test("for the gate is contained: DECISION", async () => {
    const first = await oneRun(1, [grant()]);
    await first.bench.gate.contain();
    const second = await oneRun(2, [grant()]);
    const entries = await writtenOf(first.bench);
    expect((await proving(entries, [first.bench])).report.outcome).toBe("PROVEN");
    const both = [...entries, ...second.entries.slice(BEGINNING)];
    const { report, checks } = await proving(both, [first.bench, second.bench]);
    expect(report.outcome).toBe("REFUTED");
    expect(checks.join()).toMatch(/decisions DECISION .*CONTAINED/);
  });

  test("for its trust has ended meanwhile: DECISION", async () => {
    const first = await oneRun(1, [grant()]);
    const moved = first.entries.map((each, i) =>
      i < BEGINNING ? each : { ...each, time: each.time + 40_000 },
    );
    const { report, checks } = await proving(moved, [first.bench]);
    expect(report.outcome).toBe("REFUTED");
    expect(checks.join()).toMatch(/decisions DECISION .*STALE/);
  });

  test("or with a proof of possession that is older: HOLDER", async () => {
    const first = await oneRun(1, [grant()]);
    const second = await oneRun(2, [grant()]);
    const proof = first.entries.find(({ body }) => body.possession)?.body.possession;
    const entries = second.entries.map((each) =>
      each.body.possession ? { ...each, body: { ...each.body, possession: proof } } : each,
    );
    const { report, checks } = await proving(entries, [second.bench, first.bench]);
    expect(report.outcome).toBe("REFUTED");
    expect(checks.join()).toMatch(/authorizations/);
  });
});

/** A run that is decided on again and denied after a second, as its domain has vanished. */
async function deniedAgain() {
  const bench = await openSeen();
  await see(bench);
  const effect = new TestEffect();
  const started = await bench.gate.start(await asking(bench.gate, { effect }));
  if (started.outcome !== "allow") throw new Error(started.code);
  bench.follower.set(
    otherViews(seen.domains, { [SHIP]: (view) => ({ ...view, state: undefined }) }),
  );
  await bench.clock.advance(1_000);
  await started.run.finished;
  return { bench, entries: await writtenOf(bench) };
}

describe("a run that was denied while its effect ran", () => {
  const until = (entries: readonly Written[]) =>
    entries.slice(0, entries.findIndex(({ body }) => body.outcome === "deny") + 1);
  const ending = (like: Written): Written => {
    const { run } = like.body;
    const body = {
      kind: "outcome",
      run,
      state: "completed",
      outcome: "done",
      exit: null,
      signal: null,
    };
    return { body, time: like.time, leaf: "end" };
  };

  test("is stopped: PROVEN", async () => {
    const { bench, entries } = await deniedAgain();
    const kinds = entries.slice(-3).map(({ body }) => body.kind);
    expect(kinds).toEqual(["decision", "drift", "interruption"]);
    expect((await proving(entries, [bench])).checks).toEqual([]);
  });

  test("and goes on to its end all the same: LOG", async () => {
    const { bench, entries } = await deniedAgain();
    const cut = until(entries);
    const { report, checks } = await proving([...cut, ending(cut.at(-1) as Written)], [bench]);
    expect(report.outcome).toBe("REFUTED");
    expect(checks.join()).toMatch(/transitions LOG a drift of run/);
  });
});

describe("F48: a time that witnesses contradict", () => {
  test("of an entry that decides nothing: CLOCK", async () => {
    const first = await oneRun(1, [grant()]);
    await first.bench.gate.contain();
    const entries = await writtenOf(first.bench);
    const last = entries.at(-1) as Written;
    expect(last.body.kind).toBe("drift");
    last.time += 3_600_000;
    const sights = [
      { size: 5, time: NOW },
      { size: entries.length, time: NOW },
    ];
    const { report, checks } = await proving(entries, [first.bench], { sights });
    expect(report.outcome).toBe("REFUTED");
    expect(checks.join()).toMatch(/times CLOCK/);
  });

  test.each([
    [-3_000, 0, "CLOCK"],
    [0, 3_000, "PROVEN"],
    [0, 120_000, "UNWITNESSED_TIME"],
    [-30_000, -30_000, "CLOCK"],
  ])("the beginning seen %i ms, the end %i ms later: %s", async (before, after, code) => {
    const first = await oneRun(1, [grant()]);
    const sights = [
      { size: 5, time: NOW + before },
      { size: first.entries.length, time: NOW + after },
    ];
    const { report, checks } = await proving(first.entries, [first.bench], { sights });
    if (code === "PROVEN") expect(report.outcome).toBe("PROVEN");
    else expect([report.outcome, ...checks].join()).toContain(code);
  });

  test("before what another domain had signed by then: CLOCK", async () => {
    const first = await oneRun(1, [grant()]);
    const entries = first.entries.map((each) => ({ ...each, time: each.time - 30_000 }));
    const sights = [{ size: entries.length, time: NOW }];
    const { report, checks } = await proving(entries, [first.bench], { sights });
    expect(report.outcome).toBe("REFUTED");
    expect(checks.join()).toMatch(/times CLOCK a time not before/);
  });

  test("from after the verifier's own: CLOCK, or no quorum", async () => {
    const first = await oneRun(1, [grant()]);
    const { report, checks } = await proving(first.entries, [first.bench], {
      demand: { now: NOW - 60_000 },
    });
    expect(report.outcome).toBe("REFUTED");
    expect(checks.join()).toMatch(/quorum QUORUM.*times CLOCK/);
  });
});
