import fc from "fast-check";
import { expect, test } from "vitest";
import { Budget, MAX_STEPS } from "../../../src/authorization/policy/budget.js";
import { like, parsePattern } from "../../../src/authorization/policy/like.js";
import { modelEvaluate } from "./model.js";
import { evaluate } from "./fixture.js";

const matches = (pattern: string, text: string) => like(parsePattern(pattern), text, new Budget());

test.each<[string, string, boolean]>([
  ["", "", true],
  ["", "a", false],
  ["a", "", false],
  ["a", "a", true],
  ["a", "A", false],
  ["a", "aa", false],
  ["ab", "a", false],
  ["*", "", true],
  ["*", "anything\n\u0000", true],
  ["**", "", true],
  ["***", "abc", true],
  ["a*", "a", true],
  ["a*", "abc", true],
  ["a*", "ba", false],
  ["*a", "a", true],
  ["*a", "bca", true],
  ["*a", "ab", false],
  ["*a*", "bab", true],
  ["*a*", "bb", false],
  ["a*b", "ab", true],
  ["a*b", "a*b", true],
  ["a*b", "abab", true],
  ["a*b", "abac", false],
  ["a*a", "a", false],
  ["*ab*ab*", "abab", true],
  ["*ab*ab*", "aba", false],
  ["*aab", "aaab", true],
  ["*abc", "ababc", true],
  // Nothing but the star is special.
  ["?", "a", false],
  ["?", "?", true],
  [".", "a", false],
  [".*", ".x", true],
  ["[ab]", "a", false],
  ["a{1}", "a", false],
  ["^a$", "a", false],
  ["%", "a", false],
  ["*@example.com", "bob@example.com", true],
  ["*@example.com", "bob@example.com.evil.example", false],
  ["*@example.com", "bob@example-com", false],
  // Characters are compared, not what they look like.
  ["é", "e\u0301", false],
  ["*😀", "a😀", true],
  ["😀*", "😁", false],
])("the pattern %j on %j: %s", (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
  expect(modelEvaluate([["like", ".", pattern]], text)).toBe(String(expected));
});

/** `\*` is a star wherever it stands; every other backslash is one. */
test.each<[string, string[], string[]]>([
  ["\\*", ["*"], ["", "\\*", "a", "**", "\\"]],
  ["\\*a", ["*a"], ["a", "xa", "\\*a", "\\a"]],
  ["a\\*", ["a*"], ["a", "ax", "a\\", "a\\*", "a**"]],
  ["a\\*b", ["a*b"], ["ab", "axb", "a\\*b", "a\\b"]],
  ["\\*\\*", ["**"], ["*", "", "\\*\\*", "***"]],
  ["*\\*", ["*", "a*", "**"], ["", "a", "*a", "\\"]],
  ["\\**", ["*", "*a", "**"], ["", "a", "a*", "\\*"]],
  ["*\\**", ["*", "a*b"], ["", "ab", "\\"]],
  // A backslash before a star belongs to it, also after a backslash.
  ["\\\\*", ["\\*"], ["\\", "\\x", "\\\\*", "*", ""]],
  ["\\\\\\*", ["\\\\*"], ["\\*", "\\\\", "\\\\x"]],
  ["\\", ["\\"], ["", "\\\\", "*"]],
  ["a\\", ["a\\"], ["a", "a\\\\", "a*"]],
  ["\\a", ["\\a"], ["a", "\\\\a"]],
  ["\\\\", ["\\\\"], ["\\", ""]],
  ["*\\", ["\\", "a\\"], ["", "a", "*"]],
  ["\\n", ["\\n"], ["\n", "n"]],
  ["\\?", ["\\?"], ["?", "a"]],
])("escapes: %j matches %j and not %j", (pattern, good, bad) => {
  for (const text of good) expect(matches(pattern, text), text).toBe(true);
  for (const text of bad) expect(matches(pattern, text), text).toBe(false);
  for (const text of [...good, ...bad]) {
    expect(modelEvaluate([["like", ".", pattern]], text), text).toBe(String(good.includes(text)));
  }
});

test("an escape holds at every position", () => {
  for (let at = 0; at <= 6; at++) {
    const [before, after] = ["abcdef".slice(0, at), "abcdef".slice(at)];
    expect(matches(`${before}\\*${after}`, `${before}*${after}`)).toBe(true);
    expect(matches(`${before}\\*${after}`, `${before}${after}`)).toBe(false);
    expect(matches(`${before}\\*${after}`, `${before}x${after}`)).toBe(false);
    expect(matches(`${before}*${after}`, `${before}x${after}`)).toBe(true);
  }
});

test("patterns that are exponential for others take at most a step for each pair", () => {
  for (const [pattern, text] of [
    ["*a*a*a*a*a*a*a*a*b", "a".repeat(300)],
    [`${"*a".repeat(100)}b`, "a".repeat(300)],
    [`${"a*".repeat(100)}b`, "a".repeat(300)],
    [`*${"a".repeat(100)}b`, "a".repeat(300)],
    [`${"*".repeat(300)}b`, "a".repeat(300)],
  ] as const) {
    const budget = new Budget();
    expect(like(parsePattern(pattern), text, budget)).toBe(false);
    expect(MAX_STEPS - budget.left).toBeLessThanOrEqual(pattern.length * text.length);
    expect(budget.exhausted).toBe(false);
  }
});

test("no more steps are taken than there are", () => {
  const budget = new Budget();
  budget.spend(MAX_STEPS - 5);
  expect(like(parsePattern("*b*"), "a".repeat(1e6), budget)).toBe(false);
  expect(budget.left).toBe(-1);
});

test("one star costs as many steps as the pattern has units, whatever the text", () => {
  for (const [pattern, text, expected] of [
    ["acct-*", `acct-${"7".repeat(1e6)}`, true],
    ["*@example.com", `${"a".repeat(1e6)}@example.com`, true],
    ["a*b", `a${"b".repeat(1e6)}`, true],
    ["ab*ba", "aba", false],
    ["*", "", true],
    ["\\**", "*x", true],
  ] as const) {
    const budget = new Budget();
    expect(like(parsePattern(pattern), text, budget), pattern).toBe(expected);
    expect(MAX_STEPS - budget.left).toBeLessThanOrEqual(pattern.length);
  }
});

test("short patterns and texts over a small alphabet: what another reading gives", () => {
  const unit = fc.constantFrom("a", "b", "*", "\\");
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 8 }),
      fc.string({ unit, maxLength: 10 }),
      (p, text) => {
        expect(evaluate([["like", ".", p]], text)).toBe(modelEvaluate([["like", ".", p]], text));
      },
    ),
    { numRuns: 20_000 },
  );
});

test("a text made from a pattern matches it", () => {
  const piece = fc.oneof(
    fc.record({ pattern: fc.constant("*"), text: fc.string({ unit: "binary" }) }),
    fc.constant({ pattern: "\\*", text: "*" }),
    fc
      .string({ unit: "grapheme" })
      .map((s) => s.replace(/[*\\]/g, ""))
      .map((s) => ({ pattern: s, text: s })),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const pattern = pieces.map((each) => each.pattern).join("");
      expect(matches(pattern, pieces.map((each) => each.text).join(""))).toBe(true);
    }),
  );
});
