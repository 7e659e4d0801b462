import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../../src/bytes/canonical.js";
import { compilePolicy } from "../../../src/authorization/policy/compile.js";
import { formatPredicate, parseWhere } from "../../../src/authorization/policy/where.js";
import { predicate } from "./arbitrary.js";
import { json } from "./fixture.js";

test.each<[string, Json]>([
  ["amount <= 1000", ["<=", ".amount", 1000]],
  [".amount <= 1000", ["<=", ".amount", 1000]],
  ["amount<=1000", ["<=", ".amount", 1000]],
  ["  amount   <=   1000  ", ["<=", ".amount", 1000]],
  ["amount < -1.5e3", ["<", ".amount", -1500]],
  ["amount<-1", ["<", ".amount", -1]],
  ["amount>0", [">", ".amount", 0]],
  ["amount >= 0", [">=", ".amount", 0]],
  ["path within /data", ["within", ".path", "/data"]],
  ["path within [/data, /tmp]", ["within", ".path", ["/data", "/tmp"]]],
  ["path within [/data,/tmp]", ["within", ".path", ["/data", "/tmp"]]],
  ["path within [ /data ]", ["within", ".path", ["/data"]]],
  ['path within ["/a b", /tmp]', ["within", ".path", ["/a b", "/tmp"]]],
  ['path within ["/a","/b"]', ["within", ".path", ["/a", "/b"]]],
  ['path within "/a, b"', ["within", ".path", "/a, b"]],
  ["path within /", ["within", ".path", "/"]],
  ['to.name == "bob"', ["==", ".to.name", "bob"]],
  ["to.name == bob", ["==", ".to.name", "bob"]],
  ["to[0].name == bob", ["==", ".to[0].name", "bob"]],
  ['to["full name"] == bob', ["==", '.to["full name"]', "bob"]],
  ['["full name"] == bob', ["==", '.["full name"]', "bob"]],
  ['.["a <= b"] == 1', ["==", '.["a <= b"]', 1]],
  ["to[1:]? == null", ["==", ".to[1:]?", null]],
  [". == 1", ["==", ".", 1]],
  [".== 1", ["==", ".", 1]],
  ["currency == EUR", ["==", ".currency", "EUR"]],
  ["currency != EUR", ["!=", ".currency", "EUR"]],
  ['currency == ""', ["==", ".currency", ""]],
  ["urgent == true", ["==", ".urgent", true]],
  ["urgent == false", ["==", ".urgent", false]],
  ['urgent == "true"', ["==", ".urgent", "true"]],
  ["count == 5", ["==", ".count", 5]],
  ["count == -5.50", ["==", ".count", -5.5]],
  ['count == "5"', ["==", ".count", "5"]],
  ['tags == ["a", 1, null]', ["==", ".tags", ["a", 1, null]]],
  ['to == {"a": {"b": []}}', ["==", ".to", json('{"a": {"b": []}}')]],
  ["truely == trueish", ["==", ".truely", "trueish"]],
  ["name == Zoë", ["==", ".name", "Zoë"]],
  ["name == x-1_y.z/a@b:c", ["==", ".name", "x-1_y.z/a@b:c"]],
  ["email like *@example.com", ["like", ".email", "*@example.com"]],
  ["email like Alice\\*", ["like", ".email", "Alice\\*"]],
  ['email like "Alice *"', ["like", ".email", "Alice *"]],
  ["code like 5", ["like", ".code", "5"]],
  ["code like 2026-*", ["like", ".code", "2026-*"]],
  ["code like true", ["like", ".code", "true"]],
  ["endpoint url https://api.example.com/v1", ["url", ".endpoint", "https://api.example.com/v1"]],
  [
    "e url [https://a.example, wss://b.example/]",
    ["url", ".e", ["https://a.example", "wss://b.example/"]],
  ],
  ['e url "https://[::1]/"', ["url", ".e", "https://[::1]/"]],
  ["not amount == 1", ["not", ["==", ".amount", 1]]],
  ["not  path within /etc", ["not", ["within", ".path", "/etc"]]],
  [".not == 1", ["==", ".not", 1]],
  ["not .not == 1", ["not", ["==", ".not", 1]]],
  ["not[0] == 1", ["==", ".not[0]", 1]],
  ["notes == x", ["==", ".notes", "x"]],
  ["like like like", ["like", ".like", "like"]],
  ["within within /within", ["within", ".within", "/within"]],
])("%s", (text, expected) => {
  expect(parseWhere(text)).toEqual({ ok: true, value: expected });
  expect(compilePolicy([expected], "policy")).toMatchObject({ ok: true });
});

test.each<[string, string]>([
  ["", "a selector, an operator and an operand: amount <= 1000"],
  ["   ", "a selector, an operator and an operand"],
  ["== 1", "a selector, an operator and an operand"],
  ["not", 'after "not", one of ==, !=, <, <=, >, >=, like, within, url'],
  ["not == 1", "a selector, an operator and an operand"],
  ["amount", 'after "amount", one of ==, !='],
  ["amount 1000", 'after "amount", one of'],
  ["amount = 1000", 'after "amount", one of ==, !='],
  ["amount === 1000", 'after "amount", one of'],
  ["amount =< 1000", 'after "amount", one of'],
  ["amount => 1000", 'after "amount", one of'],
  ["amount ≤ 1000", 'after "amount", one of'],
  ["amount is 1000", 'after "amount", one of'],
  ["amount LIKE x", 'after "amount", one of'],
  ["likeness likes x", 'after "likeness", one of'],
  ["amount <=", "an operand after <="],
  ["amount <= ", "an operand after <="],
  ["amount <= many", "after <=, a number"],
  ['amount <= "1000"', "after <=, a number"],
  ["amount <= 1,000", "a number, true, false, null, a word, a string in double"],
  ["amount <= 1_000", "a number, true, false"],
  ["amount <= 0x10", "a number, true, false"],
  ["amount <= +5", "a number, true, false"],
  ["amount <= 01", "a number, true, false"],
  ["amount <= .5", "a number, true, false"],
  ["amount <= NaN", "a number, true, false"],
  ["amount <= Infinity", "a number, true, false"],
  // What could be a number or a word of JSON is never taken for a string.
  ["id == 12345678901234567890", "a number, true, false"],
  ["id == 1e999", "a number, true, false"],
  ["date == 2026-01-01", "a string in double quotation marks"],
  ["version == 1.2.3", "a string in double quotation marks"],
  ["urgent == True", "a number, true, false"],
  ["urgent == NULL", "a number, true, false"],
  ["name == bob smith", "a string in double quotation marks"],
  ["name == 'bob'", "a string in double quotation marks"],
  ['name == "bob', "a string in double quotation marks"],
  ['name == "bob" x', "a string in double quotation marks"],
  ["name == == x", "a string in double quotation marks"],
  ["name == [a, b]", "or other JSON"],
  ["name == {a: 1}", "or other JSON"],
  ["name == a\u202eb", "a string in double quotation marks"],
  ["name == bob and x == 1", "a string in double quotation marks"],
  ["not (amount == 1)", 'a segment: .name, ["name"]'],
  ["a..b == 1", "a segment"],
  ["a. == 1", "a segment"],
  ["a b == 1", 'after "a", one of'],
  ["path within data", "after within, a clean absolute path"],
  ["path within /data/", "after within, a clean absolute path"],
  ["path within [/data, ..]", "after within, a clean absolute path"],
  ["path within []", "after within, a path, or a list of one or more"],
  ["path within [/data /tmp]", "after within, a word, or a string in double quotation marks"],
  ["path within [/data", "after within, a word, or a string"],
  ["path within /a b", "after within, a word, or a string"],
  ["path within 5", "after within, a clean absolute path"],
  ['path within {"a": 1}', "after within, a path as a string"],
  ["e url example.com", "after url, a clean URL: http://"],
  ["e url https://h/?q", "after url, a URL without query and fragment"],
  ['e url "https://h/?q"', "after url, a URL without query and fragment"],
  ["e url https://h?q", "after url, a clean URL"],
  ["code like [a]*", "after like, a word, or a string in double quotation marks"],
])("%j is refused, and told what to write", (text, expected) => {
  const refused = parseWhere(text);
  if (refused.ok) throw new Error(`accepted: ${JSON.stringify(refused.value)}`);
  expect(refused.code).toBe("MALFORMED");
  expect(refused.expected).toContain(expected);
});

test("too long a text is refused, and hostile text is quoted", () => {
  expect(parseWhere(`a == ${"x".repeat(16_379)}`)).toMatchObject({ ok: true });
  expect(parseWhere(`a == ${"x".repeat(16_380)}`)).toMatchObject({ ok: false, code: "TOO_LARGE" });
  expect(parseWhere("a == \u001b[2J")).toMatchObject({ found: '"\\u001b[2J"' });
});

test.each<[Json, string]>([
  [["<=", ".amount", 1000], "amount <= 1000"],
  [["==", ".currency", "EUR"], "currency == EUR"],
  [["==", ".currency", "E U"], 'currency == "E U"'],
  [["==", ".urgent", true], "urgent == true"],
  [["==", ".urgent", "true"], 'urgent == "true"'],
  [["==", ".n", "5"], 'n == "5"'],
  [["like", ".n", "5"], "n like 5"],
  [["==", ".n", ""], 'n == ""'],
  [["==", ".n?", null], "n? == null"],
  [["!=", ".", { a: [1] }], '. != {"a":[1]}'],
  [["==", ".l", ["a"]], 'l == ["a"]'],
  [["==", '.["a b"]', 1], '.["a b"] == 1'],
  [["==", ".[0]", 1], ".[0] == 1"],
  [["==", ".not", 1], ".not == 1"],
  [["not", ["==", ".not", 1]], "not .not == 1"],
  [["within", ".path", "/data"], "path within /data"],
  [["within", ".path", ["/data", "/a b"]], 'path within [/data, "/a b"]'],
  [["within", ".path", ["/data"]], "path within [/data]"],
  [["url", ".e", "https://h/v1"], "e url https://h/v1"],
  [["url", ".e", ["https://[::1]/"]], 'e url ["https://[::1]/"]'],
  [["not", ["like", ".e", "*@x"]], "not e like *@x"],
  // No form but JSON.
  [["not", ["not", ["==", ".a", 1]]], '["not",["not",["==",".a",1]]]'],
  [["or", [["==", ".a", 1]]], '["or",[["==",".a",1]]]'],
  [["any", ".a", ["==", ".", 1]], '["any",".a",["==",".",1]]'],
  [["not", ["and", []]], '["not",["and",[]]]'],
  // Nothing that a terminal obeys.
  [["==", ".a", "\u202ex\u0007"], 'a == "\\u202ex\\u0007"'],
  [["==", ".a", "\u{e0001}"], 'a == "\\udb40\\udc01"'],
  [["==", '.["\u009b"]', 1], '["==",".[\\"\\u009b\\"]",1]'],
  [["or", [["==", ".a", "\u2028"]]], '["or",[["==",".a","\\u2028"]]]'],
])("%j for people: %s", (source, expected) => {
  expect(formatPredicate(source)).toBe(expected);
});

test("what would be read back to another predicate is JSON", () => {
  // Neither would compile.
  expect(formatPredicate(["like", ".x ", "y"])).toBe('["like",".x ","y"]');
  expect(formatPredicate(["not", [">", ".x", 1], 2])).toBe('["not",[">",".x",1],2]');
});

/** Strings of every kind, where the generated predicates have a few. */
const comparison = fc
  .tuple(
    fc.constantFrom(
      ".a",
      ".a.b?",
      ".not",
      ".like",
      '.["x y"]',
      '.["\\""]',
      ".[0]",
      ".",
      '.a["\u0085"]',
    ),
    fc.oneof(
      fc.tuple(
        fc.constantFrom("==", "!=", "like"),
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string({ unit: fc.constantFrom(..."a1 \\\"'[]{},.*-+=<>") }),
          fc.constantFrom("true", "null", "NaN", "1", "-", "not", "like", "\\*"),
        ),
      ),
      fc.tuple(fc.constantFrom("==", "!="), fc.jsonValue({ maxDepth: 3, stringUnit: "binary" })),
      fc.tuple(
        fc.constant("within"),
        fc.array(fc.constantFrom("/", "/a", "/a b", "/a,b", "/'", "/[", '/"', "/é"), {
          minLength: 1,
        }),
      ),
    ),
    fc.boolean(),
  )
  .map(([selector, [operator, operand], negated]) => {
    const made = [operator, selector, operand] as Json;
    return negated ? (["not", made] as Json) : made;
  });

test("what is not JSON text is read back to the same predicate, and JSON text is JSON", () => {
  const counts = { friendly: 0, json: 0 };
  fc.assert(
    fc.property(fc.oneof(predicate, comparison), (source) => {
      const ready = compilePolicy([source], "policy");
      if (!ready.ok) return;
      const kept = (ready.value.source as Json[])[0] as Json;
      const text = formatPredicate(kept);
      expect(text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      if (text.startsWith("[")) {
        counts.json += 1;
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(kept)));
      } else {
        counts.friendly += 1;
        expect(parseWhere(text)).toEqual({ ok: true, value: kept });
      }
    }),
    { numRuns: 10_000 },
  );
  expect(counts.friendly).toBeGreaterThan(2000);
  expect(counts.json).toBeGreaterThan(200);
});

test("any text is a condition that compiles, or is refused", () => {
  const part = fc.constantFrom(
    ...'a . .b [0] ["x"] == != < <= like within url not 1 true x /data [ ] , " { } https://h \\ * '.split(
      " ",
    ),
    " ",
    " ",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(part).map((all) => all.join("")),
        fc.string(),
      ),
      (text) => {
        const read = parseWhere(text);
        if (read.ok) expect(compilePolicy([read.value], "policy")).toMatchObject({ ok: true });
        else expect(read.expected).not.toBe("");
      },
    ),
    { numRuns: 10_000 },
  );
});
