/** Entries as bytes: one form of each, and nothing else is an entry. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import { equalBytes } from "../../src/bytes/concat.js";
import { decodeUtf8, encodeUtf8 } from "../../src/bytes/utf8.js";
import type { Entry } from "../../src/lineage/entry.js";
import { entrySchemas, formatEntry, parseEntry, timeOf } from "../../src/lineage/entry.js";
import { MAX_ENTRY_BYTES } from "../../src/tlog/tile.js";
import { SEED } from "../authorization/random.js";
import { anyEntry } from "./any-entry.js";
import { ALL, EXAMPLES } from "./entry-examples.js";

function bytesOf(entry: Entry): Uint8Array {
  const bytes = formatEntry(entry);
  if (!bytes.ok) throw new Error(`${bytes.code}: ${bytes.found}`);
  return bytes.value;
}

const textOf = (entry: Entry): string => decodeUtf8(bytesOf(entry)) as string;
const parseText = (text: string) => parseEntry(encodeUtf8(text));
const parseJsonOf = (value: unknown) => parseText(formatCanonical(value as Json));

/** Bytes are no entry, or the one entry that has them. */
function expectOneForm(bytes: Uint8Array): void {
  const parsed = parseEntry(bytes);
  if (parsed.ok && !equalBytes(bytesOf(parsed.value), bytes)) expect.fail(`${decodeUtf8(bytes)}`);
}

const named = ALL.map((entry, i) => [`${entry.kind}, example ${i}`, entry] as const);

test("there is an example of every kind", () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual(Object.keys(entrySchemas).sort());
  for (const [kind, examples] of Object.entries(EXAMPLES)) {
    expect(new Set(examples.map((each) => each.kind))).toEqual(new Set([kind]));
  }
});

test("the bytes are canonical JSON", () => {
  const [, gate] = EXAMPLES.heartbeat as [Entry, Entry];
  expect(textOf(gate)).toBe(
    `{"kind":"heartbeat","prev":"${"ab".repeat(32)}","run":null,"state":"open","time":"2026-06-01T12:00:00.5Z"}`,
  );
  expect(timeOf(gate)).toBe(Date.UTC(2026, 5, 1, 12, 0, 0, 500));
});

describe.each(named)("%s", (_, entry) => {
  const text = textOf(entry);
  const bytes = bytesOf(entry);

  test("comes back as it was", () => {
    expect(parseEntry(bytes)).toEqual({ ok: true, value: entry });
  });

  test("is another, or none, with any bit flipped", () => {
    for (let i = 0; i < bytes.length; i++) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        expectOneForm(bytes.with(i, (bytes[i] as number) ^ bit));
      }
    }
  });

  test("is another, or none, with a byte less or a byte twice, and none cut short", () => {
    for (let i = 0; i < bytes.length; i++) {
      expectOneForm(Uint8Array.of(...bytes.subarray(0, i), ...bytes.subarray(i + 1)));
      expectOneForm(Uint8Array.of(...bytes.subarray(0, i + 1), ...bytes.subarray(i)));
      expect(parseEntry(bytes.subarray(0, i))).toMatchObject({ ok: false, code: "MALFORMED" });
    }
  });

  test("has no other form", () => {
    const forms = [...otherForms(text)];
    expect(forms.length).toBeGreaterThan(100);
    for (const form of forms) {
      expect(JSON.parse(form), form).toEqual(JSON.parse(text));
      expect(parseText(form), form).toMatchObject({ ok: false, code: "MALFORMED" });
    }
    // With a mark in front, or a name twice, it is no JSON to begin with.
    for (const form of [
      `\ufeff${text}`,
      `{"kind":"${entry.kind}",${text.slice(1)}`,
      `${text}${text}`,
    ]) {
      expect(parseText(form), form).toMatchObject({ ok: false, code: "MALFORMED" });
    }
  });

  test("is none with a member more at any depth, or of another type, or without one it needs", () => {
    for (const [path, other] of misshapen(entry)) {
      expect(parseJsonOf(other), path).toMatchObject({ ok: false, code: "MALFORMED" });
      expect(() => formatEntry(other as Entry), path).toThrow(TypeError);
    }
  });
});

/** The same value in other JSON, one change at a time. */
function* otherForms(text: string): Generator<string> {
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+|null|[{}[\],:]/g)) {
    const [before, after] = [text.slice(0, index), text.slice(index + token.length)];
    for (const space of [" ", "\n", "\r", "\t"]) yield `${before}${token}${space}${after}`;
    if (/\d/.test(token[0] as string)) {
      const last = token === "0" ? "e9" : "0e-1";
      for (const tail of [".0", "e0", "E+0", last]) yield `${before}${token}${tail}${after}`;
    }
    if (token.startsWith('"')) yield* escaped(token, before, after);
  }
  yield `${JSON.stringify(reversed(JSON.parse(text)))}`;
  for (const space of [" ", "\n", "\r\n", "\t"]) yield space + text;
}

/** A string with each of its characters as an escape that it does not need. */
function* escaped(token: string, before: string, after: string): Generator<string> {
  for (let i = 1; i < token.length - 1; i++) {
    const unit = token.charAt(i);
    if (unit === "\\") {
      i += 1;
      const long = `\\u${token.charCodeAt(i).toString(16).padStart(4, "0")}`;
      yield before + token.slice(0, i - 1) + long + token.slice(i + 1) + after;
      continue;
    }
    // A half of a pair has no escape beside a half that stands as it is.
    const length = /[\ud800-\udbff]/.test(unit) ? 2 : 1;
    const units = token.slice(i, i + length).split("");
    const long = units.map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
    yield before + token.slice(0, i) + long.join("") + token.slice(i + length) + after;
    if (unit === "/") yield `${before}${token.slice(0, i)}\\/${token.slice(i + 1)}${after}`;
    i += length - 1;
  }
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).reverse();
  return Object.fromEntries(members.map(([name, each]) => [name, reversed(each)]));
}

/** What may be absent: sets of an isolation, and any algorithm of a digest set. */
const OPTIONAL = /^isolation\.(?:read|write|net|run)$|^artifacts\.[0-9]+\.\w+$/;

/** Every copy of a value that is wrong in one place, and the place. */
function* misshapen(value: unknown, path = ""): Generator<[string, unknown]> {
  const below = (name: string | number): string => (path === "" ? `${name}` : `${path}.${name}`);
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      for (const [at, other] of misshapen(item, below(i))) yield [at, value.with(i, other)];
      yield [below(i), value.with(i, null)];
    }
    return;
  }
  for (const name of ["more", "toString", "run ", "Kind"]) {
    yield [below(`+${name}`), { ...value, [name]: 1 }];
  }
  for (const [name, member] of Object.entries(value)) {
    for (const [at, other] of misshapen(member, below(name))) {
      yield [at, { ...value, [name]: other }];
    }
    for (const wrong of [true, 0.5, {}, [[]], "", "\n", -1, Number.MAX_SAFE_INTEGER + 1]) {
      if (name === "age" && wrong === -1) continue;
      if (["name", "counter"].includes(name) && typeof wrong === "string") continue;
      if (name === "payload" && wrong === "") continue;
      if (name === "sig" && wrong === "") continue;
      yield [`${below(name)} = ${JSON.stringify(wrong)}`, { ...value, [name]: wrong }];
    }
    if (OPTIONAL.test(below(name))) continue;
    const { [name]: _, ...rest } = value as { readonly [name: string]: unknown };
    yield [below(`-${name}`), rest];
  }
}

describe("what is not an entry", () => {
  const [entry] = EXAMPLES.heartbeat as [Entry];

  test.each(["other", "Heartbeat", "heartbeat ", "", "toString", "__proto__", null, 1, ["start"]])(
    "of kind %j",
    (kind) => {
      const refused = parseJsonOf({ ...entry, kind });
      expect(refused).toMatchObject({ ok: false, code: "MALFORMED" });
      expect(() => formatEntry({ ...entry, kind } as Entry)).toThrow(TypeError);
    },
  );

  test("of one kind with the members of another", () => {
    for (const one of ALL) {
      for (const { kind } of ALL) {
        if (kind === one.kind) continue;
        expect(parseJsonOf({ ...one, kind }), `${one.kind} as ${kind}`).toMatchObject({
          ok: false,
          code: "MALFORMED",
        });
      }
    }
  });

  test.each(["", "null", "[]", "{}", "1", '"start"', "{", "[{}]"])("%s", (text) => {
    expect(parseText(text)).toMatchObject({ ok: false, code: "MALFORMED" });
  });

  test("with a time that is none, or a chain that is none", () => {
    for (const time of ["2026-06-01", "2026-02-30T12:00:00Z", "2026-06-01 12:00:00Z", "now"]) {
      expect(parseJsonOf({ ...entry, time })).toMatchObject({ ok: false, code: "MALFORMED" });
    }
    for (const prev of ["ab".repeat(31), "AB".repeat(32), `${"ab".repeat(32)}\n`]) {
      expect(parseJsonOf({ ...entry, prev })).toMatchObject({ ok: false, code: "MALFORMED" });
    }
  });

  test("says where it is wrong", () => {
    const [, gate] = EXAMPLES.start as [Entry, Entry];
    expect(parseJsonOf({ ...gate, gate: { origin: "a b", key: "" } })).toMatchObject({
      expected: expect.stringContaining('"gate.origin"'),
    });
  });

  // valibot's record passes over these names: they would stand in the bytes, and not in the value.
  test.each(["constructor", "prototype", "__proto__"])("with a digest named %s", (name) => {
    const [, measurement] = EXAMPLES.measurement as [Entry, Entry];
    const artifacts = [JSON.parse(`{"${name}":"ab"}`)];
    expect(parseJsonOf({ ...measurement, artifacts })).toMatchObject({
      ok: false,
      code: "MALFORMED",
    });
  });
});

describe("an entry has at most 65,535 bytes", () => {
  const [, base] = EXAMPLES.admission as [Entry, Entry];

  /** An admission of this length, its arguments' names of these characters. */
  function admission(length: number, character: string): Entry {
    const argument = (name: string) => ({ name, sha256: "00".repeat(32) });
    const list = Array.from({ length: 256 }, () => argument(""));
    const empty = encodeUtf8(formatCanonical({ ...base, arguments: list } as never)).length;
    let rest = length - empty;
    const width = encodeUtf8(character).length;
    const filled = list.map(() => {
      const count = Math.min(200, Math.floor(rest / width));
      rest -= count * width;
      return argument(character.repeat(count));
    });
    const last = filled.pop() as { readonly name: string };
    return { ...base, arguments: [...filled, argument(last.name + "a".repeat(rest))] } as Entry;
  }

  test.each([
    ["a", 1],
    ["é", 2],
    ["\u{1f600}", 4],
  ])("of %j, by bytes and not by characters", (character) => {
    const longest = admission(MAX_ENTRY_BYTES, character);
    expect(bytesOf(longest)).toHaveLength(65_535);
    expect(parseEntry(bytesOf(longest))).toEqual({ ok: true, value: longest });
    const longer = admission(MAX_ENTRY_BYTES + 1, character);
    expect(formatEntry(longer)).toMatchObject({ ok: false, code: "TOO_LARGE", found: "65536" });
    const bytes = encodeUtf8(formatCanonical(longer as unknown as Json));
    expect(parseEntry(bytes)).toMatchObject({ ok: false, code: "TOO_LARGE", found: "65536" });
  });

  test("also where it is no JSON", () => {
    const code = (length: number) => parseEntry(new Uint8Array(length));
    expect(code(65_535)).toMatchObject({ code: "MALFORMED" });
    expect(code(65_536)).toMatchObject({ code: "TOO_LARGE" });
  });
});

describe("any entry", () => {
  const parameters = { seed: SEED, numRuns: 1000 };

  test("comes back as it was, in whatever order its members were made", () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const bytes = bytesOf(entry);
        expect(parseEntry(bytes)).toEqual({ ok: true, value: entry });
        expect(bytesOf(reversed(entry) as Entry)).toEqual(bytes);
      }),
      parameters,
    );
  });

  test("two of them have the bytes of one only if they are one", () => {
    fc.assert(
      fc.property(anyEntry, anyEntry, (one, other) => {
        const same = equalBytes(bytesOf(one), bytesOf(other));
        expect(same).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
      }),
      parameters,
    );
  });

  test("with a part replaced is another, or none", () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom(" ", "0", ",", '"', "null", "1e0", "\\u0061").map(encodeUtf8),
    );
    fc.assert(
      fc.property(anyEntry, fc.nat(), fc.nat(4), part, (entry, at, length, replacement) => {
        const bytes = bytesOf(entry);
        const from = at % bytes.length;
        const [head, tail] = [bytes.subarray(0, from), bytes.subarray(from + length)];
        const changed = Uint8Array.of(...head, ...replacement, ...tail);
        expectOneForm(changed);
      }),
      { ...parameters, numRuns: 5000 },
    );
  });

  test("is not made of whatever bytes or JSON there is, and nothing throws", () => {
    const json = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map(encodeUtf8),
      fc
        .tuple(
          fc.constantFrom(...Object.keys(entrySchemas)),
          fc.dictionary(fc.string(), fc.jsonValue()),
        )
        .map(([kind, members]) => encodeUtf8(JSON.stringify({ ...members, kind }))),
    );
    fc.assert(
      fc.property(json, (bytes) => {
        expect(parseEntry(bytes)).toMatchObject({ ok: false, code: "MALFORMED" });
      }),
      parameters,
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, each]) => [name, sorted(each)]));
}
