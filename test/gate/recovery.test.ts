/** One test a phase: what is denied before it, what starts it, what ends it. */
import { describe, expect, test } from "vitest";
import { grant, NOW, otherViews, SHIP } from "../authorization/world.js";
import { party } from "../authorization/craft.js";
import { Disk, FaultStorage } from "./fault-disk.js";
import { Random } from "../authorization/random.js";
import { fresh } from "./fault-parts.js";
import { asking, entriesOf, MEASURED, openBench, storyOf, TestEffect } from "./harness.js";
import {
  answer,
  cleaning,
  openings,
  openResumable,
  resumable,
  running,
  wordFor,
} from "./worlds.js";

const kindsOf = (entries: readonly { readonly kind: string }[]): string[] =>
  entries.map(({ kind }) => kind);

describe("the phases of a run", () => {
  test("F50: without a verified baseline nothing begins; with it entries of trust come first", async () => {
    const domains = otherViews(resumable, { [SHIP]: (view) => ({ ...view, state: undefined }) });
    const { gate, follower } = await openBench({ domains });
    expect(await answer(gate)).toBe("NO_TRUST");
    follower.set(resumable);
    expect(await answer(gate)).toBe("allow");
    const kinds = kindsOf(await entriesOf(gate));
    expect(kinds.indexOf("policy")).toBeLessThan(kinds.indexOf("intent"));
    await gate.close();
  });

  test("F51: a chain that is not admitted ends in denied, one that is in authorized", async () => {
    const { gate } = await openResumable();
    const forged = grant({}, { signers: [party("nobody")] });
    const denied = await gate.start(await asking(gate, { links: [forged] }));
    expect(denied).toMatchObject({ outcome: "deny", code: "KEY" });
    expect(await storyOf(gate, denied.outcome === "deny" ? denied.run : "")).toEqual([
      "decision denied",
    ]);
    const { run } = await running(gate);
    expect((await storyOf(gate, run.id))[0]).toBe("admission authorized");
    await gate.close();
  });

  test("F52: an environment that is not the baseline's is denied before it is trusted", async () => {
    let kernelOf = "00".repeat(32);
    const measure = async () => ({ ...MEASURED, kernel: kernelOf });
    const { gate } = await openResumable({ measure });
    const denied = await gate.start(await asking(gate, {}));
    expect(denied).toMatchObject({ outcome: "deny", code: "KERNEL" });
    expect(await storyOf(gate, denied.outcome === "deny" ? denied.run : "")).toEqual([
      "admission authorized",
      "decision denied",
    ]);
    kernelOf = MEASURED.kernel;
    await gate.core.remeasure();
    expect(await answer(gate)).toBe("allow");
    await gate.close();
  });

  test("F53: the effect never runs when its entry cannot be stored", async () => {
    for (const how of ["fail", "hang"] as const) {
      const disk = new Disk(new Random(1), { fail: 0, hang: 0 });
      const { gate } = await openResumable({ storage: new FaultStorage(disk) });
      disk.weather[how] = 1;
      const effect = new TestEffect();
      const starting = gate.start(await asking(gate, { effect }));
      const late = new Promise((resolve) => setTimeout(() => resolve("waits"), 20));
      const first = await Promise.race([starting, late]);
      if (how === "fail") expect(first).toMatchObject({ outcome: "deny" });
      else expect(first).toBe("waits");
      expect(effect.began).toBe(false);
    }
  });

  test("F53: nor when only the intent's own write fails", async () => {
    const disk = new Disk(new Random(1), { fail: 0, hang: 0 });
    const { gate } = await openResumable({ storage: new FaultStorage(disk) });
    const { run, effect } = await running(gate);
    gate.onEntry(({ entry }) => {
      if (entry.kind === "intent") disk.weather.fail = 1;
    });
    const second = new TestEffect();
    const denied = await gate.start(await asking(gate, { effect: second }));
    expect(denied).toMatchObject({ outcome: "deny", code: "LOG" });
    expect(second.began).toBe(false);
    // What ran before is told to stop: nothing more can be said of it.
    expect(effect.interrupts).toBe(1);
    expect(await run.finished).toMatchObject({ outcome: "interrupted", code: "LOG" });
    expect(await answer(gate)).toBe("LOG");
  });

  test("F54: what is withdrawn makes a run drift, and what it caused", async () => {
    const { gate, follower } = await openResumable();
    const links = [grant()];
    const above = await running(gate, { links });
    const below = await running(gate, { rest: { parents: [gate.nameOf(above.run)] } });
    const authorizations = new Set([links[0]?.id as string]);
    follower.set(
      otherViews(resumable, {
        "bank.example": (view) => ({ ...view, withdrawn: { ...view.withdrawn, authorizations } }),
      }),
    );
    expect(await above.run.finished).toMatchObject({ code: "REVOKED", drift: "revocation" });
    expect(await below.run.finished).toMatchObject({ code: "CONTAINED", drift: "containment" });
    expect((await storyOf(gate, above.run.id)).slice(-3)).toEqual([
      "decision executing",
      "drift drifted",
      "interruption contained",
    ]);
    await gate.close();
  });

  test("F55: what is contained stays so over a restart, but for clean-up", async () => {
    const first = await openResumable();
    await first.gate.contain();
    expect(await answer(first.gate)).toBe("CONTAINED");
    const links = [cleaning()];
    const request = { command: "/pay/undo" };
    expect(await answer(first.gate, { links, request })).toBe("allow");
    expect(await answer(first.gate, { links })).toBe("CONTAINED");
    await first.gate.close();
    const { gate } = await openResumable({ storage: first.storage });
    expect(gate.state.mode).toBe("contained");
    expect(await answer(gate)).toBe("CONTAINED");
    expect(await answer(gate, { links, request })).toBe("allow");
    await gate.close();
  });

  test("F56: a run that recovers is denied still, and goes on by a resume alone", async () => {
    const bench = await openResumable();
    const { gate, follower } = bench;
    const links = [grant()];
    const { run, effect } = await running(gate, { links });
    follower.set(otherViews(resumable, { [SHIP]: (view) => ({ ...view, state: undefined }) }));
    await run.finished;
    expect(effect.interrupts).toBe(1);
    expect(await gate.recover(run.id)).toMatchObject({ ok: false, code: "NO_TRUST" });
    expect(gate.state.runs.get(run.id)?.state).toBe("contained");
    follower.set(fresh(resumable, NOW));
    expect(await gate.recover(run.id)).toMatchObject({ ok: true });
    expect(gate.state.runs.get(run.id)?.state).toBe("recovering");
    const child = { rest: { parents: [gate.nameOf(run)] } };
    expect(await answer(gate, child)).toBe("CONTAINED");

    const again = new TestEffect();
    const ask = await asking(gate, { links, effect: again });
    const word = await wordFor(gate, run.id);
    const given = { ...ask, openings: openings.get(run.id) ?? [] };
    const resumed = await gate.resumeRun(run.id, word, given);
    expect(resumed).toMatchObject({ outcome: "allow" });
    expect(again.began).toBe(true);
    if (resumed.outcome !== "allow") return;
    // It causes others as it did before, by the same name.
    expect(gate.nameOf(resumed.run)).toEqual(gate.nameOf(run));
    expect(await answer(gate, child)).toBe("allow");
    again.end();
    expect(await resumed.run.finished).toMatchObject({ outcome: "completed" });
    await gate.close();
  });

  test("F56 F36: a child goes on under its parents, whatever is said at its resume", async () => {
    const { gate } = await openResumable();
    const links = [grant()];
    const above = await running(gate, {});
    const { run } = await running(gate, { links, rest: { parents: [gate.nameOf(above.run)] } });
    gate.supervisor.break(above.run, "ENV", "environment");
    await run.finished;
    const effect = new TestEffect();
    const ask = await asking(gate, { links, effect });
    const word = await wordFor(gate, run.id);
    const given = { ...ask, openings: openings.get(run.id) ?? [] };
    const resumed = await gate.resumeRun(run.id, word, given);
    expect(resumed).toMatchObject({ outcome: "deny", code: "CONTAINED" });
    expect(effect.began).toBe(false);
    await gate.close();
  });

  test("F57: a replayed resume is denied, of the gate and of a run", async () => {
    const { gate } = await openResumable();
    await gate.contain();
    const word = await wordFor(gate, null);
    expect(await gate.resume(word)).toMatchObject({ ok: true });
    expect(await gate.resume(word)).toMatchObject({ ok: false, code: "CONTAINED" });
    await gate.contain();
    expect(await gate.resume(word)).toMatchObject({ ok: false, code: "STALE" });
    expect(await gate.resume(await wordFor(gate, null, { by: party("other") }))).toMatchObject({
      ok: false,
    });
    expect(await answer(gate)).toBe("CONTAINED");
    expect(await gate.resume(await wordFor(gate, null))).toMatchObject({ ok: true });

    const links = [grant()];
    const { run } = await running(gate, { links });
    const stop = () => gate.supervisor.break(run, "ENV", "environment");
    stop();
    await run.finished;
    const first = await wordFor(gate, run.id);
    const again = async (): Promise<string> => {
      const effect = new TestEffect();
      const ask = await asking(gate, { links, effect });
      const resumed = await gate.resumeRun(run.id, first, {
        ...ask,
        openings: openings.get(run.id) ?? [],
      });
      if (resumed.outcome !== "allow") return resumed.code;
      gate.supervisor.break(resumed.run, "ENV", "environment");
      await resumed.run.finished;
      return "allow";
    };
    expect(await again()).toBe("allow");
    expect(await again()).toBe("STALE");
    // Back to contained, where the next word finds it.
    expect(gate.state.runs.get(run.id)?.state).toBe("contained");
    await gate.close();
  });

  test("F57: of two resumes of one run at once one begins an effect", async () => {
    const { gate } = await openResumable();
    const links = [grant()];
    const { run } = await running(gate, { links });
    gate.supervisor.break(run, "ENV", "environment");
    await run.finished;
    const word = await wordFor(gate, run.id);
    const tries = await Promise.all(
      [new TestEffect(), new TestEffect()].map(async (effect) => {
        const ask = await asking(gate, { links, effect });
        const given = { ...ask, openings: openings.get(run.id) ?? [] };
        return { effect, resumed: await gate.resumeRun(run.id, word, given) };
      }),
    );
    expect(tries.map(({ resumed }) => resumed.outcome).sort()).toEqual(["allow", "deny"]);
    expect(tries.filter(({ effect }) => effect.began)).toHaveLength(1);
    await gate.close();
  });

  test("F57: revoked is for ever: a run and a gate, over a restart, whatever a resumer says", async () => {
    const first = await openResumable();
    const { run } = await running(first.gate, {});
    expect(await first.gate.revoke(run.id)).toMatchObject({ ok: true });
    expect(await first.gate.recover(run.id)).toMatchObject({ ok: false });
    const child = { rest: { parents: [first.gate.nameOf(run)] } };
    expect(await answer(first.gate, child)).toBe("CONTAINED");
    await first.gate.close();

    const second = await openResumable({ storage: first.storage });
    expect(second.gate.state.revoked.has(run.id)).toBe(true);
    expect(await answer(second.gate, child)).toBe("CONTAINED");
    await second.gate.contain();
    const word = await wordFor(second.gate, null);
    const { effect } = await running(second.gate, {
      links: [cleaning()],
      request: { command: "/pay/undo" },
    });
    expect(await second.gate.revoke(null)).toMatchObject({ ok: true });
    expect(effect.interrupts).toBe(1);
    expect(await second.gate.resume(word)).toMatchObject({ ok: false, code: "CONTAINED" });
    await second.gate.close();

    const { gate } = await openResumable({ storage: first.storage });
    expect(gate.state.mode).toBe("revoked");
    expect(await answer(gate)).toBe("REVOKED");
    const undo = { links: [cleaning()], request: { command: "/pay/undo" } };
    expect(await answer(gate, undo)).toBe("REVOKED");
    await gate.close();
  });

  test("F30: a crash leaves an open interval: drifted, contained, unknown; never done", async () => {
    const disk = new Disk(new Random(3), { fail: 0, hang: 0 });
    const storage = new FaultStorage(disk);
    const first = await openResumable({ storage });
    const { run } = await running(first.gate, {});
    storage.kill();
    const { gate } = await openResumable({ storage: new FaultStorage(disk) });
    expect(gate.state.runs.get(run.id)?.state).toBe("contained");
    const entries = await entriesOf(gate);
    expect(entries.find(({ kind }) => kind === "drift")).toMatchObject({ code: "CRASH" });
    expect(entries.find(({ kind }) => kind === "interruption")).toMatchObject({
      answer: "unknown",
    });
    expect(entries.some(({ kind }) => kind === "outcome")).toBe(false);
    expect(await answer(gate, { rest: { parents: [first.gate.nameOf(run)] } })).toBe("CONTAINED");
    await gate.close();
  });
});
