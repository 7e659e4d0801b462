import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Statement } from "../../src/attestation/statement.js";
import {
  formatStatement,
  INTOTO_PAYLOAD_TYPE,
  parseStatement,
  STATEMENT_TYPE,
} from "../../src/attestation/statement.js";
import { bytes, text } from "./keys.js";

const sha256 = "ab".repeat(32);
const whole = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "a", digest: { sha256 } }],
  predicateType: "https://example.com/v1",
  predicate: { n: 1 },
};
const but = (change: object): Uint8Array => bytes(JSON.stringify({ ...whole, ...change }));
const subject = (change: object): Uint8Array =>
  but({ subject: [{ ...whole.subject[0], ...change }] });

test("the types are those of the specification", () => {
  expect(STATEMENT_TYPE).toBe("https://in-toto.io/Statement/v1");
  expect(INTOTO_PAYLOAD_TYPE).toBe("application/vnd.in-toto+json");
});

describe("reading", () => {
  test("a statement as the specification shows it", () => {
    const read = parseStatement(but({}));
    expect(read).toMatchObject({
      ok: true,
      value: {
        subject: [{ name: "a", digest: { sha256 } }],
        predicateType: "https://example.com/v1",
        predicate: { n: 1 },
        json: whole,
      },
    });
  });

  test("members that in-toto does not know are ignored, and stand in json", () => {
    const extended = {
      ...whole,
      subject: [{ ...whole.subject[0], uri: "pkg:x", annotations: { a: [null] } }],
      more: true,
    };
    const read = parseStatement(bytes(JSON.stringify(extended)));
    if (!read.ok) throw new Error(read.expected);
    expect(Object.keys(read.value)).toEqual(["subject", "predicateType", "predicate", "json"]);
    expect(read.value.subject).toEqual([{ name: "a", digest: { sha256 } }]);
    expect(read.value.json).toMatchObject(extended);
  });

  test("no predicate is the empty one, and a subject needs no name", () => {
    const read = parseStatement(but({ predicate: undefined, subject: [{ digest: { sha256 } }] }));
    if (!read.ok) throw new Error(read.expected);
    expect(Object.keys(read.value.predicate)).toEqual([]);
    expect(Object.hasOwn(read.value.subject[0] ?? {}, "name")).toBe(false);
  });

  test("all that is read is frozen, to the last array", () => {
    const read = parseStatement(but({ predicate: { a: [{ b: [1] }] }, more: { c: {} } }));
    if (!read.ok) throw new Error(read.expected);
    const walk = (value: unknown): number => {
      if (typeof value !== "object" || value === null) return 0;
      expect(Object.isFrozen(value)).toBe(true);
      return Object.values(value).reduce((sum: number, each) => sum + walk(each), 1);
    };
    expect(walk(read.value)).toBeGreaterThan(15);
    const empty = parseStatement(but({ predicate: undefined }));
    if (!empty.ok) throw new Error(empty.expected);
    expect(walk(empty.value)).toBeGreaterThan(5);
    expect(() => (read.value.subject as unknown[]).push(1)).toThrow(TypeError);
  });

  test("names of the language are names like any other", () => {
    const digest = `{"__proto__":"ab","constructor":"cd"}`;
    const read = parseStatement(
      bytes(JSON.stringify(whole).replace(/"digest":\{[^}]*\}/, `"digest":${digest}`)),
    );
    if (!read.ok) throw new Error(read.expected);
    const [first] = read.value.subject;
    expect(Object.entries(first?.digest ?? {})).toEqual([
      ["__proto__", "ab"],
      ["constructor", "cd"],
    ]);
    expect(Object.getPrototypeOf(first?.digest)).toBeNull();
    expect(Object.getPrototypeOf(read.value.predicate)).toBeNull();
  });

  test.each([
    ["nothing", bytes("")],
    ["no UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d)],
    ["an array", bytes(`[${JSON.stringify(whole)}]`)],
    ["a member twice", bytes(`{"predicate":{},${JSON.stringify(whole).slice(1)}`)],
    ["a number beyond 2^53 - 1", but({ predicate: { n: 2 ** 53 } })],
    [
      "a predicate too deep",
      bytes(JSON.stringify(whole).replace("1}", `${"[".repeat(31)}${"]".repeat(31)}}`)),
    ],
    ["no type", but({ _type: undefined })],
    ["the type of version 0.1", but({ _type: "https://in-toto.io/Statement/v0.1" })],
    ["the type with a slash", but({ _type: "https://in-toto.io/Statement/v1/" })],
    ["no subject", but({ subject: undefined })],
    ["none of the subjects", but({ subject: [] })],
    ["a subject that is no array", but({ subject: { 0: whole.subject[0], length: 1 } })],
    ["a subject that is text", but({ subject: ["a"] })],
    ["a bad subject behind a good one", but({ subject: [whole.subject[0], null] })],
    ["a subject's name that is a number", subject({ name: 1 })],
    ["a subject's name of null", subject({ name: null })],
    ["a subject without digest", subject({ digest: undefined })],
    ["a subject without digests", subject({ digest: {} })],
    ["digests in an array", subject({ digest: [sha256] })],
    ["a digest that is a number", subject({ digest: { sha256: 12 } })],
    ["an empty digest", subject({ digest: { sha256: "" } })],
    ["a digest of odd length", subject({ digest: { sha256: "abc" } })],
    ["a digest in capitals", subject({ digest: { sha256: "AB" } })],
    ["a digest in base64", subject({ digest: { sha256: "q83v" } })],
    ["a digest with a newline", subject({ digest: { sha256: "ab\n" } })],
    ["a digest of 258 digits", subject({ digest: { x: "ab".repeat(129) } })],
    ["a bad digest behind a good one", subject({ digest: { sha256, sha512: "x" } })],
    ["an algorithm without a name", subject({ digest: { "": "ab" } })],
    ["an algorithm with a hyphen", subject({ digest: { "sha3-512": "ab" } })],
    ["an algorithm's name of 33 characters", subject({ digest: { [`a${"b".repeat(32)}`]: "ab" } })],
    ["an algorithm with a newline", subject({ digest: { "sha256\n": "ab" } })],
    ["no predicateType", but({ predicateType: undefined })],
    ["an empty predicateType", but({ predicateType: "" })],
    ["a predicateType that is an object", but({ predicateType: {} })],
    ["a predicate that is an array", but({ predicate: [] })],
    ["a predicate of null", but({ predicate: null })],
    ["a predicate that is text", but({ predicate: "x" })],
  ])("%s is MALFORMED", (_, payload) => {
    expect(parseStatement(payload)).toMatchObject({ ok: false, code: "MALFORMED" });
  });

  test("caps: each at its limit and one above", () => {
    const subjects = (count: number) => but({ subject: Array(count).fill(whole.subject[0]) });
    const digests = (count: number) =>
      subject({
        digest: Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, "ab"])),
      });
    const padded = (length: number) => bytes(JSON.stringify(whole).padEnd(length));
    const limits: [Uint8Array, Uint8Array][] = [
      [subjects(1024), subjects(1025)],
      [digests(32), digests(33)],
      [subject({ name: "n".repeat(4096) }), subject({ name: "n".repeat(4097) })],
      [but({ predicateType: "n".repeat(4096) }), but({ predicateType: "n".repeat(4097) })],
      [padded(1 << 20), padded((1 << 20) + 1)],
    ];
    for (const [at, above] of limits) {
      expect(parseStatement(at).ok).toBe(true);
      expect(parseStatement(above)).toMatchObject({ ok: false, code: "TOO_LARGE" });
    }
    expect(parseStatement(subject({ digest: { x: "ab".repeat(128) } })).ok).toBe(true);
  });

  test("never throws, whatever the JSON", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(whole)), fc.jsonValue()), (some) => {
        expect(typeof parseStatement(but(some)).ok).toBe("boolean");
        const [first] = whole.subject;
        const read = parseStatement(but({ subject: [{ ...first, ...some }] }));
        expect(typeof read.ok).toBe("boolean");
      }),
      { numRuns: 500 },
    );
  });
});

describe("writing", () => {
  test("canonical JSON, member by member", () => {
    const payload = formatStatement({
      subject: [
        { name: "a", digest: { sha512: "cd", sha256: "ab" } },
        { digest: { sha256: "ef" } },
      ],
      predicateType: "urn:x",
      predicate: { b: 1, a: "é" },
    });
    expect(text(payload)).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":"é","b":1},"predicateType":"urn:x",` +
        `"subject":[{"digest":{"sha256":"ab","sha512":"cd"},"name":"a"},{"digest":{"sha256":"ef"}}]}`,
    );
  });

  test("what is read back is what was written, and is written alike", () => {
    const hex = fc
      .uint8Array({ minLength: 1, maxLength: 128 })
      .map((each) => Buffer.from(each).toString("hex"));
    const each = fc.record(
      {
        name: fc.string({ unit: "grapheme" }),
        digest: fc.dictionary(fc.stringMatching(/^[A-Za-z0-9_]{1,32}$/), hex, { minKeys: 1 }),
      },
      { requiredKeys: ["digest"] },
    );
    const statement = fc.record({
      subject: fc.array(each, { minLength: 1, maxLength: 3 }),
      predicateType: fc.string({ minLength: 1, unit: "grapheme" }),
      predicate: fc.dictionary(fc.string({ unit: "grapheme" }), fc.integer()),
    });
    fc.assert(
      fc.property(statement, (one) => {
        const payload = formatStatement(one);
        const read = parseStatement(payload);
        if (!read.ok) throw new Error(read.expected);
        expect(JSON.parse(JSON.stringify(read.value.subject))).toEqual(
          JSON.parse(JSON.stringify(one.subject)),
        );
        expect(formatStatement(read.value)).toEqual(payload);
      }),
    );
  });

  test("what would not be read is not written", () => {
    const good: Statement = {
      subject: [{ digest: { sha256 } }],
      predicateType: "urn:x",
      predicate: {},
    };
    const bad: Partial<Statement>[] = [
      { subject: [] },
      { subject: [{ digest: {} }] },
      { subject: [{ digest: { sha256: "AB" } }] },
      { predicateType: "" },
      { predicate: [] },
      { predicate: { n: 2 ** 53 } },
      { predicate: { text: "\ud800" } },
    ];
    for (const change of bad)
      expect(() => formatStatement({ ...good, ...change })).toThrow(TypeError);
  });
});
