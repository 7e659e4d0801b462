import { createHash, createPublicKey, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import { parseJson } from "../../src/bytes/json.js";
import { formatOlpc } from "../../src/bytes/olpc.js";
import { vectors } from "../vectors.js";

test.each<[Json, string]>([
  [null, "null"],
  [true, "true"],
  [false, "false"],
  [0, "0"],
  [-1, "-1"],
  [9007199254740991, "9007199254740991"],
  [-9007199254740991, "-9007199254740991"],
  ["", '""'],
  ['a"b', '"a\\"b"'],
  ["a\\b", '"a\\\\b"'],
  ['\\"', '"\\\\\\""'],
  ["$&", '"$&"'],
  ["a/b", '"a/b"'],
  ["\u0000\b\t\n\r\u001f\u007f", '"\u0000\b\t\n\r\u001f\u007f"'],
  ["-----BEGIN PUBLIC KEY-----\nMFk=\n", '"-----BEGIN PUBLIC KEY-----\nMFk=\n"'],
  ["é\u20ac😀\u2028", '"é\u20ac😀\u2028"'],
  ["\\u0041", '"\\\\u0041"'],
  [[], "[]"],
  [{}, "{}"],
  [[[], {}, [null]], "[[],{},[null]]"],
  [[1, "a", true], '[1,"a",true]'],
  [{ b: 1, a: [2, { d: 3, c: 4 }] }, '{"a":[2,{"c":4,"d":3}],"b":1}'],
  [{ B: 1, a: 2, "": 3, _: 4, "10": 5, "9": 6 }, '{"":3,"10":5,"9":6,"B":1,"_":4,"a":2}'],
  [{ "a\nb": 1, 'a"': 2, "a\\": 3 }, '{"a\nb":1,"a\\"":2,"a\\\\":3}'],
])("%j is written as the OLPC wiki says", (value, text) => {
  expect(formatOlpc(value)).toBe(text);
});

describe("names are in the order of code points", () => {
  test("so that a character of two units stands behind every character of one", () => {
    const value = { "😀": 1, "\ufb33": 2, "\uffff": 3, "\ud7ff": 4, "\ue000": 5, "\u{10000}": 6 };
    expect(formatOlpc(value)).toBe(
      '{"\ud7ff":4,"\ue000":5,"\ufb33":2,"\uffff":3,"\u{10000}":6,"😀":1}',
    );
    expect(formatCanonical(value)).not.toBe(formatOlpc(value));
  });

  test("also where they differ late, or one begins the other", () => {
    const value = { "a😀b": 1, "a\uffff": 2, a: 3, "a😀": 4, "a😁": 5, "a😀\uffff": 6, "a😀😀": 7 };
    expect(formatOlpc(value)).toBe(
      '{"a":3,"a\uffff":2,"a😀":4,"a😀b":1,"a😀\uffff":6,"a😀😀":7,"a😁":5}',
    );
  });

  test("which is that of their UTF-8 bytes", () => {
    const unit = fc.constantFrom(
      "a",
      "b",
      "\u007f",
      "\u0080",
      "\ud7ff",
      "\ue000",
      "\uffff",
      "😀",
      "𐀀",
    );
    const name = fc.oneof(
      fc.string({ unit, maxLength: 5 }),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), (names) => {
        const value = Object.fromEntries(names.map((each) => [each, 0])) as Json;
        const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        const members = sorted.map((each) => `${formatOlpc(each)}:0`);
        expect(formatOlpc(value)).toBe(`{${members.join(",")}}`);
      }),
      { numRuns: 2000 },
    );
  });
});

const integers = fc.oneof(
  fc.maxSafeInteger().map((each) => each + 0),
  fc.integer(),
);
const tree = (string: fc.Arbitrary<string>): fc.Arbitrary<Json> =>
  fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      integers,
      string,
      fc.array(tie("json"), { maxLength: 5 }),
      fc.dictionary(string, tie("json"), { maxKeys: 6 }),
    ),
  })).json;

test("where strings are printable ASCII and numbers are integers it is RFC 8785", () => {
  const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 8 });
  fc.assert(
    fc.property(tree(ascii), (value) => {
      expect(formatOlpc(value)).toBe(formatCanonical(value));
    }),
  );
});

test("with its control characters escaped the text is JSON of the same value", () => {
  fc.assert(
    fc.property(tree(fc.string({ unit: "binary", maxLength: 8 })), (value) => {
      const text = formatOlpc(value);
      const escaped = text.replace(
        /\p{Cc}/gu,
        (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
      const parsed = parseJson(escaped);
      if (!parsed.ok) expect.fail(`expected ${parsed.expected}, found ${parsed.found}`);
      expect(formatCanonical(parsed.value)).toBe(formatCanonical(value));
      expect(formatOlpc(parsed.value)).toBe(text);
    }),
  );
});

test.each([0.5, -0, 1e-7, 2 ** 53, -(2 ** 53), 1e21, Number.NaN, Infinity, -Infinity])(
  "the number %d has no place in it, at any depth",
  (value) => {
    expect(() => formatOlpc(value)).toThrow(RangeError);
    expect(() => formatOlpc([1, [value]])).toThrow(RangeError);
    expect(() => formatOlpc({ a: { b: value } })).toThrow(RangeError);
  },
);

test.each(["\ud800", "\udfff", "a\udc00b", "\ude00\ud83d"])(
  "a lone surrogate has no place in it, in a value or a name (%#)",
  (text) => {
    expect(() => formatOlpc(text)).toThrow(TypeError);
    expect(() => formatOlpc([{ a: text }])).toThrow(TypeError);
    expect(() => formatOlpc({ [text]: 1, "\uffff": 2 })).toThrow(TypeError);
  },
);

test("what JSON cannot hold has no place in it, at any depth", () => {
  const holed: Json[] = [1, 2, 3];
  delete holed[1];
  for (const value of [undefined, 1n, () => 1, Symbol("a"), holed]) {
    for (const each of [value, [value], { a: value }, { a: [{ b: value }] }]) {
      expect(() => formatOlpc(each as Json)).toThrow(TypeError);
    }
  }
});

test("__proto__ is a name like any other, and what is inherited is left out", () => {
  const parsed = parseJson('{"a":1,"__proto__":{"b":2}}');
  expect(parsed.ok && formatOlpc(parsed.value)).toBe('{"__proto__":{"b":2},"a":1}');
  const inherited = Object.create({ hidden: 1 }) as { [name: string]: Json };
  inherited["own"] = 2;
  expect(formatOlpc(inherited)).toBe('{"own":2}');
});

interface Root {
  readonly signed: {
    readonly version: number;
    readonly keys: {
      readonly [id: string]: Json & { readonly keyval: { readonly public: string } };
    };
    readonly roles: { readonly root: { readonly keyids: readonly string[] } };
  };
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

describe.skipIf(!vectors.present)("the roots of Sigstore", () => {
  const versions = Array.from({ length: 15 }, (_, i) => i + 1);
  const read = (version: number): Root => {
    const parsed = parseJson(
      vectors.text("tuf-root-signing", "metadata", "root_history", `${version}.root.json`),
    );
    if (!parsed.ok) throw new Error(parsed.found);
    return parsed.value as unknown as Root;
  };

  // PEM keys, so line feeds in strings, are in them from root 5 on; points in hex before.
  test.each(versions)("root %d: key ids are SHA-256 of their keys, but for one in root 11", (n) => {
    const { keys } = read(n).signed;
    const others = Object.entries(keys).filter(
      ([id, key]) => createHash("sha256").update(formatOlpc(key)).digest("hex") !== id,
    );
    expect(Object.keys(keys).length).toBeGreaterThanOrEqual(5);
    expect(others.map(([id]) => id.slice(0, 8))).toEqual(n === 11 ? ["7247f0db"] : []);
  });

  test.each(versions.slice(4))("root %d: its signatures are over this text", (n) => {
    const { signed, signatures } = read(n);
    const text = Buffer.from(formatOlpc(signed as unknown as Json));
    const held = signatures.filter(({ keyid, sig }) => {
      const key = signed.keys[keyid];
      if (!key || sig === "" || !signed.roles.root.keyids.includes(keyid)) return false;
      return verify("sha256", text, createPublicKey(key.keyval.public), Buffer.from(sig, "hex"));
    });
    expect(held.length).toBeGreaterThanOrEqual(3);
    // RFC 8785 escapes the line feeds, and so none of them holds over it.
    const other = Buffer.from(formatCanonical(signed as unknown as Json));
    for (const { keyid, sig } of held) {
      const key = createPublicKey(signed.keys[keyid]!.keyval.public);
      expect(verify("sha256", other, key, Buffer.from(sig, "hex"))).toBe(false);
    }
  });
});
