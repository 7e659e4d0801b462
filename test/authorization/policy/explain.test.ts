import { expect, test } from "vitest";
import type { Json } from "../../../src/bytes/canonical.js";
import { MAX_STEPS } from "../../../src/authorization/policy/budget.js";
import type { PredicateReport } from "../../../src/authorization/policy/explain.js";
import { explainPolicy } from "../../../src/authorization/policy/explain.js";
import { compiled, evaluate } from "./fixture.js";

const explain = (policy: Json, value: Json) => explainPolicy(compiled(policy), value);
const explainOne = (predicate: Json, value: Json) =>
  explain([predicate], value)[0] as PredicateReport;

test("each predicate with its value and its truth, also where the outcome is clear without it", () => {
  const policy: Json = [
    ["<=", ".amount", 1000],
    [
      "or",
      [
        ["==", ".currency", "EUR"],
        ["==", ".to.name", "bob"],
      ],
    ],
    ["not", ["like", ".to.name", "e*"]],
    ["==", ".missing", 1],
  ];
  const to = { name: "eve" };
  expect(explain(policy, { amount: 2000, currency: "EUR", to })).toEqual([
    { predicate: ["<=", ".amount", 1000], truth: "false", value: 2000, below: [] },
    {
      predicate: [
        "or",
        [
          ["==", ".currency", "EUR"],
          ["==", ".to.name", "bob"],
        ],
      ],
      truth: "true",
      below: [
        { predicate: ["==", ".currency", "EUR"], truth: "true", value: "EUR", below: [] },
        { predicate: ["==", ".to.name", "bob"], truth: "false", value: "eve", below: [] },
      ],
    },
    {
      predicate: ["not", ["like", ".to.name", "e*"]],
      truth: "false",
      below: [{ predicate: ["like", ".to.name", "e*"], truth: "true", value: "eve", below: [] }],
    },
    {
      predicate: ["==", ".missing", 1],
      truth: "error",
      reason: '".missing" finds nothing',
      below: [],
    },
  ]);
});

test("a value of null is there; what does not resolve is not", () => {
  expect(explainOne(["==", ".m?", null], {})).toMatchObject({ truth: "true", value: null });
  expect("value" in explainOne(["==", ".m", null], {})).toBe(false);
});

test.each<[Json, Json, string | undefined]>([
  [["<", ".", 1], "1", "a number is needed, and it is a string"],
  [[">=", ".", 1], null, "a number is needed, and it is null"],
  [["like", ".", "*"], [], "a string is needed, and it is a list"],
  [["within", ".", "/"], {}, "a string is needed, and it is an object"],
  [["url", ".", "https://h"], true, "a string is needed, and it is a boolean"],
  [["within", ".", "/"], "/a/../b", "it holds a . or .. segment"],
  [["within", ".", "/"], "/a\uff0fb", "a character looks like a slash"],
  [["url", ".", "https://h"], "https://h//", "a clean URL: no empty segment in its path is needed"],
  [["url", ".", "https://h"], "https://h/..", 'a clean URL: spelt "https://h/" is needed'],
  [
    ["url", ".", "https://h"],
    "http://127.0.0.1/",
    "it names an address that the policy does not name",
  ],
  [["all", ".", ["==", ".", 1]], 1, "a list or an object is needed, and it is a number"],
  [["any", ".", ["==", ".", 1]], "x", "a list or an object is needed, and it is a string"],
  [["any", ".x", ["==", ".", 1]], {}, '".x" finds nothing'],
  // The reports below say why.
  [["all", ".", ["<", ".", 1]], ["x"], undefined],
  [["not", ["<", ".", 1]], "x", undefined],
  [["and", [["<", ".", 1]]], "x", undefined],
])("%j of %j is an error: %s", (predicate, value, reason) => {
  const report = explainOne(predicate, value);
  expect(report.truth).toBe("error");
  expect(report.reason).toBe(reason);
  expect("reason" in report).toBe(reason !== undefined);
  if (reason === undefined) expect(report.below[0]).toMatchObject({ truth: "error" });
});

test("what is no error has no reason", () => {
  for (const predicate of [
    ["<", ".", 1],
    ["==", ".", 2],
    [
      "or",
      [
        ["like", ".", "*"],
        ["<", ".", 3],
      ],
    ],
  ]) {
    const report = explainOne(predicate as Json, 2);
    expect(report.truth).not.toBe("error");
    expect(report).not.toHaveProperty("reason");
  }
});

test("one report for each element, 32 at most, and how many more there were", () => {
  const list = Array.from({ length: 40 }, (_, i) => i);
  const report = explainOne(["all", ".", ["<", ".", 35]], list);
  expect(report).toMatchObject({ truth: "false", value: list, omitted: 8 });
  expect(report.below.map((each) => each.value)).toEqual(list.slice(0, 32));
  expect(new Set(report.below.map((each) => each.truth))).toEqual(new Set(["true"]));
  for (const length of [0, 1, 32]) {
    const short = explainOne(["any", ".", ["<", ".", 35]], list.slice(0, length));
    expect(short.below).toHaveLength(length);
    expect(short).not.toHaveProperty("omitted");
  }
});

test("elements of an object in the order of its names", () => {
  const report = explainOne(["any", ".", ["==", ".", 1]], { z: 3, b: 1, a: 2 });
  expect(report.below.map((each) => each.value)).toEqual([2, 1, 3]);
});

test("quantifiers in each other are each cut, and connectives are not", () => {
  const row = Array.from({ length: 33 }, () => 1);
  const table = Array.from({ length: 34 }, () => row);
  const report = explainOne(["all", ".", ["any", ".", ["==", ".", 1]]], table);
  expect(report).toMatchObject({ truth: "true", omitted: 2 });
  for (const each of report.below) {
    expect(each.below).toHaveLength(32);
    expect(each).toMatchObject({ omitted: 1 });
  }
  const wide = explainOne(["and", Array.from({ length: 100 }, () => ["==", ".", 1])], 1);
  expect(wide.below).toHaveLength(100);
  expect(wide).not.toHaveProperty("omitted");
});

test("where the steps do not suffice every report is an error", () => {
  const policy: Json = [
    ["==", ".a", 1],
    ["==", ".a", 2],
    ["any", ".l", ["like", ".", "*x*"]],
    ["or", [["==", ".a", 1]]],
  ];
  const value: Json = { a: 1, l: ["y".repeat(60_000), "y".repeat(60_000)] };
  expect(evaluate(policy, value)).toBe("error");
  const reason = `the evaluation takes more than ${MAX_STEPS} steps`;
  expect(explain(policy, value)).toEqual(
    policy.map((predicate) => ({ predicate, truth: "error", reason, below: [] })),
  );
  // One step fewer on each side: the same policy is decided.
  expect(explain(policy, { a: 1, l: ["y"] }).map((each) => each.truth)).toEqual([
    "true",
    "false",
    "false",
    "true",
  ]);
});

test("hostile text in a reason is quoted", () => {
  const report = explainOne(["==", '.["\u202e\u0085"]', 1], {});
  expect(report.reason).toBe('".[\\"\\u{202e}\\u{85}\\"]" finds nothing');
});
