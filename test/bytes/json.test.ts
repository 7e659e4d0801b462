import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import { parseJson } from "../../src/bytes/json.js";

const LONE = "text without lone surrogates";
const RANGE = "a number from -(2^53 - 1) to 2^53 - 1";
const TWICE = "each name once in an object";
const DEEP = "at most 32 arrays and objects in each other";

const value = (text: string): Json => {
  const parsed = parseJson(text);
  if (!parsed.ok) throw new Error(`${text}: expected ${parsed.expected}, found ${parsed.found}`);
  return parsed.value;
};
const refusal = (text: string): { expected: string; found: string } => {
  const parsed = parseJson(text);
  if (parsed.ok) throw new Error(`${text} is accepted`);
  return { expected: parsed.expected, found: parsed.found };
};

/** What JSON.parse makes of a text, or undefined where it refuses. */
function lenient(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Whether a text that JSON.parse takes breaks one of the further rules, by a naive reading of them. */
function suspect(text: string): boolean {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const names: Set<string>[] = [];
  return (
    hasLone(text) ||
    tokens.some((token, i) => {
      if (token.startsWith('"')) {
        const string = JSON.parse(token) as string;
        if (hasLone(string)) return true;
        if (tokens[i + 1] !== ":") return false;
        const known = names.at(-1)!.has(string);
        names.at(-1)!.add(string);
        return known;
      }
      if (token === "{" || token === "[") return names.push(new Set()) > 32;
      if (token === "}" || token === "]") names.pop();
      return /^[-0-9]/.test(token) && Math.abs(Number(token)) > 2 ** 53 - 1;
    })
  );
}

/** encodeURIComponent throws on lone surrogates alone. */
function hasLone(text: string): boolean {
  try {
    encodeURIComponent(text);
    return false;
  } catch {
    return true;
  }
}

/** The right answer is false: a text is read as JSON.parse reads it, or refused with a reason. */
function differs(text: string): boolean {
  const strict = parseJson(text);
  const other = lenient(text);
  if (other === undefined || suspect(text)) return strict.ok;
  return !strict.ok || JSON.stringify(strict.value) !== JSON.stringify(other);
}

describe("against JSON.parse", () => {
  test("every text of up to four characters, and every string, number and list of some more", () => {
    const alphabet = '{}[]",:0-1.e\\u t';
    const all = (before: string, left: number, after: string): void => {
      if (differs(before + after)) expect.fail(JSON.stringify(before + after));
      if (left > 0) for (const each of alphabet) all(before + each, left - 1, after);
    };
    all("", 4, "");
    all('"', 3, '"');
    all("[", 3, "]");
    all('{"', 3, "}");
    all('{"":', 3, "}");
    all('"\\u000', 2, '"');
  });

  test("every number of up to seven characters", () => {
    const all = (before: string, left: number): void => {
      if (differs(before)) expect.fail(JSON.stringify(before));
      if (left > 0) for (const each of "-+.e01") all(before + each, left - 1);
    };
    all("1", 6);
    all("-", 4);
    all("0", 4);
  });

  test("every row of up to six tokens", () => {
    const tokens = ["{", "}", "[", "]", ",", ":", '""', "0"];
    const all = (before: string, left: number): void => {
      if (differs(before)) expect.fail(before);
      if (left > 0) for (const each of tokens) all(before + each, left - 1);
    };
    all("", 5);
    all('{"":', 5);
    all('{"":0,', 4);
  });

  test("every character as it stands, escaped with a backslash, and by its number", () => {
    for (let unit = 0; unit < 0x10000; unit++) {
      const character = String.fromCharCode(unit);
      const hex = unit.toString(16).padStart(4, "0");
      for (const text of [`"a${character}"`, `"\\${character}"`, `"\\u${hex}"`, `${character}1`]) {
        if (differs(text)) expect.fail(JSON.stringify(text));
      }
    }
  });

  // Text of JSON in every spelling: white space, escapes that need not be, numbers of any form.
  const space = fc.constantFrom("", "", "", " ", "\n", "\t\r ");
  const digits = fc.stringMatching(
    /^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?$/,
  );
  const pieces = fc.oneof(
    fc.string({ unit: "binary", maxLength: 4 }).map((each) => JSON.stringify(each).slice(1, -1)),
    fc.string({ unit: "grapheme", maxLength: 3 }).filter((each) => !/["\\\p{Cc}]/u.test(each)),
    fc.constantFrom("\\/", "\\u0061", "\\u00E9", "\\ud83d\\ude00", "\\uD83D\\uDE00", "a", "b", ""),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "toString",
      "0",
      "1",
      "\u2028",
      "\u007f",
      "\\u0000",
    ),
    fc.constantFrom("\\ud800", "\\udc00", "\ud83d", "\\ud83d\ude00"),
  );
  const string = fc.array(pieces, { maxLength: 3 }).map((all) => `"${all.join("")}"`);
  const { text } = fc.letrec<{ text: string; bare: string }>((tie) => ({
    bare: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom("null", "true", "false", "-0", "0", "9007199254740991", "-9007199254740992"),
      digits,
      string,
      fc.array(tie("text"), { maxLength: 4 }).map((all) => `[${all.join(",")}]`),
      fc
        .array(fc.tuple(space, string, space, tie("text")), { maxLength: 4 })
        .map((all) => `{${all.map(([a, b, c, d]) => `${a}${b}${c}:${d}`).join(",")}}`),
    ),
    text: fc.tuple(space, tie("bare"), space).map((all) => all.join("")),
  }));

  test("any text of JSON", () => {
    let [accepted, refused] = [0, 0];
    fc.assert(
      fc.property(text, (each) => {
        expect(lenient(each)).toBeDefined();
        expect(differs(each)).toBe(false);
        if (parseJson(each).ok) accepted += 1;
        else refused += 1;
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(300);
    expect(refused).toBeGreaterThan(100);
  });

  test("any text of JSON with some characters changed", () => {
    const by = fc.oneof(
      fc.constantFrom(..."{}[]\",:0-1.eE+\\utn \u0000\ufeff\u00a0'/x"),
      fc.string({ unit: "binary", maxLength: 2 }),
    );
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(2), by, (each, place, drop, instead) => {
        const at = place % (each.length + 1);
        expect(differs(each.slice(0, at) + instead + each.slice(at + drop))).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  test("any text at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (each) => {
        expect(differs(each)).toBe(false);
        expect(differs(`"${each}"`)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test("what we write we read", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (each) => {
        const canonical = formatCanonical(each as Json);
        if (suspect(canonical)) expect(parseJson(canonical).ok).toBe(false);
        else expect(formatCanonical(value(canonical))).toBe(canonical);
      }),
    );
  });
});

test.each([
  ["", "a value", "the end of the text at line 1, column 1"],
  [" \n ", "a value", "the end of the text at line 2, column 2"],
  ["\ufeff{}", "a value", "\\ufeff{} at line 1, column 1"],
  ["\u00a01", "a value", "\\u00a01 at line 1, column 1"],
  ["tru", "a value", "tru at line 1, column 1"],
  ["True", "a value", "True at line 1, column 1"],
  ["NaN", "a value", "NaN at line 1, column 1"],
  ["-Infinity", "a value", "-Infinity at line 1, column 1"],
  ["undefined", "a value", "undefined at line 1, column 1"],
  ["'a'", "a value", "'a' at line 1, column 1"],
  ["+1", "a value", "+1 at line 1, column 1"],
  [".5", "a value", ".5 at line 1, column 1"],
  ["-", "a value", "- at line 1, column 1"],
  ["01", "the end of the text", "1 at line 1, column 2"],
  ["0x10", "the end of the text", "x10 at line 1, column 2"],
  ["1.", "the end of the text", ". at line 1, column 2"],
  ["1e", "the end of the text", "e at line 1, column 2"],
  ["1 2", "the end of the text", "2 at line 1, column 3"],
  ["{} // done", "the end of the text", "// done at line 1, column 4"],
  ["null\u0000", "the end of the text", "\\u0000 at line 1, column 5"],
  ["[", "a value", "the end of the text at line 1, column 2"],
  ["[1,]", "a value", "] at line 1, column 4"],
  ["[,1]", "a value", ",1] at line 1, column 2"],
  ["[1 2]", '"," or "]"', "2] at line 1, column 4"],
  ["[1", '"," or "]"', "the end of the text at line 1, column 3"],
  ["[1}", '"," or "]"', "} at line 1, column 3"],
  ["{", "a name in quotation marks", "the end of the text at line 1, column 2"],
  ["{a:1}", "a name in quotation marks", "a:1} at line 1, column 2"],
  ["{1:1}", "a name in quotation marks", "1:1} at line 1, column 2"],
  ['{"a":1,}', "a name in quotation marks", "} at line 1, column 8"],
  ['{"a" 1}', '":"', "1} at line 1, column 6"],
  ['{"a"}', '":"', "} at line 1, column 5"],
  ['{"a":}', "a value", "} at line 1, column 6"],
  ['{"a":1 "b":2}', '"," or "}"', '"b":2} at line 1, column 8'],
  ['"abc', "a string's end", "the end of the text at line 1, column 5"],
  ['"abc\\"', "a string's end", "the end of the text at line 1, column 7"],
  ['"abc\\', "an escape of JSON", "\\ at line 1, column 5"],
  ['"\\x41"', "an escape of JSON", '\\x41" at line 1, column 2'],
  ['"\\u12g4"', "four hexadecimal digits in an escape", '\\u12g4" at line 1, column 2'],
  ['"\\u12"', "four hexadecimal digits in an escape", '\\u12" at line 1, column 2'],
  ['"\\u+123"', "four hexadecimal digits in an escape", '\\u+123" at line 1, column 2'],
  ['"a\tb"', "control characters escaped", '\\u0009b" at line 1, column 3'],
  ['"a\nb"', "control characters escaped", '\\u000ab" at line 1, column 3'],
])("%j is refused, and the reason names the place", (text, expected, found) => {
  expect(refusal(text)).toEqual({ expected, found });
});

test.each([
  ['{"a":1,"a":1}', '"a":1} at line 1, column 8'],
  ['{"a":1,\n "\\u0061":2}', '"\\u0061":2} at line 2, column 2'],
  ['{"a":{"b":1},"c":[{"b":1,"b":2}]}', '"b":2}]} at line 1, column 26'],
  ['{"__proto__":1,"__proto__":2}', '"__proto__":2} at line 1, column 16'],
  ['{"":null,"":null}', '"":null} at line 1, column 10'],
  ['{"0":1,"0":2}', '"0":2} at line 1, column 8'],
  ['{"\ud83d\ude00":1,"\\ud83d\\ude00":2}', '"\\ud83d\\ude00":2} at line 1, column 9'],
])("a name that stands twice is refused: %s", (text, found) => {
  expect(refusal(text)).toEqual({ expected: TWICE, found });
});

test("the same name may stand in two objects, and names are not folded", () => {
  expect(value('[{"a":1},{"a":{"a":2}}]')).toEqual([{ a: 1 }, { a: { a: 2 } }]);
  expect(Object.keys(value('{"a":1,"A":2,"\\u00e9":3,"e\\u0301":4}') as object)).toHaveLength(4);
});

test.each([
  '"\ud800"',
  '"\udc00"',
  '"a\udc00\ud800b"',
  '"\ud83d \ude00"',
  '"\\ud800"',
  '"\\udfff"',
  '"\\ude00\\ud83d"',
  '"\\ud83d\\ud83d\\ude00"',
  '"\\ud83d\\u0041"',
  '"\\ud83d\\udbff"',
  '"\\ud83d\\ue000"',
  '"\\ud83d\\n"',
  '"\\ud83dude00"',
  '"\\ud83d',
  '{"\\uD800":1}',
  // Half of a pair by its escape, half as it stands: JSON.parse makes one character of it.
  '"\\ud83d\ude00"',
  '"\ud83d\\ude00"',
])("a lone surrogate is refused (%#)", (text) => {
  expect(refusal(text).expected).toBe(LONE);
});

test("a pair of surrogates is one character, either way", () => {
  expect(value('"\ud83d\ude00"')).toBe("😀");
  expect(value('"\\ud83d\\ude00"')).toBe("😀");
  expect(value('"\\uD83D\\uDE00\\uDBFF\\uDFFF\\uD800\\uDC00"')).toBe("😀\u{10ffff}\u{10000}");
  expect(value('"\\ud7ff\\ue000\\uffff\\ufeff"')).toBe("\ud7ff\ue000\uffff\ufeff");
});

test.each([
  "9007199254740992",
  "-9007199254740992",
  "9007199254740993",
  "9007199254740991.9",
  "9.007199254740992e15",
  "123456789012345678901234567890",
  "1e16",
  "1e400",
  "-1e400",
  "1.5e308",
  "9".repeat(50),
])("a number out of range is refused: %s", (text) => {
  expect(refusal(text).expected).toBe(RANGE);
  expect(refusal(`{"a":[1,${text}]}`).expected).toBe(RANGE);
});

test.each([
  ["9007199254740991", 9007199254740991],
  ["-9007199254740991", -9007199254740991],
  ["9.007199254740991E+15", 9007199254740991],
  ["1.0", 1],
  ["1e2", 100],
  ["100e-2", 1],
  ["0.1", 0.1],
  ["-1.5", -1.5],
  ["4503599627370495.5", 4503599627370495.5],
  ["5e-324", 5e-324],
  ["1e-400", 0],
  [`0.${"3".repeat(50)}`, 1 / 3],
])("the number %s is read", (text, number) => {
  expect(value(text)).toBe(number);
});

test.each(["-0", "-0.0", "-0e5", "-1e-400"])("%s is 0, so that no -0 comes in", (text) => {
  expect(Object.is(value(text), 0)).toBe(true);
  expect(value(`[${text}]`)).toEqual([0]);
});

test("32 arrays and objects in each other are read, 33 are refused at once", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(value(nested(32))).toEqual(JSON.parse(nested(32)));
  expect(value(`{"a":${nested(31)},"b":[${nested(30)}]}`)).toBeDefined();
  expect(refusal(nested(33))).toEqual({
    expected: DEEP,
    found: "[]]]]]]]]]]]]]]]]]]]]].. at line 1, column 33",
  });
  expect(refusal(`{"a":${nested(32)}}`).expected).toBe(DEEP);
  expect(refusal('{"a":'.repeat(33)).expected).toBe(DEEP);
  expect(refusal("[".repeat(1_000_000)).expected).toBe(DEEP);
  expect(refusal('[{"a":'.repeat(300_000)).expected).toBe(DEEP);
});

describe("an object is its members and nothing else", () => {
  test("__proto__ is a name like any other, and pollutes nothing", () => {
    const text = '{"__proto__":{"admin":true},"a":1,"constructor":{"prototype":{"admin":true}}}';
    const object = value(text) as { [name: string]: Json };
    expect(Object.keys(object)).toEqual(["__proto__", "a", "constructor"]);
    expect(Object.hasOwn(object, "__proto__")).toBe(true);
    expect(JSON.stringify(object)).toBe(text);
    expect(formatCanonical(object)).toBe(text);
    expect(object["admin"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(JSON.stringify({ ...object })).toBe(text);
  });

  test("a member that is not there is undefined, whatever its name", () => {
    const object = value("{}") as { [name: string]: Json };
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]) {
      expect(object[name], name).toBeUndefined();
      expect(name in object, name).toBe(false);
    }
  });

  test("members keep the order of the text, but for names that are indexes", () => {
    expect(Object.keys(value('{"b":1,"a":2,"":3}') as object)).toEqual(["b", "a", ""]);
    const text = '{"b":1,"10":2,"9":3}';
    expect(Object.keys(value(text) as object)).toEqual(Object.keys(JSON.parse(text) as object));
  });
});

describe("what is said of a hostile text", () => {
  test("is at most 60 characters that any terminal prints", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.array(fc.constantFrom("\u001b[31m", "\u202e", "\u0007", "\n", "\u2028", "[1,", "😀")),
    );
    fc.assert(
      fc.property(hostile, (each) => {
        const parsed = parseJson([each].flat().join(""));
        if (!parsed.ok) expect(parsed.found).toMatch(/^[ -~]{1,60}$/);
        if (!parsed.ok) expect(parsed.expected).toMatch(/^[ -~]{1,60}$/);
      }),
      { numRuns: 2000 },
    );
  });

  test("names the line and the column, also far behind", () => {
    const far = `[${"\n1,".repeat(200_000)}\n   ?${"\u0000".repeat(100)}`;
    expect(refusal(far).found).toBe("?\\u0000\\u0000\\u0000.. at line 200002, column 4");
    const wide = `[${"1,".repeat(500_000)}${"x".repeat(1000)}`;
    expect(refusal(wide).found).toBe(`${"x".repeat(22)}.. at line 1, column 1000002`);
  });

  test("shows what cannot be printed by its number", () => {
    expect(refusal("\u001b[2J").found).toBe("\\u001b[2J at line 1, column 1");
    expect(refusal("[1,\u202e\u00e9\u007f]").found).toBe(
      "\\u202e\\u00e9\\u007f] at line 1, column 4",
    );
  });
});

test("much of any one thing is read in one pass", () => {
  const many = 300_000;
  const row = (each: string): string => `[${Array.from({ length: many }, () => each).join(",")}]`;
  for (const text of [
    row('"a"'),
    row("-1.5"),
    row("[]"),
    row('{"a":0}'),
    `"${"a".repeat(many)}"`,
    `"${"\\n".repeat(many)}"`,
    `"${"\\ud83d\\ude00".repeat(many)}"`,
    `"${"é".repeat(many)}"`,
    `[${" ".repeat(many)}]`,
    `{${Array.from({ length: many }, (_, i) => `"k${i}":${i}`).join(",")}}`,
    `{${Array.from({ length: many }, (_, i) => `"${many - i}":${i}`).join(",")}}`,
    `0.${"1".repeat(many)}`,
  ]) {
    expect(JSON.stringify(value(text)) === JSON.stringify(JSON.parse(text))).toBe(true);
  }
});
