import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../../src/bytes/canonical.js";
import { compilePolicy } from "../../../src/authorization/policy/compile.js";
import { evaluatePolicy } from "../../../src/authorization/policy/evaluate.js";
import { explainPolicy } from "../../../src/authorization/policy/explain.js";
import { modelEvaluate } from "./model.js";
import { compiled, json, nested } from "./fixture.js";

const OPERATORS = "==, !=, <, <=, >, >=, like, within, url, not, and, or, all, any";
const UNKNOWN = `an operator of this version: ${OPERATORS}`;
const TRUE: Json = ["==", ".a", 1];

test.each<[string, Json, string, string]>([
  ["no list", { "0": TRUE }, "policy: a list of predicates", "an object"],
  ["null", null, "policy: a list of predicates", "null"],
  ["a predicate alone", TRUE, "policy[0]: a predicate: [operator, ...]", "a string"],
  ["an empty predicate", [[]], "policy[0]: a predicate: [operator, ...]", "an empty list"],
  ["an object as a predicate", [{}], "policy[0]: a predicate: [operator, ...]", "an object"],
  ["true as a predicate", [true], "policy[0]: a predicate: [operator, ...]", "a boolean"],
  ["a number as operator", [[1, ".a", 1]], `policy[0][0]: ${UNKNOWN}`, "a number"],
  ["a list as operator", [[["=="], ".a", 1]], `policy[0][0]: ${UNKNOWN}`, "a list"],
  ["an operator in capitals", [["NOT", TRUE]], `policy[0][0]: ${UNKNOWN}`, '"NOT"'],
  ["an operator of objects", [["toString", ".a", 1]], `policy[0][0]: ${UNKNOWN}`, '"toString"'],
  ["__proto__", [["__proto__", ".a", 1]], `policy[0][0]: ${UNKNOWN}`, '"__proto__"'],
  ["a space", [["== ", ".a", 1]], `policy[0][0]: ${UNKNOWN}`, '"== "'],
  ["== of two", [["==", ".a"]], 'policy[0]: ["==", selector, operand]', "a list of 2"],
  ["== of four", [["==", ".a", 1, 2]], 'policy[0]: ["==", selector, operand]', "a list of 4"],
  ["not of one", [["not"]], 'policy[0]: ["not", predicate]', "a list of 1"],
  ["not of three", [["not", TRUE, TRUE]], 'policy[0]: ["not", predicate]', "a list of 3"],
  ["and of one", [["and"]], 'policy[0]: ["and", [predicate, ...]]', "a list of 1"],
  ["and of three", [["and", [], []]], 'policy[0]: ["and", [predicate, ...]]', "a list of 3"],
  ["or, flat", [["or", TRUE, TRUE]], 'policy[0]: ["or", [predicate, ...]]', "a list of 3"],
  ["or over no list", [["or", 1]], "policy[0][1]: a list of predicates", "a number"],
  [
    "and over a predicate",
    [["and", TRUE]],
    "policy[0][1][0]: a predicate: [operator, ...]",
    "a string",
  ],
  ["all of two", [["all", ".a"]], 'policy[0]: ["all", selector, predicate]', "a list of 2"],
  [
    "any of four",
    [["any", ".a", TRUE, 1]],
    'policy[0]: ["any", selector, predicate]',
    "a list of 4",
  ],
  ["any over a list", [["any", ".a", [TRUE]]], `policy[0][2][0]: ${UNKNOWN}`, "a list"],
  [
    "a selector that is no string",
    [["==", 1, 1]],
    "policy[0][1]: a selector as a string",
    "a number",
  ],
  [
    "a selector of all that is none",
    [["all", null, TRUE]],
    "policy[0][1]: a selector as a string",
    "null",
  ],
  ["a bad selector", [["==", "a", 1]], "policy[0][1]: a selector that starts with a dot", '"a"'],
  ["a limit as text", [["<", ".a", "1"]], "policy[0][2]: a number", "a string"],
  ["a limit that is null", [[">=", ".a", null]], "policy[0][2]: a number", "null"],
  [
    "a pattern that is a number",
    [["like", ".a", 1]],
    "policy[0][2]: a pattern as a string",
    "a number",
  ],
  ["a list of patterns", [["like", ".a", ["x"]]], "policy[0][2]: a pattern as a string", "a list"],
  [
    "no roots",
    [["within", ".a", []]],
    "policy[0][2]: a path, or a list of one or more",
    "an empty list",
  ],
  [
    "a root that is a number",
    [["within", ".a", ["/", 1]]],
    "policy[0][2]: a path as a string",
    "a number",
  ],
  [
    "a relative root",
    [["within", ".a", "data"]],
    "policy[0][2]: a clean absolute path",
    '"data": it does not start with a slash',
  ],
  [
    "an unclean root in a list",
    [["within", ".a", ["/a", "/b/"]]],
    "policy[0][2]: a clean absolute path",
    '"/b/": it holds an empty segment or ends in a slash',
  ],
  [
    "no URLs",
    [["url", ".a", []]],
    "policy[0][2]: a URL, or a list of one or more",
    "an empty list",
  ],
  ["a URL that is an object", [["url", ".a", {}]], "policy[0][2]: a URL as a string", "an object"],
  [
    "a URL with a query",
    [["url", ".a", "https://h/?q"]],
    "policy[0][2]: a URL without query and fragment",
    '"https://h/?q"',
  ],
])("%s is malformed, with its place", (_, policy, expected, found) => {
  expect(compilePolicy(policy, "policy")).toEqual({
    ok: false,
    code: "MALFORMED",
    expected,
    found,
  });
  expect(modelEvaluate(policy, {})).toBe("invalid");
});

test("F13: an unknown operator anywhere refuses the whole policy", () => {
  const unknown: Json = ["=~", ".a", "x"];
  const hosts: [string, (inner: Json) => Json][] = [
    ["policy[1][0]", (inner) => [TRUE, inner]],
    ["policy[0][1][0]", (inner) => [["not", inner]]],
    ["policy[0][1][1][0]", (inner) => [["and", [TRUE, inner]]]],
    // Where the outcome would be clear without it.
    ["policy[0][1][1][0]", (inner) => [["or", [TRUE, inner]]]],
    ["policy[0][2][0]", (inner) => [["all", ".none", inner]]],
    ["policy[1][2][1][1][1][0]", (inner) => [TRUE, ["any", ".a", ["not", ["or", [TRUE, inner]]]]]],
  ];
  for (const [place, host] of hosts) {
    expect(compilePolicy(host(unknown), "policy")).toEqual({
      ok: false,
      code: "MALFORMED",
      expected: `${place}: ${UNKNOWN}`,
      found: '"=~"',
    });
    expect(compilePolicy(host(TRUE), "policy"), place).toMatchObject({ ok: true });
  }
});

test("what names the policy stands before the place", () => {
  expect(compilePolicy([1], "link 2, policy")).toMatchObject({
    expected: "link 2, policy[0]: a predicate: [operator, ...]",
  });
});

test("hostile text in a refusal is quoted and short", () => {
  const refused = compilePolicy([[`\u001b[2J\u202e${"x".repeat(500)}`, ".a", 1]], "policy");
  if (refused.ok) throw new Error("accepted");
  expect(refused.found.length).toBeLessThan(100);
  // oxlint-disable-next-line no-control-regex
  expect(refused.found).not.toMatch(/[\u0000-\u001f\u202e]/);
});

const many = (count: number): Json[] => Array.from({ length: count }, () => TRUE);

test("at most 1024 predicates, each counted", () => {
  expect(compilePolicy(many(1024), "policy")).toMatchObject({ ok: true });
  for (const policy of [many(1025), [["and", many(1024)]], [["not", ["or", many(1023)]]]]) {
    expect(compilePolicy(policy as Json, "policy")).toMatchObject({ ok: false, code: "TOO_LARGE" });
    expect(modelEvaluate(policy, { a: 1 })).toBe("invalid");
  }
  expect(compilePolicy([["and", many(1023)]], "policy")).toMatchObject({ ok: true });
});

test("patterns of 4096 units, and 64 roots or URLs", () => {
  const limits: [string, (size: number) => Json, number][] = [
    ["like", (size) => "*".repeat(size), 4096],
    ["within", (size) => Array.from({ length: size }, () => "/a"), 64],
    ["url", (size) => Array.from({ length: size }, () => "https://h/"), 64],
  ];
  for (const [operator, operand, most] of limits) {
    expect(compilePolicy([[operator, ".a", operand(most)]], "policy")).toMatchObject({ ok: true });
    expect(compilePolicy([[operator, ".a", operand(most + 1)]], "policy")).toMatchObject({
      ok: false,
      code: "TOO_LARGE",
    });
  }
});

test("as deep as JSON may be, and no deeper", () => {
  const negations = (count: number): Json => {
    let predicate = TRUE;
    for (let i = 0; i < count; i++) predicate = ["not", predicate];
    return [predicate];
  };
  expect(compilePolicy(negations(30), "policy")).toMatchObject({ ok: true });
  expect(compilePolicy([["==", ".a", nested(30)]], "policy")).toMatchObject({ ok: true });
  const objects = (count: number) => json('{"a":'.repeat(count) + "1" + "}".repeat(count));
  expect(compilePolicy([["==", ".a", objects(30)]], "policy")).toMatchObject({ ok: true });
  expect(compilePolicy([["==", ".a", objects(31)]], "policy")).toMatchObject({ ok: false });
  for (const policy of [
    negations(31),
    negations(100_000),
    [["==", ".a", nested(31)]],
    nested(1e5),
  ]) {
    expect(compilePolicy(policy as Json, "policy")).toMatchObject({
      ok: false,
      code: "MALFORMED",
      expected: "policy: at most 32 arrays and objects in each other",
    });
  }
});

test.each<[string, unknown]>([
  ["a number beyond 2^53 - 1", 2 ** 53],
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["undefined", undefined],
  ["a function", () => 1],
  ["a bigint", 1n],
  ["a symbol", Symbol("x")],
  ["a lone surrogate", "\ud800"],
  ["a lone surrogate in a name", { "\udc00": 1 }],
  ["a hole", Array.from({ length: 1 })],
  ["any of these inside", [{ a: [Number.NaN] }]],
])("%s is no JSON, as an operand or in it", (_, operand) => {
  const policy = [["==", ".a", operand]] as Json;
  expect(compilePolicy(policy, "policy")).toMatchObject({ ok: false, code: "MALFORMED" });
  expect(modelEvaluate(policy, {})).toBe("invalid");
});

test("-0 in a policy is 0, as parseJson has it", () => {
  expect(Object.is((compiled([["==", ".a", -0]]).source as Json[][])[0]![2], 0)).toBe(true);
});

test("what is compiled is a frozen copy, which later changes do not reach", () => {
  const roots = ["/data"];
  const operand = { b: [1] };
  const policy: Json[] = [
    ["within", ".p", roots],
    ["==", ".a", operand],
    ["==", ".a.b[0]", 1],
    ["not", ["or", [["any", ".l[0:2][]", ["like", ".", "x*"]]]]],
  ];
  const before = JSON.stringify(policy);
  const result = compiled(policy);
  roots[0] = "/";
  operand.b[0] = 2;
  policy.length = 0;
  expect(JSON.stringify(result.source)).toBe(before);
  const value: Json = { p: "/data/x", a: { b: [1] }, l: ["y"] };
  expect(evaluatePolicy(result, value)).toBe("true");
  expect(evaluatePolicy(result, { ...value, p: "/etc" })).toBe("false");
  const seen = new Set<unknown>();
  const visit = (each: unknown, path: string): void => {
    if ((typeof each !== "object" && typeof each !== "function") || each === null) return;
    if (seen.has(each)) return;
    seen.add(each);
    if (typeof each === "object") expect(Object.isFrozen(each), path).toBe(true);
    for (const [name, inner] of Object.entries(each)) visit(inner, `${path}.${name}`);
  };
  visit(result, "compiled");
  expect(seen.size).toBeGreaterThan(30);
});

test("a compiled policy serves any number of evaluations, each as the first", () => {
  const policy = compiled(json('[["any", ".l", [">", ".", 1]], ["like", ".s", "*a*b"]]'));
  const values: Json[] = [{ l: [2], s: "xaxb" }, { l: [0], s: "ab" }, {}, { l: [1, "x"], s: "ab" }];
  const first = values.map((value) => evaluatePolicy(policy, value));
  expect(first).toEqual(["true", "false", "error", "error"]);
  for (let i = 0; i < 100; i++) {
    expect(values.map((value) => evaluatePolicy(policy, value))).toEqual(first);
    explainPolicy(policy, values[i % 4] as Json);
  }
});

test("an empty policy demands nothing", () => {
  expect(evaluatePolicy(compiled([]), null)).toBe("true");
});

test("any JSON compiles or is refused with a place", () => {
  const any = fc.oneof(
    fc.jsonValue({ maxDepth: 6, stringUnit: "binary" }),
    fc.array(fc.array(fc.oneof(fc.constantFrom(...OPERATORS.split(", ")), fc.jsonValue()))),
  );
  fc.assert(
    fc.property(any, (policy) => {
      const result = compilePolicy(policy as Json, "policy");
      expect(result.ok).toBe(modelEvaluate(policy, {}) !== "invalid");
      if (!result.ok) expect(result.expected).toMatch(/^policy(?:\[\d+\])*: /);
    }),
    { numRuns: 5000 },
  );
});
