/** What the page asks of a bundle, asked in Node: on the page's own side and over a worker's messages. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import { Examination } from "../../src/site/viewer/examination.js";
import type { Desk } from "../../src/site/viewer/desk.js";
import { openDesk } from "../../src/site/viewer/desk.js";
import type { WorkerPort } from "../../src/site/viewer/port.js";
import type { Examined } from "../../src/site/viewer/questions.js";
import { serve } from "../../src/site/viewer/worker.js";
import { Viewer } from "../../src/site/viewer/viewer.js";
import { formatField } from "../../src/site/viewer/clock.js";
import { compileKernel } from "../../src/runtime/inline.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { DEMAND, goodLog, prove, roots, verify } from "../proof/fixture.js";
import { HOSTILE, richLog } from "./fixture.js";

const bench = await richLog();
const { bytes } = await prove(bench);
const good = (await prove(await goodLog())).bytes;
const pins = roots.map((root, i) => ({ name: `${i}.root.json`, bytes: root }));
const TERMS = { now: DEMAND.now, skew: 60_000, witnessInterval: 60_000 };
const ask = { bundle: bytes, roots: pins, ...TERMS };
const unheard = (): void => {};

async function examined(bundle = bytes) {
  const examination = new Examination(kernel);
  const answer = must(await examination.answer("examine", { ...ask, bundle }, unheard));
  return { examination, answer };
}

describe("F66: an examination", () => {
  test("gives the report that verifyBundle gives", async () => {
    const { answer } = await examined();
    const report = await verify(bytes, { skew: 60_000 });
    expect(answer.report).toEqual(report);
    expect(answer.json).toBe(formatCanonical(report as unknown as Json));
    expect(answer).toMatchObject({ bytes: bytes.length, runs: 6 });
  });

  test("says which root is none", async () => {
    const roots = [{ name: "mine.json", bytes: new TextEncoder().encode("{}") }];
    const answer = await new Examination(kernel).answer("examine", { ...ask, roots }, unheard);
    expect(answer).toMatchObject({ ok: false, expected: "mine.json to be the root of a domain" });
    const none = await new Examination(kernel).answer("examine", { ...ask, roots: [] }, unheard);
    expect(none).toMatchObject({ ok: false, code: "NO_TRUST" });
  });

  test("lists runs by what they hold", async () => {
    const { examination } = await examined();
    const list = (filter: string, first = 0, count = 20) =>
      examination.answer("runs", { filter, first, count }, unheard);
    expect(await list("")).toMatchObject({ total: 6, first: 0 });
    expect((await list("", 4)).rows).toHaveLength(2);
    expect((await list("DENIED")).rows.map(({ state }) => state)).toEqual(["denied"]);
    expect((await list("no such run")).rows).toEqual([]);
  });

  test("finds what caused a run, and what it caused", async () => {
    const { examination } = await examined();
    const { rows } = await examination.answer("runs", { filter: "", first: 0, count: 6 }, unheard);
    const [first, second, third, fourth] = rows.map(({ key }) => key) as [string, ...string[]];
    const lineage = (centre: string, expanded: readonly string[]) =>
      examination.answer("lineage", { centre, expanded }, unheard);
    const near = await lineage(third as string, []);
    expect(near?.edges).toEqual([
      { cause: first, effect: third },
      { cause: third, effect: fourth },
    ]);
    expect(near?.nodes.find(({ key }) => key === first)).toMatchObject({ column: -1, hidden: 1 });
    const more = await lineage(third as string, [first]);
    expect(more?.nodes.map(({ key }) => key)).toContain(second);
    expect(await lineage("no such run", [])).toBeUndefined();
  });

  test("explains each link and predicate of an authorization", async () => {
    const { examination } = await examined();
    const { rows } = await examination.answer("runs", { filter: "", first: 0, count: 6 }, unheard);
    const explain = async (at: number) =>
      must((await examination.answer("authorization", { run: rows[at]?.key ?? "" }, unheard))!);
    const chain = await explain(0);
    expect(chain.links.map(({ signature }) => signature)).toEqual([undefined, undefined]);
    expect(chain.links.map(({ policy }) => policy.map(({ truth }) => truth))).toEqual([
      ["true", "true"],
      ["true"],
    ]);
    expect(chain.links[0]?.policy[1]?.below.map(({ truth }) => truth)).toEqual(["true", "false"]);
    expect(chain.arguments[1]).toEqual({ name: "note", value: JSON.stringify(HOSTILE) });
    const denied = await explain(4);
    expect(denied.links[0]?.policy[0]).toMatchObject({ truth: "false", value: "500" });
  });

  test("says what is withheld, and draws what begins in the middle of a log", async () => {
    const run = (await verify(bytes)).gates[0]?.reported[0]?.run as string;
    const selection = { what: "run", run } as const;
    const part = (await prove(bench, { selection, redact: true })).bytes;
    const { examination, answer } = await examined(part);
    expect(answer.report.outcome).toBe("INCOMPLETE");
    const chain = must(
      (await examination.answer("authorization", { run: answer.firstRun as string }, unheard))!,
    );
    expect(chain.arguments.map(({ value }) => value)).toEqual([undefined, undefined]);
    expect(chain.links.flatMap(({ policy }) => policy.map(({ truth }) => truth))).toEqual(
      Array.from({ length: 3 }, () => "withheld"),
    );
  });

  test("proves every entry to a root that a checkpoint signs", async () => {
    const last = (await verify(bytes)).gates[0]?.reported.at(-1)?.run as string;
    const late = (await prove(bench, { selection: { what: "run", run: last } })).bytes;
    for (const bundle of [bytes, late]) {
      const { examination, answer } = await examined(bundle);
      const [log] = answer.logs as [Examined["logs"][0]];
      if (bundle === late) expect(log.from).toBeGreaterThan(0);
      for (let index = log.from; index < log.to; index++) {
        const entry = await examination.answer("entry", { origin: log.origin, index }, unheard);
        expect(entry, `${index}`).toMatchObject({ index, signed: true });
      }
      for (const index of [log.from - 1, log.to]) {
        const none = await examination.answer("entry", { origin: log.origin, index }, unheard);
        expect(none).toBeUndefined();
      }
    }
  });

  test("shows nothing of what is refuted", async () => {
    const bad = bytes.slice();
    bad[bad.length - 100]! ^= 1;
    const { answer } = await examined(bad);
    expect(answer).toMatchObject({ runs: 0, logs: [], firstRun: undefined });
    expect(answer.report.outcome).toBe("REFUTED");
  });
});

/** Both ends of a worker in one place; what is sent is copied, as between real ones. */
function pair(): WorkerPort {
  const calls: { page?: (message: unknown) => void; worker?: (message: unknown) => void } = {};
  let ended = false;
  const post = (to: "page" | "worker") => (message: unknown) => {
    const copy = structuredClone(message);
    queueMicrotask(() => ended || calls[to]?.(copy));
  };
  serve({ post: post("page"), listen: (call) => (calls.worker = call) });
  return {
    post: post("worker"),
    listen: (call) => (calls.page = call),
    onFailure: unheard,
    end: () => (ended = true),
  };
}

const module = await compileKernel();
const DESKS: [string, () => Promise<Desk>][] = [
  ["worker", () => openDesk(module, pair)],
  [
    "page",
    () =>
      openDesk(module, () => {
        throw new Error("no workers here");
      }),
  ],
];

function viewerAt(openDesk: () => Promise<Desk>): Viewer {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const viewer = new Viewer({ openDesk, now: () => DEMAND.now, random });
  viewer.setNow(formatField(DEMAND.now));
  return viewer;
}

const fileOf = (name: string, content: Uint8Array) => ({ name, blob: new Blob([content.slice()]) });
const rootFiles = roots.map((root) => fileOf("1.root.json", root));

function done(viewer: Viewer) {
  const phase = viewer.phase.value;
  if (phase.kind !== "done") throw new Error(JSON.stringify(phase));
  return phase;
}

describe.each(DESKS)("F66: the viewer over a %s", (place, openDesk) => {
  test("takes files in any order, of any name", async () => {
    const viewer = viewerAt(openDesk);
    await viewer.take([rootFiles[0]!, fileOf("1.root.json", good)]);
    expect(done(viewer).examined.report.outcome).toBe("INCOMPLETE");
    await viewer.take([fileOf("notes", new Uint8Array(3)), ...rootFiles]);
    expect(viewer.roots.value).toHaveLength(3);
    expect(viewer.refusals.value).toEqual(["notes: it is neither a proof bundle nor a trust root"]);
    expect(done(viewer).examined.report.outcome).toBe("PROVEN");
    expect(viewer.place.value).toBe(place);
    expect(viewer.runs.value?.total).toBe(3);
    expect(viewer.authorization.value?.ok).toBe(true);
    expect(viewer.entry.value?.signed).toBe(true);
    await viewer.remove(viewer.bundle.value!);
    expect(viewer.phase.value.kind).toBe("waiting");
  });

  test("flips one bit anywhere and gives it back: never PROVEN as the same bundle", async () => {
    const viewer = viewerAt(openDesk);
    await viewer.take([fileOf("b", good), ...rootFiles]);
    const before = done(viewer).examined;
    for (let i = 0; i < 60; i++) {
      await viewer.flip(undefined);
      const { flip, examined } = done(viewer);
      expect(flip?.before).toBe(good[flip?.position ?? 0]);
      const { outcome, id, checks } = examined.report;
      expect([outcome, id]).not.toEqual(["PROVEN", before.report.id]);
      if (outcome !== "PROVEN") {
        expect(checks.some((each) => each.outcome !== "passed")).toBe(true);
      }
      expect(viewer.original.value?.report).toEqual(before.report);
    }
    await viewer.verify();
    expect(done(viewer)).toMatchObject({ flip: undefined });
    expect(done(viewer).examined.json).toBe(before.json);
  });

  test("shows how far it is", async () => {
    const viewer = viewerAt(openDesk);
    const phases: string[] = [];
    viewer.phase.subscribe(({ kind }) => void phases.push(kind));
    await viewer.take([fileOf("b", good), ...rootFiles]);
    expect(phases.slice(0, 2)).toEqual(["waiting", "verifying"]);
    expect(phases.at(-1)).toBe("done");
  });

  test("only the last of several verifications counts", async () => {
    const viewer = viewerAt(openDesk);
    await viewer.take(rootFiles);
    const first = viewer.take([fileOf("a", good)]);
    const second = viewer.take([fileOf("b", bytes)]);
    await Promise.allSettled([first, second]);
    expect(done(viewer).examined.bytes).toBe(bytes.length);
  });

  test("says that a time is none", async () => {
    const viewer = viewerAt(openDesk);
    viewer.setNow("yesterday");
    await viewer.take([fileOf("b", good), ...rootFiles]);
    expect(viewer.phase.value.kind).toBe("failed");
  });
});

describe("F66: a worker that fails", () => {
  const without = (change: Partial<WorkerPort>) => (): WorkerPort => ({ ...pair(), ...change });

  test("before it begins: the page verifies", async () => {
    const failing = without({ onFailure: (call) => queueMicrotask(() => call("blocked")) });
    expect((await openDesk(module, failing)).place).toBe("page");
    const told = { fault: "no memory" };
    const faulty = without({ listen: (call) => queueMicrotask(() => call(told)) });
    expect((await openDesk(module, faulty)).place).toBe("page");
  });

  test("while it verifies: no verdict, and the next time another", async () => {
    let workers = 0;
    const start = (): WorkerPort => {
      const port = pair();
      workers += 1;
      if (workers > 1) return port;
      let fail: (reason: string) => void = unheard;
      const post = (message: unknown): void => {
        if ((message as { what?: string }).what === "examine") fail("it ran out of memory");
        else port.post(message);
      };
      return { ...port, post, onFailure: (call) => (fail = call) };
    };
    const viewer = viewerAt(() => openDesk(module, start));
    await viewer.take([fileOf("b", good), ...rootFiles]);
    expect(viewer.phase.value).toEqual({ kind: "failed", message: "it ran out of memory" });
    await viewer.verify();
    expect(done(viewer).examined.report.outcome).toBe("PROVEN");
    expect(workers).toBe(2);
  });

  test("or answers with a defect: that is said too", async () => {
    const desk = await openDesk(module, pair);
    const bundle = "no bytes" as unknown as Uint8Array;
    await expect(desk.ask("examine", { ...ask, bundle })).rejects.toThrow(/TypeError/);
    const answer = await desk.ask("examine", ask);
    expect(answer.ok).toBe(true);
  });
});
