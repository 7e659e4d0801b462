/** The quick reader of canonical JSON: nothing is a value to it that is none to the strict one. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical, parseCanonical } from "../../src/bytes/canonical.js";
import { decodeUtf8, encodeUtf8 } from "../../src/bytes/utf8.js";
import { parseJson } from "../../src/bytes/json.js";
import { anyEntry } from "../lineage/any-entry.js";
import { parseEntry } from "../../src/lineage/entry.js";

/** Of a text: a value only where the strict reader gives the same, and writes the same text. */
function expectStrict(text: string): void {
  const quick = parseCanonical(text);
  if (quick === undefined) return;
  const strict = parseJson(text);
  if (!strict.ok) return expect.fail(`${text}: ${strict.expected}`);
  expect(formatCanonical(strict.value)).toBe(text);
  expect(formatCanonical(quick)).toBe(text);
}

test.each([
  ["a name that stands twice", '{"a":1,"a":1}'],
  ["a name that stands twice, once escaped", '{"a":1,"\\u0061":1}'],
  ["names out of order", '{"b":1,"a":2}'],
  ["names in the order of numbers", '{"9":1,"10":2}'],
  ["names out of order, further in", '[{"b":1,"a":2}]'],
  ["white space", '{"a": 1}'],
  ["white space behind", '{"a":1} '],
  ["an escape that need not be", '"\\/"'],
  ["a capital in an escape", '"\\u001F"'],
  ["a lone surrogate, escaped", '"\\ud800"'],
  ["half a name that is one", '{"\\udc00":1}'],
  ["a number with a fraction of zero", "1.0"],
  ["an exponent", "1e2"],
  ["minus zero", "-0"],
  ["a number that stands for many", "9007199254740993"],
  ["a number that stands for many, in its own form", "9007199254740992"],
  ["the same, further in", '{"a":[1e+21]}'],
  ["no JSON", "{"],
  ["nothing", ""],
  ["a mark before it", "\ufeff1"],
  ["too deep", `${"[".repeat(33)}${"]".repeat(33)}`],
  ["much too deep", `${"[".repeat(60_000)}${"]".repeat(60_000)}`],
])("%s is not canonical", (_, text) => {
  expect(parseCanonical(text)).toBeUndefined();
});

test.each([
  "null",
  '"é\\n\\u001f😀"',
  "-1.5",
  "1e-7",
  "9007199254740991",
  '{"":{"__proto__":1},"a":[true,false,[]]}',
  '{"__proto__":{"a":1}}',
  '{"constructor":1}',
  `${"[".repeat(32)}${"]".repeat(32)}`,
])("%s is canonical", (text) => {
  expectStrict(text);
  expect(parseCanonical(text)).not.toBeUndefined();
});

test("any value in canonical JSON, and any change of its bytes", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(), fc.nat(255), (value, place, byte) => {
      const parsed = parseJson(JSON.stringify(value));
      if (!parsed.ok) return;
      const text = formatCanonical(parsed.value as Json);
      expectStrict(text);
      const bytes = encodeUtf8(text);
      for (const change of [
        () => (bytes[place % bytes.length] = byte),
        () => bytes.copyWithin(place % bytes.length, (place + 1) % bytes.length),
      ]) {
        change();
        const changed = decodeUtf8(bytes);
        if (changed !== undefined) expectStrict(changed);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("any entry is read as the strict reader reads it", () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      const text = formatCanonical(entry as unknown as Json);
      expectStrict(text);
      expect(parseEntry(encodeUtf8(text))).toEqual({ ok: true, value: entry });
    }),
  );
});
