import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../../src/bytes/canonical.js";
import { Budget, MAX_STEPS } from "../../../src/authorization/policy/budget.js";
import { parseSelector, resolve } from "../../../src/authorization/policy/selector.js";
import { json } from "./fixture.js";

function select(text: string, value: Json): Json | undefined {
  const selector = parseSelector(text);
  if (!selector.ok) throw new Error(`${text}: expected ${selector.expected}`);
  return resolve(selector.value, value, new Budget());
}

const VALUE = json(
  `{"a": {"b": [10, 20, 30], "": 1, "c d": 2, "\\"]": 3, "é": 4}, "l": [[1, 2], {"x": 5}],
    "n": null, "s": "text", "f": false, "z": {"y": 1, "x": 2, "10": 3, "9": 4}, "_1": 6,
    "__proto__": 7, "toString": 8, "constructor": {"prototype": 9}, "e": [], "o": {}}`,
);

test.each<[string, Json]>([
  [".", VALUE],
  [".a.b", [10, 20, 30]],
  ["._1", 6],
  ['.["a"]["b"]', [10, 20, 30]],
  ['.a["b"]', [10, 20, 30]],
  ['.a[""]', 1],
  ['.a["c d"]', 2],
  ['.a["\\"]"]', 3],
  ['.a["\\u00e9"]', 4],
  ['.a["é"]', 4],
  [".a.b[0]", 10],
  [".a.b[2]", 30],
  [".a.b[-1]", 30],
  [".a.b[-3]", 10],
  [".l[0][1]", 2],
  [".l[1].x", 5],
  [".a.b[]", [10, 20, 30]],
  [".a.b[][][0]", 10],
  [".e[]", []],
  [".o[]", []],
  // In the order of UTF-16 units: "10", "9", "x", "y".
  [".z[]", [3, 4, 2, 1]],
  [".z[][0]", 3],
  [".n", null],
  [".f", false],
  [".__proto__", 7],
  [".toString", 8],
  [".constructor.prototype", 9],
])("%s selects", (text, expected) => {
  expect(select(text, VALUE)).toEqual(expected);
});

test.each([
  ".b",
  ".a.x",
  ".a.b.c",
  ".a.b[3]",
  ".a.b[-4]",
  ".a.b[2147483647]",
  ".a.b[-2147483648]",
  '.a.b["0"]',
  '.a.b["length"]',
  ".a.b.length",
  ".a[0]",
  ".a[0:1]",
  ".s[0]",
  ".s[0:1]",
  ".s[]",
  ".s.length",
  ".n.x",
  ".n[]",
  ".n[0]",
  ".f[]",
  ".e[0]",
  ".e[-1]",
  ".o.toString",
  ".o.constructor",
  ".o.__proto__",
  ".o.hasOwnProperty",
  '.o["__proto__"]',
  ".z[].x",
])("%s does not resolve", (text) => {
  expect(select(text, VALUE)).toBeUndefined();
});

test("an object with a prototype shows its own members only", () => {
  const value: Json = { own: 1 };
  expect(select(".own", value)).toBe(1);
  for (const name of ["__proto__", "toString", "constructor", "valueOf"]) {
    expect(select(`.${name}`, value), name).toBeUndefined();
    expect(select(`.${name}?`, value), name).toBeNull();
  }
});

test.each<[string, Json | undefined]>([
  [".b?", null],
  [".a?.b[1]?", 20],
  [".a.b[9]?", null],
  [".s[]?", null],
  [".s[0:1]?", null],
  ['.a["nope"]?', null],
  // null has no members: what follows it needs a mark of its own.
  [".b?.c", undefined],
  [".b?.c?", null],
  [".b?[0]", undefined],
  [".b?[]?", null],
  [".n.x?", null],
  // What is missing before is not helped by a mark after.
  [".b.c?", undefined],
  [".b[0]?[1]?", undefined],
  [".n?", null],
  [".f?", false],
])("%s with its question mark gives %j", (text, expected) => {
  expect(select(text, VALUE)).toEqual(expected);
});

test("repeated question marks are one", () => {
  for (const marks of ["?", "??", "?????????"]) {
    expect(select(`.b${marks}`, VALUE)).toBeNull();
    expect(select(`.b${marks}.c`, VALUE)).toBeUndefined();
  }
});

/** What Python 3 gives for list(range(5))[slice]. */
test.each<[string, number[]]>([
  ["[1:3]", [1, 2]],
  ["[0:5]", [0, 1, 2, 3, 4]],
  ["[2:]", [2, 3, 4]],
  ["[:2]", [0, 1]],
  ["[:0]", []],
  ["[0:]", [0, 1, 2, 3, 4]],
  ["[-2:]", [3, 4]],
  ["[:-2]", [0, 1, 2]],
  ["[0:-2]", [0, 1, 2]],
  ["[-4:-2]", [1, 2]],
  ["[3:1]", []],
  ["[-1:1]", []],
  ["[9:]", []],
  ["[:9]", [0, 1, 2, 3, 4]],
  ["[-9:]", [0, 1, 2, 3, 4]],
  ["[:-9]", []],
  ["[-9:9]", [0, 1, 2, 3, 4]],
  ["[5:6]", []],
  ["[4:6]", [4]],
  ["[-2147483648:2147483647]", [0, 1, 2, 3, 4]],
])("%s of five", (slice, expected) => {
  expect(select(`.${slice}`, [0, 1, 2, 3, 4])).toEqual(expected);
});

test.each([
  "",
  "a",
  "[0]",
  '["a"]',
  "[]",
  "?",
  ".?",
  "..",
  "...",
  "..a",
  ".a..b",
  ".a.",
  ".[0].",
  ".a.[0]",
  '.a.["b"]',
  ".a. b",
  " .a",
  ".a ",
  ".a b",
  ".1",
  ".1a",
  ".a-b",
  ".é",
  ".$",
  ".a?b",
  ".a?.",
  ".a.?",
  "?.a",
  ".a[",
  ".a]",
  ".a[b]",
  ".a['b']",
  '.a["b]',
  '.a["b"',
  '.a["b""c"]',
  '.a["\\x"]',
  '.a["\\"]',
  '.a["\\ud800"]',
  '.a["\u0000"]',
  '.a["\n"]',
  ".a[ 0]",
  ".a[0 ]",
  '.a[ "b"]',
  ".a[+1]",
  ".a[01]",
  ".a[-0]",
  ".a[-]",
  ".a[0x1]",
  ".a[1.0]",
  ".a[1e1]",
  ".a[2147483648]",
  ".a[-2147483649]",
  ".a[99999999999999999999]",
  ".a[:]",
  ".a[::]",
  ".a[1:2:3]",
  ".a[-:1]",
  ".a[1:-]",
  ".a[-0:1]",
  ".a[01:2]",
  ".a[1:2147483648]",
  ".a[0][",
  ".a[0]b",
  ".a|.b",
  ".a,.b",
  ".a\n",
  ".a\u0000",
  ".a\u2028.b",
])("the selector %j is malformed", (text) => {
  expect(parseSelector(text)).toMatchObject({ ok: false, code: "MALFORMED" });
});

test("a refusal shows the place", () => {
  expect(parseSelector(".a.b[x].c")).toMatchObject({ found: '"[x].c"' });
  expect(parseSelector("a")).toMatchObject({ expected: "a selector that starts with a dot" });
  expect(parseSelector("")).toMatchObject({ found: "nothing" });
});

test("at most 1024 units and 64 segments", () => {
  expect(parseSelector(`.${"a".repeat(1023)}`)).toMatchObject({ ok: true });
  expect(parseSelector(`.${"a".repeat(1024)}`)).toMatchObject({ ok: false, code: "TOO_LARGE" });
  expect(parseSelector(".a".repeat(64))).toMatchObject({ ok: true });
  expect(parseSelector(".a".repeat(65))).toMatchObject({ ok: false, code: "TOO_LARGE" });
  expect(parseSelector(`.${"[]".repeat(64)}`)).toMatchObject({ ok: true });
  expect(parseSelector(`.${"[]".repeat(65)}`)).toMatchObject({ ok: false, code: "TOO_LARGE" });
});

test("a selector takes no more than the steps there are", () => {
  const selector = parseSelector(`.${"[0:]".repeat(64)}`);
  if (!selector.ok) throw new Error(selector.expected);
  const short = new Budget();
  expect(resolve(selector.value, [1, 2, 3], short)).toEqual([1, 2, 3]);
  // A step for each segment, and one for each element of each of the slices.
  expect(MAX_STEPS - short.left).toBe(64 + 64 * 3);
  const long = new Budget();
  const list = Array.from({ length: 2000 }, () => 0);
  expect(resolve(selector.value, list, long)).toBeUndefined();
  expect(long.exhausted).toBe(true);
});

test("any text is a selector or malformed, and a selector keeps its text", () => {
  const part = fc.constantFrom(".", "a", "[", "]", '"', "?", "0", "-", ":", "1", "\\", "é", " ");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(part).map((all) => all.join("")),
        fc.string(),
      ),
      (text) => {
        const selector = parseSelector(text);
        if (selector.ok) expect(selector.value.text).toBe(text);
        else expect(["MALFORMED", "TOO_LARGE"]).toContain(selector.code);
      },
    ),
    { numRuns: 5000 },
  );
});
