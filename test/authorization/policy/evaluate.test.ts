import { expect, test } from "vitest";
import type { Json } from "../../../src/bytes/canonical.js";
import { MAX_STEPS } from "../../../src/authorization/policy/budget.js";
import type { Truth } from "../../../src/authorization/policy/truth.js";
import { modelEvaluate } from "./model.js";
import { evaluate, json, nested, TRUTHS, tuples } from "./fixture.js";

/** By the third value of each: a value that is there, and one that is not. */
const VALUE: Json = { t: 1, s: "x" };
const PREDICATES: Readonly<Record<Truth, Json>> = {
  true: ["==", ".t", 1],
  false: ["==", ".t", 2],
  error: ["==", ".missing", 1],
};

/** Both readings of a policy. */
function truth(policy: Json, value: Json = VALUE): Truth {
  const outcome = evaluate(policy, value);
  expect(modelEvaluate(policy, value)).toBe(outcome);
  return outcome;
}

/** Kleene's tables, in full. */
const AND: Readonly<Record<Truth, Readonly<Record<Truth, Truth>>>> = {
  true: { true: "true", false: "false", error: "error" },
  false: { true: "false", false: "false", error: "false" },
  error: { true: "error", false: "false", error: "error" },
};
const OR: Readonly<Record<Truth, Readonly<Record<Truth, Truth>>>> = {
  true: { true: "true", false: "true", error: "true" },
  false: { true: "true", false: "false", error: "error" },
  error: { true: "true", false: "error", error: "error" },
};
const NOT: Readonly<Record<Truth, Truth>> = { true: "false", false: "true", error: "error" };

test("and, or, not and the policy itself are Kleene's, for every tuple of up to four", () => {
  for (const tuple of tuples(TRUTHS, 4)) {
    const predicates = tuple.map((each) => PREDICATES[each]);
    const and = tuple.reduce((a, b) => AND[a][b], "true");
    // UCAN, "Or": an empty array is true.
    const or = tuple.length === 0 ? "true" : tuple.reduce((a, b) => OR[a][b], "false");
    expect(truth(predicates), `${tuple}`).toBe(and);
    expect(truth([["and", predicates]]), `and ${tuple}`).toBe(and);
    expect(truth([["or", predicates]]), `or ${tuple}`).toBe(or);
    expect(truth([["not", ["and", predicates]]]), `not and ${tuple}`).toBe(NOT[and]);
    expect(truth([["not", ["or", predicates]]]), `not or ${tuple}`).toBe(NOT[or]);
    expect(truth([["not", ["not", ["or", predicates]]]]), `not not ${tuple}`).toBe(or);
  }
});

test("all and any are and and or over elements and values, for every tuple of up to four", () => {
  const elements: Readonly<Record<Truth, Json>> = { true: 1, false: 0, error: "1" };
  for (const tuple of tuples(TRUTHS, 4)) {
    const list = tuple.map((each) => elements[each]);
    const object = Object.fromEntries(list.map((each, i) => [`m${i}`, each]));
    for (const collection of [list, object]) {
      const all = tuple.reduce((a, b) => AND[a][b], "true");
      const any = tuple.reduce((a, b) => OR[a][b], "false");
      expect(truth([["all", ".", [">", ".", 0]]], collection), `all ${tuple}`).toBe(all);
      expect(truth([["any", ".", [">", ".", 0]]], collection), `any ${tuple}`).toBe(any);
      expect(truth([["not", ["any", ".", [">", ".", 0]]]], collection)).toBe(NOT[any]);
      expect(truth([["all", ".[]", [">", ".", 0]]], collection)).toBe(all);
    }
  }
});

test.each<Json>([null, true, 0, "text", ""])("all and any over %j are an error", (value) => {
  for (const quantifier of ["all", "any"]) {
    expect(truth([[quantifier, ".", ["and", []]]], value)).toBe("error");
    expect(truth([["not", [quantifier, ".", ["and", []]]]], value)).toBe("error");
    expect(truth([[quantifier, ".missing", ["and", []]]], { value })).toBe("error");
    expect(truth([[quantifier, ".missing?", ["and", []]]], { value })).toBe("error");
  }
});

test.each<[string, Json]>([
  ["==", 1],
  ["!=", 1],
  ["<", 1],
  ["<=", 1],
  [">", 1],
  [">=", 1],
  ["like", "*"],
  ["within", "/"],
  ["url", "https://h/"],
  ["all", ["and", []]],
  ["any", ["and", []]],
])("a missing value never allows under %s, not and or", (operator, operand) => {
  for (const selector of [".m", ".m.n", ".t.n", ".l[3]", ".l[-3]", ".t[]", ".t[0:1]", ".m.n?"]) {
    const predicate: Json = [operator, selector, operand];
    const value: Json = { t: 1, l: [1, 2] };
    expect(truth([predicate], value), selector).toBe("error");
    expect(truth([["not", predicate]], value)).toBe("error");
    expect(truth([["not", ["not", predicate]]], value)).toBe("error");
    expect(truth([["or", [predicate, ["not", predicate]]]], value)).toBe("error");
    expect(truth([["and", [["not", predicate]]]], value)).toBe("error");
    expect(truth([["not", ["and", [predicate, ["==", ".t", 1]]]]], value)).toBe("error");
  }
});

test("with a question mark a missing value is null", () => {
  expect(truth([["==", ".m?", null]])).toBe("true");
  expect(truth([["!=", ".m?", 1]])).toBe("true");
  expect(truth([["!=", ".m?", null]])).toBe("false");
  for (const operator of ["<", "<=", ">", ">="]) {
    expect(truth([[operator, ".m?", 0]])).toBe("error");
    expect(truth([["not", [operator, ".m?", 0]]])).toBe("error");
  }
  expect(truth([["not", ["like", ".m?", "*"]]])).toBe("error");
});

const VALUES: readonly Json[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  0.5,
  "",
  "0",
  "1",
  "true",
  "null",
  " 1",
  [],
  [0],
  [1],
  ["1"],
  [[]],
  [null],
  {},
  { "0": 1 },
  { a: 1 },
  { a: "1" },
  { a: null },
  { length: 0 },
];

test("== holds for the same value alone, and != is its opposite: no two of these are alike", () => {
  for (const [i, value] of VALUES.entries()) {
    for (const [j, operand] of VALUES.entries()) {
      const pair = `${JSON.stringify(value)} and ${JSON.stringify(operand)}`;
      expect(truth([["==", ".", operand]], value), pair).toBe(i === j ? "true" : "false");
      expect(truth([["!=", ".", operand]], value), pair).toBe(i === j ? "false" : "true");
    }
  }
});

test("order is for numbers alone, by their value", () => {
  const rows: [Json, number, string][] = [
    [1, 1, "<= >="],
    [1, 1.5, "< <="],
    [2, 1, "> >="],
    [-1, 0, "< <="],
    [-0, 0, "<= >="],
    [0, -0, "<= >="],
    [0.1 + 0.2, 0.3, "> >="],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, "<= >="],
    [Number.MIN_VALUE, 0, "> >="],
    [json("1.0"), 1, "<= >="],
    [json("10e-1"), 1, "<= >="],
  ];
  for (const [value, operand, holding] of rows) {
    for (const operator of ["<", "<=", ">", ">="]) {
      const expected = holding.split(" ").includes(operator) ? "true" : "false";
      expect(truth([[operator, ".", operand]], value), `${value} ${operator} ${operand}`).toBe(
        expected,
      );
    }
  }
  for (const value of VALUES.filter((each) => typeof each !== "number")) {
    for (const operator of ["<", "<=", ">", ">="]) {
      expect(truth([[operator, ".", 1]], value), JSON.stringify(value)).toBe("error");
      expect(truth([["not", [operator, ".", 1]]], value)).toBe("error");
    }
  }
});

test("a number that JSON cannot hold has no order", () => {
  for (const value of [Number.NaN, Infinity, -Infinity]) {
    expect(evaluate([["not", ["<", ".", 1]]], value)).toBe("error");
    expect(evaluate([["<", ".", 1]], value)).toBe("error");
  }
});

test.each(["like", "within", "url"])("%s is for strings alone", (operator) => {
  const operand = { like: "*", within: "/", url: "https://h/" }[operator] as string;
  for (const value of VALUES.filter((each) => typeof each !== "string")) {
    expect(truth([[operator, ".", operand]], value)).toBe("error");
    expect(truth([["not", [operator, ".", operand]]], value)).toBe("error");
  }
});

test("-0 is 0", () => {
  expect(truth([["==", ".", 0]], -0)).toBe("true");
  expect(truth([["==", ".", [0]]], [-0])).toBe("true");
  expect(truth([["!=", ".", -0]], 0)).toBe("false");
});

test("names of prototypes are names like any other", () => {
  const value = json('{"__proto__": {"admin": true}, "constructor": 1, "toString": "x", "o": {}}');
  expect(truth([["==", ".__proto__.admin", true]], value)).toBe("true");
  expect(truth([["==", ".constructor", 1]], value)).toBe("true");
  expect(truth([["==", ".admin", true]], value)).toBe("error");
  expect(truth([["==", ".o", {}]], value)).toBe("true");
  expect(truth([["==", ".o", json('{"__proto__": 1}')]], value)).toBe("false");
  expect(truth([["==", ".o.toString?", null]], value)).toBe("true");
  // Objects of JSON.parse have a prototype, and may have a member of this name.
  const parsed = JSON.parse('{"o": {"__proto__": 1}, "p": {}}') as Json;
  expect(truth([["==", ".o.__proto__", 1]], parsed)).toBe("true");
  expect(truth([["==", ".p.__proto__", 1]], parsed)).toBe("error");
  expect(truth([["==", ".p", json('{"__proto__": 1}')]], parsed)).toBe("false");
  expect(truth([["==", ".o", json('{"__proto__": 1}')]], parsed)).toBe("true");
  expect(truth([["==", ".o", json('{"toString": 1}')]], parsed)).toBe("false");
  // What the prototype has under this name is an object without members of its own.
  expect(truth([["==", ".", json('{"__proto__": {}}')]], { a: 1 })).toBe("false");
});

test("equality is deep, by names in any order, and by places in lists", () => {
  const operand = json('{"a": [1, {"b": null, "c": "x"}], "d": {}}');
  const equal = json('{"d": {}, "a": [1.0, {"c": "x", "b": null}]}');
  expect(truth([["==", ".", operand]], equal)).toBe("true");
  for (const other of [
    '{"a": [1, {"b": null, "c": "x"}]}',
    '{"a": [1, {"b": null, "c": "x"}], "d": {}, "e": 1}',
    '{"a": [{"b": null, "c": "x"}, 1], "d": {}}',
    '{"a": [1, {"b": null, "c": "y"}], "d": {}}',
    '{"a": [1, {"b": null, "e": "x"}], "d": {}}',
    '{"a": [1, {"b": null, "c": "x"}, 2], "d": {}}',
    '{"a": [1], "d": {}}',
    '{"a": [1, {"b": null, "c": "x"}], "d": []}',
    '{"a": {"0": 1, "1": {"b": null, "c": "x"}}, "d": {}}',
  ]) {
    expect(truth([["==", ".", operand]], json(other)), other).toBe("false");
    expect(truth([["!=", ".", operand]], json(other)), other).toBe("true");
  }
});

test("a value as deep as can be is decided, and depth alone is never a difference", () => {
  expect(truth([["==", ".", nested(30)]], nested(30))).toBe("true");
  expect(truth([["==", ".", nested(30)]], nested(29))).toBe("false");
  expect(truth([["==", ".", nested(29)]], nested(30))).toBe("false");
  // Deeper than any parser gives: no deeper than the policy is looked at.
  expect(evaluate([["==", ".", nested(30)]], nested(1e5))).toBe("false");
  expect(evaluate([["any", ".", ["any", ".", ["==", ".", 0]]]], nested(1e5))).toBe("false");
  expect(evaluate([["==", ".[0][0][0]", 1]], nested(1e5))).toBe("false");
});

/** Something of exactly one step, and a value that takes any number of further ones. */
const ANYTHING: Json = ["and", []];

test("the last step that there is is enough; one more makes everything an error", () => {
  const list = (length: number): Json => Array.from({ length }, () => 1);
  // One for the predicate, one for each element, one for the predicate on each element.
  const fits = (MAX_STEPS - 2) / 2;
  const quantified: Json = ["all", ".", ANYTHING];
  expect(evaluate([ANYTHING, quantified], list(fits))).toBe("true");
  expect(evaluate([ANYTHING, ANYTHING, quantified], list(fits))).toBe("error");
});

test.each<[string, Json, Json]>([
  ["elements of a quantifier", ["all", ".x", ANYTHING], Array.from({ length: 5e4 }, () => 1)],
  ["a quantifier's list at once", ["any", ".x", ANYTHING], Array.from({ length: 1e5 }, () => 1)],
  [
    "values of an object",
    ["any", ".x[]", ANYTHING],
    Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`m${i}`, 1])),
  ],
  [
    "members under a comparison",
    ["==", ".x", {}],
    Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`m${i}`, 1])),
  ],
  ["a slice", ["==", ".x[0:]", 1], Array.from({ length: 1e5 }, () => 1)],
  [
    "a deep comparison",
    ["==", ".x", Array.from({ length: 1e5 }, () => 1)],
    Array.from({ length: 1e5 }, () => 1),
  ],
  ["like", ["like", ".x", "*b*"], "a".repeat(1e5)],
  ["like, at its worst", ["like", ".x", `*${"a".repeat(400)}b*`], "a".repeat(4000)],
  [
    "within",
    ["all", ".x", ["within", ".", "/"]],
    Array.from({ length: 100 }, () => `/${"a".repeat(1000)}`),
  ],
  [
    "url",
    ["all", ".x", ["url", ".", "https://h/"]],
    Array.from({ length: 100 }, () => `https://h/${"a".repeat(1000)}`),
  ],
])("steps that run out make the evaluation an error: %s", (_, predicate, x) => {
  const value: Json = { x };
  const yes: Json = ["and", []];
  const no: Json = ["not", yes];
  expect(evaluate([yes, no], value)).toBe("false");
  // Absorbed by nothing, in no order.
  for (const policy of [
    [predicate],
    [["not", predicate]],
    [["or", [yes, predicate]]],
    [["or", [predicate, yes]]],
    [["and", [no, predicate]]],
    [["and", [predicate, no]]],
    [predicate, no],
    [no, predicate],
    [["not", ["and", [predicate, no]]]],
    [["or", [["not", predicate], predicate]]],
  ]) {
    expect(evaluate(policy as Json, value), JSON.stringify(policy).slice(0, 80)).toBe("error");
  }
});

test("a path or a URL over its limit is an error of its own, and costs no more than one at the limit", () => {
  const yes: Json = ["and", []];
  for (const [operator, start, operand] of [
    ["within", "/", "/"],
    ["url", "https://h/", "https://h/"],
  ] as const) {
    const x = start + "a".repeat(1e6);
    expect(evaluate([[operator, ".x", operand]], { x })).toBe("error");
    expect(evaluate([["or", [yes, [operator, ".x", operand]]]], { x })).toBe("true");
  }
});

test("a policy and a value at every limit are decided in bounded time", () => {
  const pattern = `*${"a".repeat(4000)}b*`;
  const policy: Json = Array.from({ length: 1024 }, () => ["like", ".s", pattern]);
  const started = performance.now();
  expect(evaluate(policy, { s: "a".repeat(1e6) })).toBe("error");
  const paths: Json = [["all", ".l", ["within", ".", Array.from({ length: 64 }, () => "/b")]]];
  expect(evaluate(paths, { l: Array.from({ length: 1e5 }, () => `/${"é/".repeat(2000)}é`) })).toBe(
    "error",
  );
  // A hundred times what it takes; without bounds it takes minutes.
  expect(performance.now() - started).toBeLessThan(5000);
});
