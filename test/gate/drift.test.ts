/** What stops a run that was allowed, by a clock that only the test moves. */
import { describe, expect, test } from "vitest";
import type { KnownDomains } from "../../src/authorization/domains.js";
import { BANK, GATE, grant, NOW, otherState, otherViews, SHIP } from "../authorization/world.js";
import type { Loose } from "../trust/forge.js";
import { fresh } from "./fault-parts.js";
import { asking, entriesOf, openBench, storyOf, TestEffect } from "./harness.js";
import { answer, cleaning, openResumable, resumable, running } from "./worlds.js";

const withdrawing = (domains: KnownDomains, id: string): KnownDomains =>
  otherViews(domains, {
    [BANK]: (view) => ({
      ...view,
      withdrawn: { ...view.withdrawn, authorizations: new Set([id]) },
    }),
  });

const containing = (since: string) =>
  otherViews(resumable, {
    [SHIP]: (view) => ({
      ...view,
      withdrawn: { ...view.withdrawn, contained: new Map([[GATE, since]]) },
    }),
  });

describe("F9 F3: the bound", () => {
  test("no allow at the bound, and the stop is asked for exactly then, synced or not", async () => {
    for (const synced of [true, false]) {
      const { gate, clock, follower } = await openResumable();
      if (synced) follower.set(fresh(resumable, NOW));
      const { run, effect } = await running(gate);
      const bound = run.validUntil;
      expect(bound - NOW).toBe(synced ? 20_000 : 19_000);
      await clock.advance(bound - NOW);
      expect(effect.interrupts).toBe(0);
      expect(await answer(gate)).toBe("allow");
      await clock.advance(1);
      expect(effect.interrupts).toBe(1);
      expect(await answer(gate)).toBe("STALE");
      expect(await run.finished).toMatchObject({ code: "STALE", drift: "staleness" });
      await gate.close();
    }
  });

  test("moves on with newer trust, and with that alone", async () => {
    const { gate, clock, follower } = await openResumable();
    const { effect } = await running(gate);
    for (let i = 0; i < 10; i++) {
      await clock.advance(10_000);
      follower.set(fresh(resumable, clock.now()));
    }
    expect(effect.interrupts).toBe(0);
    await clock.advance(20_000);
    expect(effect.interrupts).toBe(0);
    await clock.advance(1);
    expect(effect.interrupts).toBe(1);
    await gate.close();
  });
});

describe("F11: a long effect", () => {
  test("is decided on again at each recheck and each checkpoint of its own", async () => {
    const { gate, clock } = await openResumable();
    const { run, effect } = await running(gate, { links: [grant({ recheck: 500 })] });
    await clock.advance(2_000);
    await effect.context?.checkpoint();
    const story = await storyOf(gate, run.id);
    expect(story.filter((each) => each === "decision executing")).toHaveLength(5);
    const numbers = (await entriesOf(gate)).flatMap((entry) =>
      entry.kind === "decision" && entry.run === run.id ? [entry.number] : [],
    );
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5]);
    await gate.close();
  });

  test("whose authorization is withdrawn at 3 s is stopped at once where that is known", async () => {
    const { gate, clock, follower } = await openResumable();
    const links = [grant()];
    const { run, effect } = await running(gate, { links });
    await clock.advance(3_000);
    follower.set(withdrawing(resumable, links[0]?.id as string));
    expect(effect.interrupts).toBe(1);
    expect(effect.context?.signal.aborted).toBe(true);
    expect(await run.finished).toMatchObject({ code: "REVOKED" });
    await expect(effect.context?.checkpoint()).rejects.toMatchObject({ code: "REVOKED" });
    await gate.close();
  });

  test("and within the recheck where nobody tells the gate", async () => {
    const { gate, clock, follower } = await openResumable();
    const links = [grant()];
    const { effect } = await running(gate, { links });
    await clock.advance(3_000);
    const known = withdrawing(resumable, links[0]?.id as string);
    Object.defineProperty(follower, "domains", { get: () => known });
    await clock.advance(999);
    expect(effect.interrupts).toBe(0);
    await clock.advance(1);
    expect(effect.interrupts).toBe(1);
    await gate.close();
  });

  test("F38: over its duration is stopped, by the domain's trip with its id or the authorization", async () => {
    const trips = [{ id: "slow", command: "/pay", of: "duration", most: 2_000 }];
    const domains = otherViews(resumable, {
      [SHIP]: (view) => otherState(view, { policy: { rules: [], trips } } as Loose),
    });
    const { gate, clock } = await openResumable({ domains });
    const { run } = await running(gate);
    const own = await running(gate, { links: [grant({ limits: { duration: 1_000 } })] });
    await clock.advance(1_000);
    expect(await own.run.finished).toMatchObject({ code: "LIMIT", drift: "limit" });
    await clock.advance(999);
    expect(run.broken).toBeUndefined();
    await clock.advance(1);
    expect(await run.finished).toMatchObject({ code: "LIMIT", drift: "limit" });
    const drifts = (await entriesOf(gate)).flatMap((entry) =>
      entry.kind === "drift" ? [entry.rule] : [],
    );
    expect(drifts).toEqual([null, "slow"]);
    await gate.close();
  });
});

describe("F14: what runs is what was decided", () => {
  test("arguments changed after the call are not run", async () => {
    for (const ticks of [0, 1, 3, 8, 20]) {
      const { gate } = await openResumable();
      const effect = new TestEffect();
      const ask = await asking(gate, { effect });
      const starting = gate.start(ask);
      for (let n = 0; n < ticks; n++) await undefined;
      (ask.request.arguments as { amount: number }).amount = 5_000;
      const started = await starting;
      if (effect.began) {
        // It had begun before: with what was decided on.
        expect(effect.context?.request.arguments).toEqual({ amount: 5 });
      } else {
        expect(started.outcome).toBe("allow");
        if (started.outcome !== "allow") return;
        expect(await started.run.finished).toMatchObject({ code: "ARGS_CHANGED" });
      }
      await gate.close();
    }
  });

  test("and cannot be changed in the effect", async () => {
    const { gate } = await openResumable();
    const { effect } = await running(gate);
    const given = effect.context?.request.arguments as { amount: number };
    expect(() => (given.amount = 6)).toThrow(TypeError);
    await gate.close();
  });
});

describe("F24: one version at a time", () => {
  test("a policy that changes while a request is made ready: all of it old or all of it new", async () => {
    const strict = otherViews(resumable, {
      [SHIP]: (view) => {
        const rules = [{ command: "/pay", policy: [["<=", ".amount", 1]] }];
        const contents = new Map(view.state?.contents);
        return otherState(view, { policy: { rules }, contents, digest: "ab".repeat(32) } as Loose);
      },
    });
    const codes = new Set<string>();
    for (let ticks = 0; ticks < 40; ticks++) {
      const { gate, follower } = await openBench({ domains: resumable });
      const starting = gate.start(await asking(gate, {}));
      for (let n = 0; n < ticks; n++) await undefined;
      follower.set(strict);
      const started = await starting;
      const entries = await entriesOf(gate);
      const at = entries.findIndex((entry) => entry.kind === "decision");
      const decision = entries[at];
      if (decision?.kind !== "decision") throw new Error("no decision");
      const used = decision.trust[0]?.digest;
      const stated = entries
        .slice(0, at)
        .flatMap((entry) => (entry.kind === "trust" && entry.domain === SHIP ? [entry] : []));
      expect(stated.at(-1)?.trust?.digest).toBe(used);
      expect(decision.outcome === "allow").toBe(used !== strict.own.state?.digest);
      if (started.outcome === "deny") codes.add(started.code);
      else if (started.run.broken) codes.add("broken");
      await gate.close();
    }
    expect([...codes].sort()).toEqual(["POLICY", "broken"]);
  });
});

describe("F27 F36: containment", () => {
  test("of the gate in its domain's trust state stops what runs and denies, but for clean-up", async () => {
    const { gate, follower } = await openResumable();
    const { run } = await running(gate);
    const undo = { links: [cleaning()], request: { command: "/pay/undo" } };
    const cleaningUp = await running(gate, undo);
    follower.set(containing("2099-01-01T00:00:00Z"));
    expect(await run.finished).toMatchObject({ code: "CONTAINED", drift: "containment" });
    expect(cleaningUp.effect.interrupts).toBe(0);
    expect(await answer(gate)).toBe("CONTAINED");
    expect(await answer(gate, undo)).toBe("allow");
    // What was seen contained stays so until the domain releases it.
    follower.set(resumable);
    await gate.close();
  });

  test("is transitive: the grandchild of what was contained is denied, and stopped", async () => {
    const { gate } = await openResumable();
    const first = await running(gate);
    const second = await running(gate, { rest: { parents: [gate.nameOf(first.run)] } });
    const third = await running(gate, { rest: { parents: [gate.nameOf(second.run)] } });
    second.effect.end();
    await second.run.finished;
    gate.supervisor.break(first.run, "ENV", "environment");
    expect(await third.run.finished).toMatchObject({ code: "CONTAINED" });
    const below = (run: typeof first.run) => ({ rest: { parents: [gate.nameOf(run)] } });
    expect(await answer(gate, below(second.run))).toBe("CONTAINED");
    expect(await answer(gate, below(third.run))).toBe("CONTAINED");
    const undo = { links: [cleaning()], request: { command: "/pay/undo" } };
    expect(await answer(gate, { ...undo, ...below(third.run) })).toBe("allow");
    expect(await answer(gate)).toBe("allow");
    await gate.close();
  });
});
