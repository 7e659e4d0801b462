import { beforeAll, describe, expect, test } from "vitest";
import type { EntryName } from "../../src/lineage/entry/common.js";
import type { PlacedEntry, TracedRun } from "../../src/lineage/graph.js";
import { Lineage, placeOf } from "../../src/lineage/graph.js";
import type { Trace } from "../../src/lineage/trace.js";
import { trace } from "../../src/lineage/trace.js";
import { Random, SEED } from "../authorization/random.js";
import { must } from "../domain/fixture.js";
import { EXAMPLES } from "./entry-examples.js";
import { RUNS, threeDomains } from "./three-domains.js";

let world: Awaited<ReturnType<typeof threeDomains>>;

beforeAll(async () => {
  world = await threeDomains();
});

const ids = (runs: readonly TracedRun[]): string[] => runs.map(({ run }) => run.slice(0, 2));
const shape = ({ runs, up, down }: Trace) => ({ runs: ids(runs), up: ids(up), down: ids(down) });
const traced = (id: string | EntryName, entries: readonly PlacedEntry[] = world.placed): Trace =>
  must(trace(new Lineage(entries), id));
const without = (...names: readonly EntryName[]): PlacedEntry[] => {
  const places = new Set(names.map(placeOf));
  return world.placed.filter((each) => !places.has(placeOf(each)));
};
const gapsOf = ({ gaps }: Trace) =>
  gaps.map(({ code, from, to }) => [code, placeOf(from), to && placeOf(to)]);

describe("F40, F45: in three domains", () => {
  test("all effects of one authorization are found, also those that it led to elsewhere", () => {
    const found = traced(world.byA.digest);
    expect(shape(found)).toEqual({ runs: ["a1", "c2"], up: [], down: ["b1", "c1"] });
    expect(found.gaps).toEqual([]);
    const intents = [world.first, world.second, world.third, world.direct].map(({ intent }) =>
      placeOf(intent),
    );
    expect(found.effects.map(placeOf).sort()).toEqual(intents.sort());
  });

  test("a run is traced up to what caused it, and down to what it caused", () => {
    const [a, b, c, direct, unrelated] = RUNS;
    expect(shape(traced(a))).toEqual({ runs: ["a1"], up: [], down: ["b1", "c1"] });
    expect(shape(traced(b))).toEqual({ runs: ["b1"], up: ["a1"], down: ["c1"] });
    expect(shape(traced(c))).toEqual({ runs: ["c1"], up: ["b1", "a1"], down: [] });
    expect(shape(traced(direct))).toEqual({ runs: ["c2"], up: [], down: [] });
    expect(shape(traced(unrelated))).toEqual({ runs: ["a9"], up: [], down: [] });
    for (const id of RUNS) expect(traced(id).gaps).toEqual([]);
  });

  test("each link names the entry that caused and the one that says so, once", () => {
    const links = traced(RUNS[1]).links.map(({ cause, effect }) => [
      placeOf(cause),
      cause.entry.kind,
      placeOf(effect),
      effect.entry.kind,
    ]);
    expect(links).toEqual([
      [placeOf(world.toB), "handover", placeOf(world.acceptedB), "accept"],
      [placeOf(world.toC), "handover", placeOf(world.acceptedC), "accept"],
      [placeOf(world.acceptedC), "accept", placeOf(world.third.admitted), "admission"],
    ]);
  });

  test("an entry leads to its run, by its name or by its leaf hash", () => {
    for (const name of [world.acceptedB, world.second.intent, world.toC]) {
      for (const id of [name, name.leaf]) {
        expect(shape(traced(id))).toEqual({ runs: ["b1"], up: ["a1"], down: ["c1"] });
      }
    }
  });

  test("what no entry is about is MISSING, not nothing", () => {
    const lineage = new Lineage(world.placed);
    const names = [
      "ff".repeat(16),
      "ff".repeat(32),
      "nonsense",
      { ...world.toB, leaf: "ff".repeat(32) },
      { ...world.toB, origin: "d.example/gate" },
      // About the gate, and no run.
      { origin: world.a.origin, index: 0, leaf: world.placed[0]?.leaf as string },
    ];
    for (const id of names)
      expect(trace(lineage, id)).toMatchObject({ ok: false, code: "MISSING" });
  });

  test("comes out the same whatever order the entries are given in, and however often", () => {
    const random = new Random(SEED);
    const expected = RUNS.map((id) => shape(traced(id)));
    for (let i = 0; i < 20; i++) {
      const shuffled = [...world.placed, ...world.placed.slice(0, 5)]
        .map((entry) => [random.next(), entry] as const)
        .sort(([one], [other]) => one - other)
        .map(([, entry]) => entry);
      const lineage = new Lineage(shuffled);
      expect(RUNS.map((id) => shape(must(trace(lineage, id))))).toEqual(expected);
    }
  });
});

describe("F32: a hand-over that stands in one of two logs only", () => {
  test("is ONE_SIDED where the accept is not there", () => {
    const found = traced(RUNS[0], without(world.acceptedB));
    expect(shape(found).down).toEqual([]);
    expect(gapsOf(found)).toEqual([["ONE_SIDED", placeOf(world.toB), undefined]]);
  });

  test("is ONE_SIDED where the hand-over is not in its log", () => {
    const found = traced(RUNS[1], without(world.toB, { ...world.toB, index: 99 }));
    // The last entry of the log of `a` is the hand-over: without it nothing says that the log went on.
    expect(gapsOf(found)).toEqual([["MISSING", placeOf(world.acceptedB), placeOf(world.toB)]]);
    const middle = traced(RUNS[2], without(world.toC).concat(later(world.toC)));
    expect(gapsOf(middle)).toEqual([["ONE_SIDED", placeOf(world.acceptedC), placeOf(world.toC)]]);
  });

  test("is a gap that is named where the other log is not there", () => {
    const noB = world.placed.filter(({ origin }) => origin !== world.b.origin);
    expect(gapsOf(traced(RUNS[0], noB))).toEqual([["MISSING", placeOf(world.toB), undefined]]);
    expect(traced(RUNS[0], noB).gaps[0]?.expected).toContain(world.b.key);
    expect(gapsOf(traced(RUNS[2], noB))).toEqual([
      ["MISSING", placeOf(world.acceptedC), placeOf(world.toC)],
    ]);
  });
});

/** An entry of the same log behind. */
function later({ origin, index }: EntryName): PlacedEntry {
  const [entry] = EXAMPLES.heartbeat;
  return { origin, index: index + 1, leaf: "ee".repeat(32), entry: entry! };
}

describe("a link that is not what it should be", () => {
  /** The world, with some entries changed in what they say. */
  const changed = (name: EntryName, change: object): PlacedEntry[] =>
    world.placed.map((each) =>
      placeOf(each) === placeOf(name) ? { ...each, entry: { ...each.entry, ...change } } : each,
    ) as PlacedEntry[];

  test("to another entry at that place is no link", () => {
    const other = { ...world.toB, leaf: "ee".repeat(32) };
    const found = traced(RUNS[1], changed(world.acceptedB, { parent: other }));
    expect(gapsOf(found)).toEqual([["ONE_SIDED", placeOf(world.acceptedB), placeOf(world.toB)]]);
    expect(ids(found.up)).toEqual([]);
    const admitted = traced(RUNS[3], changed(world.direct.admitted, { parents: [other] }));
    expect(gapsOf(admitted)).toEqual([
      ["ORPHAN", placeOf(world.direct.admitted), placeOf(world.toB)],
    ]);
  });

  test("to what did not allow is ORPHAN", () => {
    const { admitted } = world.direct;
    for (const cause of [world.first.intent, world.first.measured, world.toB]) {
      const found = traced(RUNS[3], changed(admitted, { parents: [cause] }));
      expect(gapsOf(found)).toEqual([["ORPHAN", placeOf(admitted), placeOf(cause)]]);
      expect(ids(found.up)).toEqual([]);
    }
    const denied = changed(world.first.decision, { outcome: "deny", code: "SCOPE" });
    const parents = denied.map((each) =>
      placeOf(each) === placeOf(admitted)
        ? { ...each, entry: { ...each.entry, parents: [world.first.decision] } }
        : each,
    ) as PlacedEntry[];
    expect(gapsOf(traced(RUNS[3], parents))).toEqual([
      ["ORPHAN", placeOf(admitted), placeOf(world.first.decision)],
    ]);
    const accepted = traced(RUNS[1], changed(world.acceptedB, { parent: world.first.decision }));
    expect(gapsOf(accepted)).toEqual([
      ["ORPHAN", placeOf(world.acceptedB), placeOf(world.first.decision)],
    ]);
  });

  test("to a hand-over to somebody else is HOLDER", () => {
    const found = traced(RUNS[1], changed(world.toB, { receiver: world.c.key }));
    expect(gapsOf(found)).toEqual([["HOLDER", placeOf(world.acceptedB), placeOf(world.toB)]]);
    expect(ids(found.up)).toEqual([]);
  });

  test("to a decision in the same log, or to a hand-over that the run's accept names, is one", () => {
    const parents = [world.first.decision];
    const found = traced(RUNS[4], changed(world.unrelated.admitted, { parents }));
    expect(shape(found)).toEqual({ runs: ["a9"], up: ["a1"], down: [] });
    const twice = traced(RUNS[1], changed(world.second.admitted, { parents: [world.toB] }));
    expect(twice.gaps).toEqual([]);
    expect(shape(twice)).toEqual({ runs: ["b1"], up: ["a1"], down: ["c1"] });
  });

  test("in a circle comes to an end", () => {
    const circle = changed(world.first.admitted, { parents: [world.third.decision] });
    for (const [id, others] of [
      [RUNS[0], ["b1", "c1"]],
      [RUNS[1], ["a1", "c1"]],
    ] as const) {
      const found = traced(id, circle);
      expect(ids(found.up).sort()).toEqual(others);
      expect(ids(found.down).sort()).toEqual(others);
    }
  });

  test("two entries at one place are no history", () => {
    const [first] = world.placed;
    const twice = [...world.placed, { ...first!, leaf: "ee".repeat(32) }];
    expect(() => new Lineage(twice)).toThrow(TypeError);
  });
});
