import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KernelFault } from "../src/kernel/border.js";
import type { Code } from "../src/verdict.js";
import { CODES, failure, judge, judgeAsync, ok, Plan } from "../src/verdict.js";

const bad = failure("ORIGIN", "one", "another");
const absent = failure("MISSING", "a tile", "none");

describe("a plan", () => {
  test("that is empty decides nothing", () => {
    const verdict = new Plan([]).verdict();
    expect(verdict).toEqual({ outcome: "INCOMPLETE", code: "NOTHING_CHECKED", checks: [] });
  });

  test("of which nothing was said decides nothing", () => {
    const verdict = new Plan(["a", "b"]).verdict();
    expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "NOTHING_CHECKED" });
    expect(verdict.checks.map((check) => check.outcome)).toEqual(["not-run", "not-run"]);
  });

  test("with a check that did not run is INCOMPLETE, whatever the others say", () => {
    const plan = new Plan(["a", "b", "c"]);
    plan.pass("a");
    plan.pass("c");
    expect(plan.verdict()).toMatchObject({ outcome: "INCOMPLETE", code: "NOTHING_CHECKED" });
    plan.pass("b");
    expect(plan.verdict().outcome).toBe("PROVEN");
  });

  test("whose every check passed is PROVEN, and has no code", () => {
    const plan = new Plan(["a"]);
    plan.pass("a", "this", "this");
    expect(plan.verdict()).toEqual({
      outcome: "PROVEN",
      checks: [{ name: "a", outcome: "passed", expected: "this", found: "this" }],
    });
  });

  test("with a check added later is not PROVEN before that one passed", () => {
    const plan = new Plan(["a"]);
    plan.pass("a");
    plan.add("b");
    expect(plan.verdict().outcome).toBe("INCOMPLETE");
  });

  test("says what was expected and found by a check that failed, and its code", () => {
    const plan = new Plan(["a", "b"]);
    plan.fail("b", bad);
    expect(plan.verdict()).toEqual({
      outcome: "REFUTED",
      code: "ORIGIN",
      checks: [
        { name: "a", outcome: "not-run" },
        { name: "b", outcome: "failed", code: "ORIGIN", expected: "one", found: "another" },
      ],
    });
  });

  test("with a failed check is REFUTED even where another misses something before it", () => {
    const plan = new Plan(["a", "b", "c"]);
    plan.fail("a", absent);
    plan.fail("c", bad);
    expect(plan.verdict()).toMatchObject({ outcome: "REFUTED", code: "ORIGIN" });
  });

  test("gives the code of the first check that failed, in the order of the plan", () => {
    const plan = new Plan(["a", "b", "c"]);
    plan.fail("c", bad);
    plan.fail("b", failure("INCLUSION", "", ""));
    plan.fail("a", absent);
    expect(plan.verdict().code).toBe("INCLUSION");
  });

  test("gives the code of the first check that misses something, past those that did not run", () => {
    const plan = new Plan(["a", "b", "c"]);
    plan.fail("c", failure("STALE", "", ""));
    plan.fail("b", absent);
    expect(plan.verdict()).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
  });

  test("lets no check speak twice, nor one that it does not hold", () => {
    const says: ((plan: Plan, name: string) => void)[] = [
      (plan, name) => plan.pass(name),
      (plan, name) => plan.fail(name, bad),
      (plan, name) => plan.fail(name, absent),
    ];
    for (const first of says) {
      for (const second of says) {
        const plan = new Plan(["a"]);
        first(plan, "a");
        const before = plan.verdict();
        expect(() => second(plan, "a")).toThrow(TypeError);
        expect(() => second(plan, "b")).toThrow(TypeError);
        expect(plan.verdict()).toEqual(before);
      }
    }
  });

  test("holds each name once", () => {
    expect(() => new Plan(["a", "a"])).toThrow(TypeError);
    const plan = new Plan(["a"]);
    plan.fail("a", bad);
    expect(() => plan.add("a")).toThrow(TypeError);
    expect(plan.verdict().outcome).toBe("REFUTED");
  });

  test("that gave a verdict does not change it afterwards", () => {
    const plan = new Plan(["a", "b"]);
    plan.pass("a");
    const verdict = plan.verdict();
    plan.fail("b", bad);
    plan.add("c");
    expect(verdict.checks.map((check) => check.outcome)).toEqual(["passed", "not-run"]);
  });

  test("is PROVEN exactly if it holds a check and all of its checks passed", () => {
    const names = fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 6 });
    const steps = fc.array(
      fc.record({ kind: fc.constantFrom("pass", "fail", "miss", "add"), which: fc.nat(9) }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(names, steps, (initial, said) => {
        const plan = new Plan(initial);
        const state = new Map<string, string>(initial.map((name) => [name, "not-run"]));
        for (const { kind, which } of said) {
          if (kind === "add") {
            const name = `added ${which}`;
            if (state.has(name)) expect(() => plan.add(name)).toThrow(TypeError);
            else plan.add(name);
            if (!state.has(name)) state.set(name, "not-run");
            continue;
          }
          const name = [...state.keys()][which] ?? "unknown";
          const run = (): void => {
            if (kind === "pass") plan.pass(name);
            else if (kind === "fail") plan.fail(name, bad);
            else plan.fail(name, absent);
          };
          if (state.get(name) !== "not-run") expect(run).toThrow(TypeError);
          else {
            run();
            state.set(name, kind === "pass" ? "passed" : kind === "fail" ? "failed" : "missing");
          }
        }
        const outcomes = [...state.values()];
        const verdict = plan.verdict();
        expect(verdict.checks.map((check) => check.name)).toEqual([...state.keys()]);
        expect(verdict.checks.map((check) => check.outcome)).toEqual(outcomes);
        const proven = outcomes.length > 0 && outcomes.every((each) => each === "passed");
        const expected = proven ? "PROVEN" : outcomes.includes("failed") ? "REFUTED" : "INCOMPLETE";
        expect(verdict.outcome).toBe(expected);
        expect(verdict.code === undefined).toBe(proven);
        const code: Code = outcomes.includes("failed") ? "ORIGIN" : "MISSING";
        if (/failed|missing/.test(`${outcomes}`)) expect(verdict.code).toBe(code);
        else if (!proven) expect(verdict.code).toBe("NOTHING_CHECKED");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("judging", () => {
  const fault = new KernelFault("trapped");

  test("gives the plan's verdict", async () => {
    const plan = new Plan(["a"]);
    expect(judge(plan, () => plan.pass("a")).outcome).toBe("PROVEN");
    const later = new Plan(["a"]);
    expect((await judgeAsync(later, async () => later.pass("a"))).outcome).toBe("PROVEN");
  });

  test("a body that says nothing decides nothing", async () => {
    expect(judge(new Plan(["a"]), () => {}).outcome).toBe("INCOMPLETE");
    expect((await judgeAsync(new Plan([]), async () => {})).code).toBe("NOTHING_CHECKED");
  });

  test.each(["pass", "fail"] as const)("a fault after a %s leaves it INCOMPLETE", async (say) => {
    const speak = (plan: Plan): void => {
      if (say === "pass") plan.pass("a");
      else plan.fail("a", bad);
    };
    const first = new Plan(["a"]);
    const verdict = judge(first, () => {
      speak(first);
      throw fault;
    });
    expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "INTERNAL" });
    expect(verdict.checks).toHaveLength(2);
    expect(verdict.checks[1]).toMatchObject({ name: "kernel", code: "INTERNAL", found: "trapped" });
    const second = new Plan(["a"]);
    const later = await judgeAsync(second, async () => {
      speak(second);
      throw fault;
    });
    expect(later).toEqual(verdict);
  });

  test("a mistake of the caller is thrown on", async () => {
    const mistake = (): never => {
      throw new TypeError("not a key");
    };
    expect(() => judge(new Plan(["a"]), mistake)).toThrow(TypeError);
    await expect(judgeAsync(new Plan(["a"]), async () => mistake())).rejects.toThrow(TypeError);
  });
});

test("every code has a sentence, and no two the same", () => {
  const sentences = Object.values(CODES);
  for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/);
  expect(new Set(sentences).size).toBe(sentences.length);
});

test("a result is a value or a failure, never both", () => {
  expect(ok(1)).toEqual({ ok: true, value: 1 });
  expect(bad).toEqual({ ok: false, code: "ORIGIN", expected: "one", found: "another" });
});

test("a code either contradicts the claim or leaves it open, whichever check says it", () => {
  const outcomes = Object.keys(CODES).map((code) => {
    const plan = new Plan(["a"]);
    plan.fail("a", failure(code as Code, "", ""));
    return [code, plan.verdict().outcome];
  });
  const open = outcomes.filter(([, outcome]) => outcome === "INCOMPLETE").map(([code]) => code);
  expect(open.sort()).toEqual(
    [
      "GAP",
      "INTERNAL",
      "MISSING",
      "NOTHING_CHECKED",
      "NOT_LOADED",
      "NO_TRUST",
      "ONE_SIDED",
      "QUORUM",
      "REDACTED",
      "REDIRECT",
      "STALE",
      "TIMEOUT",
      "TRUNCATED",
      "UNREACHABLE",
      "UNSIGNED",
      "UNWITNESSED_TIME",
    ].sort(),
  );
});
