import type { Json } from "./canonical.js";

/** Arrays and objects in each other. */
export const MAX_DEPTH = 32;

/** Every unit but the end of a string, the start of an escape and what RFC 8259 wants escaped. */
// oxlint-disable-next-line no-control-regex
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const HEX4 = /^[0-9a-fA-F]{4}$/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

export type ParsedJson =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly expected: string; readonly found: string };

/**
 * The value of a JSON text (RFC 8259), in time and memory linear in its length. What the RFC leaves
 * open, and two readers may take two ways, is refused:
 *
 * - a name that stands twice in an object
 * - a lone surrogate, as it stands or by its escape
 * - a number whose double is beyond 2^53 - 1 on either side, infinities among them
 * - arrays and objects more than 32 deep
 *
 * A number is the nearest double, so that 1.0 is 1; a reader of integers refuses fractions itself.
 * -0 is 0, as RFC 8785 writes it. Objects have no prototype: `object["toString"]` is what the text
 * says or undefined, `__proto__` is a name like any other, and `String(object)` throws.
 *
 * `found` is at most 60 characters of printable ASCII, and counts columns in UTF-16 units.
 */
export function parseJson(text: string): ParsedJson {
  const lone = text.search(/\p{Surrogate}/u);
  if (lone >= 0) return refuse(text, lone, "text without lone surrogates");
  const reader = new Reader(text);
  const value = reader.readText();
  if (value !== undefined) return { ok: true, value };
  return refuse(text, reader.at, reader.expected);
}

/** Each method reads one thing from `at` on; undefined is a failure, and `at` is then its place. */
class Reader {
  at = 0;
  expected = "";

  constructor(readonly text: string) {}

  readText(): Json | undefined {
    this.skipSpace();
    const value = this.readValue(0);
    if (value === undefined) return undefined;
    this.skipSpace();
    return this.at === this.text.length ? value : this.fail("the end of the text");
  }

  fail(expected: string, at = this.at): undefined {
    this.expected = expected;
    this.at = at;
    return undefined;
  }

  skipSpace(): void {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.at += 1;
    }
  }

  /** Whether the next character is this one, which is then behind. */
  skip(unit: number): boolean {
    if (this.text.charCodeAt(this.at) !== unit) return false;
    this.at += 1;
    return true;
  }

  readValue(depth: number): Json | undefined {
    switch (this.text.charCodeAt(this.at)) {
      case 0x22:
        return this.readString();
      case 0x7b:
        return this.readObject(depth + 1);
      case 0x5b:
        return this.readArray(depth + 1);
      case 0x74:
        return this.readWord("true", true);
      case 0x66:
        return this.readWord("false", false);
      case 0x6e:
        return this.readWord("null", null);
      default:
        return this.readNumber();
    }
  }

  readWord<T extends Json>(word: string, value: T): T | undefined {
    if (!this.text.startsWith(word, this.at)) return this.fail("a value");
    this.at += word.length;
    return value;
  }

  readNumber(): number | undefined {
    NUMBER.lastIndex = this.at;
    if (!NUMBER.test(this.text)) return this.fail("a value");
    const value = Number(this.text.slice(this.at, NUMBER.lastIndex));
    // Every double beyond is an integer, and stands for more than one.
    if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
      return this.fail("a number from -(2^53 - 1) to 2^53 - 1");
    }
    this.at = NUMBER.lastIndex;
    // Adding 0 makes -0 into 0.
    return value + 0;
  }

  readArray(depth: number): Json[] | undefined {
    if (depth > MAX_DEPTH)
      return this.fail(`at most ${MAX_DEPTH} arrays and objects in each other`);
    this.at += 1;
    const items: Json[] = [];
    this.skipSpace();
    if (this.skip(0x5d)) return items;
    for (;;) {
      this.skipSpace();
      const item = this.readValue(depth);
      if (item === undefined) return undefined;
      items.push(item);
      this.skipSpace();
      if (this.skip(0x5d)) return items;
      if (!this.skip(0x2c)) return this.fail('"," or "]"');
    }
  }

  readObject(depth: number): { [name: string]: Json } | undefined {
    if (depth > MAX_DEPTH)
      return this.fail(`at most ${MAX_DEPTH} arrays and objects in each other`);
    this.at += 1;
    const members = Object.create(null) as { [name: string]: Json };
    this.skipSpace();
    if (this.skip(0x7d)) return members;
    for (;;) {
      this.skipSpace();
      const start = this.at;
      if (this.text.charCodeAt(start) !== 0x22) return this.fail("a name in quotation marks");
      const name = this.readString();
      if (name === undefined) return undefined;
      if (name in members) return this.fail("each name once in an object", start);
      this.skipSpace();
      if (!this.skip(0x3a)) return this.fail('":"');
      this.skipSpace();
      const value = this.readValue(depth);
      if (value === undefined) return undefined;
      members[name] = value;
      this.skipSpace();
      if (this.skip(0x7d)) return members;
      if (!this.skip(0x2c)) return this.fail('"," or "}"');
    }
  }

  readString(): string | undefined {
    const parts: string[] = [];
    this.at += 1;
    for (;;) {
      PLAIN.lastIndex = this.at;
      PLAIN.test(this.text);
      const run = this.text.slice(this.at, PLAIN.lastIndex);
      this.at = PLAIN.lastIndex;
      if (this.skip(0x22)) return parts.length === 0 ? run : parts.join("") + run;
      const character = this.readEscape();
      if (character === undefined) return undefined;
      if (run !== "") parts.push(run);
      parts.push(character);
    }
  }

  /** One escape, or the two of a surrogate pair: a half has no escape of its own. */
  readEscape(): string | undefined {
    const { text, at } = this;
    if (text.charCodeAt(at) !== 0x5c) {
      return this.fail(at < text.length ? "control characters escaped" : "a string's end");
    }
    const letter = text.charAt(at + 1);
    if (letter !== "u") {
      const character = ESCAPES.get(letter);
      if (character === undefined) return this.fail("an escape of JSON");
      this.at += 2;
      return character;
    }
    const unit = this.hex(at);
    if (unit === undefined) return this.fail("four hexadecimal digits in an escape");
    this.at += 6;
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const low = unit < 0xdc00 ? this.hex(at + 6) : undefined;
    if (low === undefined || low < 0xdc00 || low > 0xdfff) {
      return this.fail("text without lone surrogates", at);
    }
    this.at += 6;
    return String.fromCharCode(unit, low);
  }

  /** The unit that an escape of the form \uXXXX stands for. */
  hex(at: number): number | undefined {
    const digits = this.text.slice(at + 2, at + 6);
    return this.text.startsWith("\\u", at) && HEX4.test(digits)
      ? Number.parseInt(digits, 16)
      : undefined;
  }
}

/** How much of the text `found` shows: with the longest place behind it, 60 characters. */
const SHOWN = 22;

function refuse(text: string, at: number, expected: string): ParsedJson {
  const before = text.slice(0, at);
  const column = at - before.lastIndexOf("\n");
  const line = before.split("\n").length;
  return { ok: false, expected, found: `${show(text, at)} at line ${line}, column ${column}` };
}

function show(text: string, at: number): string {
  if (at >= text.length) return "the end of the text";
  let shown = "";
  for (let i = at; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const printable = unit >= 0x20 && unit < 0x7f;
    const next = printable ? text.charAt(i) : `\\u${unit.toString(16).padStart(4, "0")}`;
    if (shown.length + next.length > SHOWN) return `${shown}..`;
    shown += next;
  }
  return shown;
}
