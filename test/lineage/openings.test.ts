import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/bytes/canonical.js";
import { parseJson } from "../../src/bytes/json.js";
import type { JsonObject } from "../../src/bytes/json-kind.js";
import { formatEntry } from "../../src/lineage/entry.js";
import type { Opening } from "../../src/lineage/openings.js";
import {
  checkOpening,
  digestArguments,
  formatOpenings,
  parseOpenings,
} from "../../src/lineage/openings.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";

/** Salts of one byte that counts up. */
const counting = () => {
  let at = 0;
  return (): Uint8Array => new Uint8Array(32).fill(++at);
};

/** Values as they are read: what strict JSON does not hold, no request holds. */
const readable = <T>(values: fc.Arbitrary<T>) =>
  values
    .map((value) => parseJson(JSON.stringify(value)))
    .filter((parsed) => parsed.ok)
    .map((parsed) => (parsed as { readonly value: Json }).value);
const json = readable(fc.jsonValue({ maxDepth: 3 }));
const names = fc.string({ unit: "grapheme", maxLength: 20 });
const object = readable(
  fc.dictionary(names, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 12 }),
) as fc.Arbitrary<JsonObject>;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("F45: a salted digest", () => {
  test("is SHA-256 over the canonical JSON of name, salt and value", () => {
    const input: JsonObject = { to: "alice", amount: 12, resource: { type: "account", id: "7" } };
    const { digests, openings } = must(digestArguments(kernel, input, counting()));
    const expected = [
      `{"name":"amount","salt":"${"01".repeat(32)}","value":12}`,
      `{"name":"resource","salt":"${"02".repeat(32)}","value":{"id":"7","type":"account"}}`,
      `{"name":"to","salt":"${"03".repeat(32)}","value":"alice"}`,
    ];
    expect(text(formatOpenings(openings))).toBe(expected.map((line) => `${line}\n`).join(""));
    expect(digests).toEqual(
      ["amount", "resource", "to"].map((each, i) => ({
        name: each,
        sha256: createHash("sha256")
          .update(expected[i] as string)
          .digest("hex"),
      })),
    );
  });

  test("tells nothing of equal values in two requests, and opens to its own value alone", () => {
    let salt = 0;
    const salts = (): Uint8Array => new Uint8Array(32).fill(++salt % 251);
    fc.assert(
      fc.property(object, json, (input, other) => {
        const one = must(digestArguments(kernel, input, salts));
        const two = must(digestArguments(kernel, input, salts));
        for (const [i, digest] of one.digests.entries()) {
          const opening = one.openings[i] as Opening;
          expect(digest.sha256).not.toBe(two.digests[i]?.sha256);
          expect(checkOpening(kernel, digest, opening).ok).toBe(true);
          const value = JSON.stringify(other) === JSON.stringify(opening.value) ? "x y z" : other;
          const changes: Partial<Opening>[] = [
            { value: value as never },
            { salt: (two.openings[i] as Opening).salt },
            { name: `${opening.name}.` },
          ];
          for (const change of changes) {
            const answer = checkOpening(kernel, digest, { ...opening, ...change });
            expect(answer).toMatchObject({ ok: false, code: "DIGEST" });
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test("has a salt of 32 bytes", () => {
    for (const length of [0, 31, 33]) {
      const short = (): Uint8Array => new Uint8Array(length);
      expect(() => digestArguments(kernel, { a: 1 }, short)).toThrow(TypeError);
    }
  });
});

describe("what an entry holds", () => {
  const many = (count: number, of: (i: number) => string): JsonObject =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [of(i), i]));
  const size = (input: JsonObject) => {
    const digested = digestArguments(kernel, input, counting());
    if (!digested.ok) return digested.code;
    const entry = formatEntry({
      kind: "admission",
      run: "0".repeat(32),
      state: "authorized",
      authorization: "0".repeat(64),
      chain: "0".repeat(64),
      issuer: { domain: "a.example", key: "0".repeat(64) },
      principal: { id: `agent:${"x".repeat(512)}`, key: "0".repeat(64) },
      command: "/pay",
      arguments: digested.value.digests,
      parents: Array.from({ length: 16 }, () => ({
        origin: "o".repeat(255),
        index: Number.MAX_SAFE_INTEGER,
        leaf: "0".repeat(64),
      })),
      prev: "0".repeat(64),
      time: "2026-06-01T12:00:00.000Z",
    });
    return entry.ok ? "fits" : entry.code;
  };

  test("is at most 256 arguments, with names of 1,024 characters and 32 KiB together", () => {
    expect(size(many(256, (i) => `a${i}`))).toBe("fits");
    expect(size(many(257, (i) => `a${i}`))).toBe("TOO_LARGE");
    expect(size(many(1, () => "n".repeat(1024)))).toBe("fits");
    expect(size(many(1, () => "n".repeat(1025)))).toBe("TOO_LARGE");
    // With their quotation marks, 128 bytes each.
    const name126 = (i: number): string => String(i).padEnd(126, "n");
    expect(size(many(256, name126))).toBe("fits");
    expect(size(many(256, (i) => (i === 7 ? `${name126(i)}n` : name126(i))))).toBe("TOO_LARGE");
  });

  test("counts names as they are written, with what JSON escapes of them", () => {
    const control = (i: number): string => `${i}`.padEnd(126, "\u0001");
    expect(size(many(60, control))).toBe("TOO_LARGE");
    expect(size(many(40, control))).toBe("fits");
  });
});

describe("a file of openings", () => {
  const salts = counting();

  test("is read as it was written", () => {
    fc.assert(
      fc.property(object, (input) => {
        const { openings } = must(digestArguments(kernel, input, counting()));
        const file = formatOpenings(openings);
        const read = must(parseOpenings(file));
        expect(text(formatOpenings(read))).toBe(text(file));
        expect(read).toHaveLength(openings.length);
      }),
    );
    expect(must(parseOpenings(new Uint8Array()))).toEqual([]);
  });

  test("is refused at every cut and in any other form", () => {
    const { openings } = must(digestArguments(kernel, { a: 1, b: [true, "ü"] }, salts));
    const file = formatOpenings(openings);
    const ends = [...file.keys()].filter((i) => file[i] === 0x0a).map((i) => i + 1);
    for (let cut = 1; cut < file.length; cut++) {
      const answer = parseOpenings(file.subarray(0, cut));
      expect(answer.ok, `${cut}`).toBe(ends.includes(cut));
    }
    const [line] = text(file).split("\n") as [string];
    for (const bad of [
      line.replace(/,/g, ", "),
      line.replace(/"name":"a",(.*),"value":1/, '$1,"name":"a","value":1'),
      line.replace(/"value":1/, '"value":1.0'),
      line.replace(/"value":1/, '"value":1,"more":1'),
      line.replace(/,"value":1/, ""),
      line.replace(/"salt":"0/, '"salt":"'),
      "[1]",
      "null",
      "",
      "\ufeff{}",
    ]) {
      const answer = parseOpenings(new TextEncoder().encode(`${bad}\n`));
      expect(answer, bad).toMatchObject({ ok: false, code: "MALFORMED" });
    }
    const long = new Uint8Array((2 << 20) + 1).fill(0x20);
    expect(parseOpenings(long)).toMatchObject({ ok: false, code: "TOO_LARGE" });
  });
});
