import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { vectors } from "../vectors.js";

describe.skipIf(!vectors.present)("the vectors of RFC 8785", () => {
  test.each(["arrays", "french", "structures", "unicode", "values", "weird"])("%s", (name) => {
    const input = JSON.parse(vectors.text("jcs", "input", `${name}.json`)) as Json;
    const canonical = encodeUtf8(formatCanonical(input));
    expect(canonical).toEqual(vectors.bytes("jcs", "output", `${name}.json`));
    const hex = vectors.text("jcs", "outhex", `${name}.txt`).replace(/\s/g, "");
    expect(Buffer.from(canonical).toString("hex")).toBe(hex);
  });

  test("are all there", () => {
    expect(vectors.list("jcs", "input")).toHaveLength(6);
  });
});

/** RFC 8785 once more, with its own order and its own escapes, and numbers by Number's toString. */
function naive(value: Json): string {
  if (typeof value === "number") return value === 0 ? "0" : value.toString(10);
  if (typeof value === "string") return quoted(value);
  if (value === null || typeof value === "boolean") return `${value}`;
  if (Array.isArray(value)) return `[${value.map((each) => naive(each as Json)).join(",")}]`;
  const members = Object.entries(value as { readonly [name: string]: Json });
  members.sort(([a], [b]) => compareUnits(a, b));
  return `{${members.map(([name, each]) => `${quoted(name)}:${naive(each)}`).join(",")}}`;
}

function compareUnits(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return a.charCodeAt(i) - b.charCodeAt(i);
  }
  return a.length - b.length;
}

function quoted(text: string): string {
  const short: Record<number, string> = {
    8: "\\b",
    9: "\\t",
    10: "\\n",
    12: "\\f",
    13: "\\r",
    34: '\\"',
    92: "\\\\",
  };
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (short[unit]) out += short[unit];
    else if (unit < 32) out += `\\u${unit.toString(16).padStart(4, "0")}`;
    else out += text.charAt(i);
  }
  return `"${out}"`;
}

const strings = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "",
    "__proto__",
    "constructor",
    "toString",
    "a",
    "A",
    "\u20ac",
    "\ufb33",
    "😀",
    "1",
  ),
);
const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    numbers,
    fc.integer(),
    strings,
    fc.array(tie("json"), { maxLength: 5 }),
    fc.dictionary(strings, tie("json"), { maxKeys: 6 }),
  ),
}));

test("any value is formatted as a naive reading of the RFC formats it", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(formatCanonical(value)).toBe(naive(value));
    }),
    { numRuns: 1000 },
  );
});

test("what was formatted parses to the same value, and formats to the same text again", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = formatCanonical(value);
      const parsed = JSON.parse(text) as Json;
      expect(formatCanonical(parsed)).toBe(text);
      expect(parsed).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("the order of members in memory does not show", () => {
  fc.assert(
    fc.property(fc.dictionary(strings, json, { noNullPrototype: true }), fc.nat(), (value, by) => {
      const members = Object.entries(value);
      const turn = members.length === 0 ? 0 : by % members.length;
      const turned = [...members.slice(turn), ...members.slice(0, turn)];
      expect(formatCanonical(Object.fromEntries(turned) as Json)).toBe(formatCanonical(value));
    }),
  );
});

test.each([
  [0, "0"],
  [-0, "0"],
  [1.0, "1"],
  [-1.5, "-1.5"],
  [1e21, "1e+21"],
  [1e20, "100000000000000000000"],
  [1e-6, "0.000001"],
  [1e-7, "1e-7"],
  [5e-324, "5e-324"],
  [-5e-324, "-5e-324"],
  [1.7976931348623157e308, "1.7976931348623157e+308"],
  [9007199254740992, "9007199254740992"],
  [295147905179352830000, "295147905179352830000"],
  // The literal of RFC 8785, section 3.2.3, which no double holds exactly.
  [Number("333333333.33333329"), "333333333.3333333"],
  [4.5, "4.5"],
  [2e-3, "0.002"],
  [1e27, "1e+27"],
])("the number %d is %s", (value, text) => {
  expect(formatCanonical(value)).toBe(text);
});

test("names are in the order of UTF-16 code units, not of code points or of a language", () => {
  const value = { "\ufb33": 1, "😀": 2, ö: 3, z: 4, Z: 5, "": 6, "10": 7, "9": 8, "\r": 9 };
  expect(formatCanonical(value)).toBe(
    '{"":6,"\\r":9,"10":7,"9":8,"Z":5,"z":4,"ö":3,"😀":2,"\ufb33":1}',
  );
});

test("a member that is named __proto__ is a member like any other", () => {
  const text = '{"__proto__":{"admin":true},"a":1,"constructor":null}';
  const parsed = JSON.parse(text) as Json;
  expect(formatCanonical(parsed)).toBe(text);
  expect(formatCanonical([parsed])).toBe(`[${text}]`);
  expect(formatCanonical({})).toBe("{}");
});

test("members that are inherited are not in the text", () => {
  const inherited = Object.create({ hidden: 1 }) as { [name: string]: Json };
  inherited["own"] = 2;
  expect(formatCanonical(inherited)).toBe('{"own":2}');
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  "the number %d has no place in JSON, at any depth",
  (value) => {
    expect(() => formatCanonical(value)).toThrow(RangeError);
    expect(() => formatCanonical([1, [value]])).toThrow(RangeError);
    expect(() => formatCanonical({ a: { b: value } })).toThrow(RangeError);
  },
);

test.each(["\ud800", "\udfff", "a\udc00b", "\ude00\ud83d"])(
  "a lone surrogate has no place in JSON, in a value or a name (%#)",
  (text) => {
    expect(() => formatCanonical(text)).toThrow(TypeError);
    expect(() => formatCanonical([{ a: text }])).toThrow(TypeError);
    expect(() => formatCanonical({ [text]: 1 })).toThrow(TypeError);
  },
);

test.each([
  ["undefined", undefined],
  ["a bigint", 1n],
  ["a function", () => 1],
  ["a symbol", Symbol("a")],
])("%s has no place in JSON, at any depth", (_, value) => {
  for (const each of [value, [value], [[1, value]], { a: value }, { a: [{ b: value }] }]) {
    expect(() => formatCanonical(each as Json)).toThrow(TypeError);
  }
});

test("an array with a hole has no place in JSON", () => {
  const holed: Json[] = [1, 2, 3];
  delete holed[1];
  expect(() => formatCanonical(holed)).toThrow(TypeError);
  expect(() => formatCanonical({ a: Object.assign([], { length: 2 }) as Json[] })).toThrow(
    TypeError,
  );
});
