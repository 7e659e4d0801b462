/** Whatever is missing denies, each with its code. */
import { describe, expect, test } from "vitest";
import { checkRequest } from "../../src/authorization/check.js";
import type { GateSituation } from "../../src/gate/decide.js";
import { decide } from "../../src/gate/decide.js";
import type { Allowed } from "../../src/gate/governed-run.js";
import { GateFold } from "../../src/gate/state.js";
import type { EntryIsolation } from "../../src/lineage/entry/run.js";
import type { Trip } from "../../src/trust/contents/policy.js";
import type { TrustView } from "../../src/trust/view.js";
import { failure } from "../../src/verdict.js";
import { party } from "../authorization/craft.js";
import { Random, SEED } from "../authorization/random.js";
import {
  BANK,
  GATE,
  grant,
  MAX_STALENESS,
  NOW,
  otherState,
  otherViews,
  OWN_TERMS,
  SHIP,
} from "../authorization/world.js";
import { hexKey } from "../domain/fixture.js";
import type { Loose } from "../trust/forge.js";
import { fresh, TRUST_FAULTS, withTrustFault } from "./fault-parts.js";
import { asking, entriesOf, gateSigner, MEASURED, openBench, TestEffect } from "./harness.js";
import { answer, openResumable, resumable, running } from "./worlds.js";

const LINK = grant({ audience: [GATE], limits: { uses: 5 } });

/** What a real request came to. */
const allowed: Allowed = await (async () => {
  const { gate } = await openResumable();
  const { run } = await running(gate, { links: [LINK] });
  await gate.close();
  return run.allowed;
})();

function situation(change: Partial<GateSituation> = {}): GateSituation {
  return {
    now: NOW,
    gate: GATE,
    domains: resumable,
    maxStaleness: MAX_STALENESS,
    terms: OWN_TERMS,
    possession: allowed.possession,
    artifacts: [],
    state: new GateFold(),
    key: party(GATE).hex,
    failure: undefined,
    measured: MEASURED,
    isolation: { level: "cooperative" },
    ancestors: [],
    run: undefined,
    peerWitnessed: false,
    ...change,
  };
}

const ask = (change: Partial<GateSituation>) =>
  decide(allowed.authorization, allowed.request, situation(change));

function stateWith(change: (fold: GateFold) => void): GateFold {
  const fold = new GateFold();
  change(fold);
  return fold;
}

/** Ways in which something is wrong or missing, one of which is enough. */
const FAULTS: readonly ((random: Random) => Partial<GateSituation>)[] = [
  (random) => ({ domains: withTrustFault(resumable, random.pick(TRUST_FAULTS)) }),
  (random) => ({ now: NOW + 19_001 + random.below(1e9) }),
  (random) => ({ now: NOW - 3_001 - random.below(1e9) }),
  (random) => ({ now: random.pick([Number.NaN, Infinity, -Infinity]) }),
  () => ({ failure: failure("LOG", "a log", "none") }),
  () => ({ state: stateWith((fold) => (fold.mode = "revoked")) }),
  () => ({ state: stateWith((fold) => (fold.mode = "contained")) }),
  (random) => ({ state: stateWith((fold) => (fold.time = NOW + 1_001 + random.below(1e9))) }),
  (random) => ({
    ancestors: ["11".repeat(16)],
    state: stateWith((fold) => {
      const state = random.pick(["drifted", "contained", "recovering"] as const);
      fold.runs.set("11".repeat(16), { state } as never);
    }),
  }),
  () => ({
    ancestors: ["11".repeat(16)],
    state: stateWith((fold) => fold.revoked.add("11".repeat(16))),
  }),
  () => ({ key: party("another").hex }),
  (random) => ({ gate: random.pick([`${SHIP}/gate-3`, `${BANK}/gate-1`, "", GATE.slice(1)]) }),
  () => ({ measured: { ...MEASURED, kernel: hexKey("another-kernel") } }),
  (random) => ({ state: stateWith((fold) => use(fold, 5 + random.below(3))) }),
  (random) => ({ maxStaleness: random.below(900) }),
  () => ({ possession: { ...allowed.possession } }),
  () => ({ possession: undefined as never }),
  () => ({ domains: undefined as never }),
  () => ({ domains: { own: resumable.own, peers: new Map() } }),
  () => ({ domains: { own: undefined as never, peers: resumable.peers } }),
  () => ({ state: undefined as never }),
  () => ({ measured: undefined as never }),
  () => ({ terms: { ...OWN_TERMS, maxLifetime: 1 } }),
  () => ({ domains: otherViews(resumable, { [BANK]: without("issuers") }) }),
  () => ({ domains: otherViews(resumable, { [SHIP]: without("gates") }) }),
  () => ({
    domains: otherViews(resumable, {
      [BANK]: (view) => {
        const authorizations = new Set([LINK.id]);
        return { ...view, withdrawn: { ...view.withdrawn, authorizations } };
      },
    }),
  }),
  () => ({
    domains: otherViews(resumable, {
      [SHIP]: (view) => ({
        ...view,
        withdrawn: { ...view.withdrawn, keys: new Set([party(GATE).hex]) },
      }),
    }),
  }),
];

const without =
  (what: "issuers" | "gates") =>
  (view: TrustView): TrustView =>
    otherState(view, {
      authority: { ...(view.state as Loose)["authority"], [what]: [] },
    } as Loose);

/** Uses up so much of the link, by entries of a log. */
function use(fold: GateFold, amount: number): void {
  const time = new Date(NOW).toISOString();
  const expires = new Date(NOW + 3_600_000).toISOString();
  const charges = [{ link: LINK.id, counter: "uses", amount, expires }];
  const run = "22".repeat(16);
  const leaf = "00".repeat(32);
  fold.runs.set(run, { state: "trusted", allowed: leaf, decisions: 1 } as never);
  fold.size = 1;
  const intent = { kind: "intent", run, state: "executing", decision: leaf, charges } as const;
  fold.apply({ ...intent, time, prev: null }, leaf);
}

const COUNT = 90_000;

describe("F8: missing input denies", () => {
  test(`${COUNT} injected faults, no allow`, () => {
    const random = new Random(SEED);
    expect(ask({}).outcome).toBe("allow");
    const codes = new Set<string>();
    for (let i = 0; i < COUNT; i++) {
      const faults = Array.from({ length: 1 + random.below(3) }, () => random.below(FAULTS.length));
      const changes = faults.map((fault) => FAULTS[fault]?.(random) ?? {});
      // A later fault may undo an earlier one of the same member, never the last.
      const last = Object.assign({}, ...changes) as Partial<GateSituation>;
      let found: string;
      try {
        const decision = ask(last);
        found = decision.outcome === "allow" ? "allow" : decision.code;
      } catch (error) {
        // What no caller means throws; the gate's core makes that a denial.
        found = error instanceof Error ? error.name : "threw";
      }
      if (found === "allow") throw new Error(`WRIT_SEED=${SEED}: faults ${faults.join(", ")}`);
      codes.add(found);
    }
    for (const code of ["NO_TRUST", "STALE", "LOG", "REVOKED", "CONTAINED", "CLOCK", "KEY"]) {
      expect(codes).toContain(code);
    }
    for (const code of ["KERNEL", "LIMIT", "UNTRUSTED", "EQUIVOCATION", "POLICY"]) {
      expect(codes).toContain(code);
    }
  }, 120_000);

  test("F5: nothing is allowed that the authorization's own check denies", () => {
    const random = new Random(SEED);
    let both = 0;
    for (let i = 0; i < 5_000; i++) {
      const change: Partial<GateSituation> = {
        now: NOW + random.below(40_000) - 5_000,
        maxStaleness: random.below(40_000),
        ...(random.chance(0.3) ? { domains: fresh(resumable, NOW + random.below(20_000)) } : {}),
        ...(random.chance(0.1)
          ? { domains: withTrustFault(resumable, random.pick(TRUST_FAULTS)) }
          : {}),
      };
      if (ask(change).outcome !== "allow") continue;
      both += 1;
      const plain = situation(change);
      expect(checkRequest(allowed.authorization, allowed.request, plain).ok).toBe(true);
    }
    expect(both).toBeGreaterThan(500);
  });

  test("F3 F25: to the millisecond, and not behind the log by more than the skew", () => {
    expect(ask({ now: NOW + 19_000 }).outcome).toBe("allow");
    expect(ask({ now: NOW + 19_001 })).toMatchObject({ code: "STALE" });
    const state = stateWith((fold) => (fold.time = NOW + 1_000));
    expect(ask({ state }).outcome).toBe("allow");
    expect(ask({ state, now: NOW - 1 })).toMatchObject({ code: "CLOCK" });
    // What is over by the log's time is over, though the clock is behind it.
    const bound = NOW + 19_000;
    const late = stateWith((fold) => (fold.time = bound + 1));
    expect(ask({ state: late, now: bound - 500 })).toMatchObject({ code: "STALE" });
  });
});

describe("a gate denies", () => {
  test("F1 NO_TRUST, F4 ORPHAN: the child of a denied parent, also after a restart", async () => {
    const first = await openResumable();
    const started = await first.gate.start(
      await asking(first.gate, { request: { command: "/no" } }),
    );
    expect(started.outcome).toBe("deny");
    const entries = await entriesOf(first.gate);
    const index = entries.findIndex(({ kind }) => kind === "decision");
    const leaf = first.gate.state.last as string;
    const child = { rest: { parents: [{ origin: GATE, index, leaf }] } };
    expect(index).toBe(entries.length - 1);
    expect(await answer(first.gate, child)).toBe("ORPHAN");
    await first.gate.close();
    const { gate, follower } = await openResumable({ storage: first.storage });
    expect(await answer(gate, child)).toBe("ORPHAN");
    const elsewhere = [{ origin: "bank.example/gate-1", index: 3, leaf }];
    expect(await answer(gate, { rest: { parents: elsewhere } })).toBe("ORPHAN");
    const links = [grant()];
    expect(await answer(gate, { links })).toBe("allow");
    follower.set(otherViews(resumable, { [BANK]: (view) => ({ ...view, state: undefined }) }));
    expect(await answer(gate, { links })).toBe("NO_TRUST");
    await gate.close();
  });

  test("KEY: with another key than the one that its domain lists", async () => {
    const signer = gateSigner("ship.example/gate-2");
    const { sign } = signer;
    const wrong = { key: { ...signer.key, name: GATE }, sign };
    const { gate } = await openResumable({ signer: wrong });
    expect(await answer(gate)).toBe("KEY");
    await gate.close();
  });

  test("ROLLBACK and REVOKED from the log's own memory, where the store of trust was set back", async () => {
    const links = [grant()];
    const newer = fresh(resumable, NOW);
    const seen = otherViews(newer, {
      [BANK]: (view) => ({
        ...view,
        withdrawn: { ...view.withdrawn, authorizations: new Set([links[0]?.id as string]) },
      }),
    });
    const first = await openResumable({ domains: seen });
    expect(await answer(first.gate, { links })).toBe("REVOKED");
    await first.gate.close();
    const older = await openResumable({ storage: first.storage });
    expect(await answer(older.gate, { links })).toBe("ROLLBACK");
    expect(await answer(older.gate)).toBe("ROLLBACK");
    await older.gate.close();
    const forgetful = await openResumable({ storage: first.storage, domains: newer });
    expect(await answer(forgetful.gate, { links })).toBe("REVOKED");
    expect(await answer(forgetful.gate)).toBe("allow");
    await forgetful.gate.close();
  });

  test("LIMIT: by uses and by totals, counted over restarts", async () => {
    const uses = [grant({ audience: [GATE], limits: { uses: 2 } })];
    const totals = [
      grant({ audience: [GATE], limits: { totals: [{ argument: ".amount", most: 12 }] } }),
    ];
    const found: string[] = [];
    let storage: Awaited<ReturnType<typeof openResumable>>["storage"] | undefined;
    for (let i = 0; i < 4; i++) {
      const bench = await openResumable({ ...(storage ? { storage } : {}), cadence: { state: 3 } });
      ({ storage } = bench);
      found.push(await answer(bench.gate, { links: uses }));
      found.push(await answer(bench.gate, { links: totals }));
      await bench.gate.close();
    }
    expect(found).toEqual(["allow", "allow", "allow", "allow", "LIMIT", "LIMIT", "LIMIT", "LIMIT"]);
  });

  test("ISOLATION: a weaker level, or a right more than is demanded", async () => {
    const isolation = { level: "process", read: ["/data"], net: ["api.example:443"], run: [] };
    const links = [grant({ isolation })];
    const { gate } = await openResumable();
    const cases: readonly (readonly [string, EntryIsolation])[] = [
      ["ISOLATION", { level: "cooperative" }],
      ["ISOLATION", { level: "worker", read: [], net: [], run: [] }],
      ["ISOLATION", { level: "process" }],
      ["ISOLATION", { level: "process", read: ["/"], net: [], run: [] }],
      ["ISOLATION", { level: "process", read: ["/data", "/database"], net: [], run: [] }],
      ["ISOLATION", { level: "process", read: ["/data/../etc"], net: [], run: [] }],
      ["ISOLATION", { level: "process", read: [], net: ["api.example"], run: [] }],
      ["ISOLATION", { level: "process", read: [], net: ["api.example:4430"], run: [] }],
      ["ISOLATION", { level: "sandbox", read: [], net: [], run: ["sh"] }],
      ["allow", { level: "process", read: ["/data/in"], net: ["api.example:443"], run: [] }],
      ["allow", { level: "sandbox", read: [], write: ["/"], net: [], run: [] }],
    ];
    for (const [code, has] of cases) {
      const effect = new TestEffect(has);
      expect(await answer(gate, { links, effect }), JSON.stringify(has)).toBe(code);
    }
    await gate.close();
  });

  test("F22 ENV: where a part of the environment has another byte than the baseline's", async () => {
    const parts = [{ name: "lib.js", sha256: "ab".repeat(32) }];
    const domains = otherViews(resumable, {
      [SHIP]: (view) => {
        const { baseline } = view.state as Loose;
        return otherState(view, { baseline: { ...baseline, environment: parts } } as Loose);
      },
    });
    for (const [code, found] of [
      ["allow", parts],
      ["ENV", [{ name: "lib.js", sha256: `${"ab".repeat(31)}aa` }]],
      ["ENV", []],
    ] as const) {
      const measure = async () => ({ ...MEASURED, parts: found });
      const { gate } = await openResumable({ domains, measure });
      expect(await answer(gate)).toBe(code);
      await gate.close();
    }
  });

  test("F25 CLOCK: set back one hour, and the gate is contained", async () => {
    const { gate, clock } = await openResumable();
    const { run, effect } = await running(gate);
    clock.set(NOW - 3_600_000);
    expect(await answer(gate)).toBe("CLOCK");
    expect(gate.state.mode).toBe("contained");
    expect(effect.interrupts).toBe(1);
    expect(await run.finished).toMatchObject({ code: "CLOCK", drift: "clock" });
    // Nobody's word but a resumer's makes the clock right again.
    expect(await gate.resume(new Uint8Array(3))).toMatchObject({ ok: false });
    expect(gate.failure).toMatchObject({ code: "CLOCK" });
    expect(await answer(gate)).toBe("CLOCK");
    await gate.close();
  });
});

describe("F38: what trips a gate", () => {
  const tripping = (...trips: Trip[]) =>
    otherViews(resumable, {
      [SHIP]: (view) => otherState(view, { policy: { rules: [], trips } } as Loose),
    });
  const trip = (of: Trip["of"], most: number): Trip => ({
    id: `too many ${of}`,
    command: "/pay",
    of,
    most,
    within: 10_000,
  });

  test.each(["denials", "uses", "drifts"] as const)(
    "%s: the rule's id is in the entry",
    async (of) => {
      const { gate, follower, clock } = await openBench({ domains: tripping(trip(of, 2)) });
      const still = await running(gate, {});
      const once = async (): Promise<void> => {
        if (of === "denials") await answer(gate, { links: [grant({ command: "/pay/other" })] });
        if (of === "uses") await answer(gate);
        if (of !== "drifts") return;
        const { run } = await running(gate);
        gate.supervisor.break(run, "ENV", "environment");
        await run.finished;
      };
      const most = of === "uses" ? 1 : 2;
      for (let i = 0; i < most; i++) await once();
      // Outside the time that counts they are forgotten.
      await clock.advance(10_001);
      follower.set(tripping(trip(of, 2)));
      for (let i = 0; i < 2; i++) await once();
      expect(gate.state.mode).toBe("open");
      expect(still.effect.interrupts).toBe(0);
      await once();
      expect(gate.state.mode).toBe("contained");
      expect(await still.run.finished).toMatchObject({ outcome: "interrupted", code: "LIMIT" });
      const rules = (await entriesOf(gate)).flatMap((entry) =>
        entry.kind === "drift" && entry.run === null ? [entry.rule] : [],
      );
      expect(rules).toEqual([`too many ${of}`]);
      expect(await answer(gate)).toBe("CONTAINED");
      await gate.close();
    },
  );
});
