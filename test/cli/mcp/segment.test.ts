import fc from "fast-check";
import { expect, test } from "vitest";
import { segmentOf } from "../../../src/cli/mcp/segment.js";
import { isCommand } from "../../../src/trust/command.js";

const NAMES = fc
  .array(fc.constantFrom(..."abzABZ0019.-_"), { minLength: 1, maxLength: 8 })
  .map((characters) => characters.join(""));

function segment(name: string): string {
  const made = segmentOf(name);
  if (!made.ok) throw new Error(`${name}: ${made.found}`);
  return made.value;
}

/** The rule, read backwards. */
function nameOf(text: string): string {
  return (text.startsWith("0..") ? text.slice(1) : text).replace(/\.\.(.)/g, (_, letter: string) =>
    /[0-3]/.test(letter) ? (".-_0"[Number(letter)] as string) : letter.toUpperCase(),
  );
}

test.each([
  ["echo", "echo"],
  ["get-sum", "get-sum"],
  ["get_weather", "get_weather"],
  ["v1.0.2", "v1.0.2"],
  ["0", "0"],
  ["getWeather", "get..weather"],
  ["GetWeather", "0..get..weather"],
  ["HTTP", "0..h..t..t..p"],
  ["_private", "0..2private"],
  ["tail-", "tail..1"],
  ["a..b", "a..0.b"],
  ["a.B", "a..0..b"],
  [".", "0..0"],
  ["0A", "0..3..a"],
])("%s is %s", (name, expected) => {
  expect(segment(name)).toBe(expected);
});

test("every name becomes one segment of a command, and each another", () => {
  fc.assert(
    fc.property(NAMES, (name) => {
      const made = segment(name);
      expect(isCommand(`/${made}`), made).toBe(true);
      expect(made).not.toContain("/");
      expect(nameOf(made)).toBe(name);
    }),
    { numRuns: 20_000 },
  );
});

test("a name that is a segment already, without two dots in a row, stays as it is", () => {
  fc.assert(
    fc.property(NAMES, (name) => {
      if (isCommand(`/${name}`) && !name.includes("..")) expect(segment(name)).toBe(name);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  "",
  "a/b",
  "../a",
  "a b",
  "a\n",
  "\u00e9",
  "\uff41",
  "a%2fb",
  "a\0",
  "\u{1f600}",
  "a\u200b",
])("%j is no name", (name) => {
  expect(segmentOf(name)).toMatchObject({ ok: false, code: "MALFORMED" });
});
