import { expect, test } from "vitest";
import { formatNote, MAX_SIGNATURES, parseNote } from "../../src/tlog/note.js";
import { utf8 } from "./fixture.js";

const line = "— example.com/foo Uw2QOkn8srV1yJGh\n";

function parse(text: string) {
  return parseNote(utf8(text));
}

test("the signature example of the specification is taken apart", () => {
  const note = parse(`This is an example message.\n\n${line}`);
  expect(note).toMatchObject({
    ok: true,
    value: {
      text: "This is an example message.\n",
      signatures: [{ name: "example.com/foo", keyId: "530d903a" }],
    },
  });
});

test("a note is split at its last empty line, so that the text may hold others", () => {
  expect(parse(`a\n\nb\n\n${line}`)).toMatchObject({ ok: true, value: { text: "a\n\nb\n" } });
});

test("an em dash line in the text stays text", () => {
  expect(parse(`${line}\n${line}`)).toMatchObject({ ok: true, value: { text: line } });
});

test.each([
  ["no empty line", `text\n${line}`],
  ["no signatures", "text\n\n"],
  ["no last newline", `text\n\n${line.trimEnd()}`],
  ["a hyphen for the dash", "text\n\n- example.com/foo Uw2QOkn8srV1yJGh\n"],
  ["an en dash", "text\n\n– example.com/foo Uw2QOkn8srV1yJGh\n"],
  ["two spaces", "text\n\n—  example.com/foo Uw2QOkn8srV1yJGh\n"],
  ["a trailing space", "text\n\n— example.com/foo Uw2QOkn8srV1yJGh \n"],
  ["no name", "text\n\n—  Uw2QOkn8srV1yJGh\n"],
  ["a plus in the name", "text\n\n— a+b Uw2QOkn8srV1yJGh\n"],
  ["a no-break space in the name", "text\n\n— a\u00a0b Uw2QOkn8srV1yJGh\n"],
  ["an ideographic space in the name", "text\n\n— a\u3000b Uw2QOkn8srV1yJGh\n"],
  ["no padding", "text\n\n— a Uw2QOkn8srV\n"],
  ["stray bits", "text\n\n— a Uw2QOkn8srX=\n"],
  ["the url alphabet", "text\n\n— a Uw2QOkn8sr_1\n"],
  ["only a key id", "text\n\n— a Uw2QOg==\n"],
  ["a tab in the text", `te\txt\n\n${line}`],
  ["a carriage return", `text\r\n\n${line}`],
  ["a NUL", `te\0xt\n\n${line}`],
])("a note with %s is malformed", (_, text) => {
  expect(parse(text)).toMatchObject({ ok: false, code: "MALFORMED" });
});

test("bytes that are not UTF-8 are malformed", () => {
  const bytes = utf8(`text\n\n${line}`);
  bytes[1] = 0xff;
  expect(parseNote(bytes)).toMatchObject({ ok: false, code: "MALFORMED" });
});

test("a byte-order mark is part of the text", () => {
  expect(parse(`\ufefftext\n\n${line}`)).toMatchObject({
    ok: true,
    value: { text: "\ufefftext\n" },
  });
});

test("64 signatures are read, 65 are too many", () => {
  expect(parse(`text\n\n${line.repeat(MAX_SIGNATURES)}`).ok).toBe(true);
  const more = parse(`text\n\n${line.repeat(MAX_SIGNATURES + 1)}`);
  expect(more).toMatchObject({ ok: false, code: "TOO_LARGE" });
});

test("a note over a megabyte is too large", () => {
  expect(parse(`${"x".repeat(1 << 20)}\n\n${line}`)).toMatchObject({
    ok: false,
    code: "TOO_LARGE",
  });
});

test("what is written is read back, and a text that would be read otherwise throws", () => {
  const signatures = [{ name: "a", keyId: "00000001", signature: Uint8Array.of(1, 2) }];
  expect(parseNote(formatNote("a\n\nb\n", signatures))).toMatchObject({
    ok: true,
    value: { text: "a\n\nb\n", signatures },
  });
  expect(() => formatNote("no newline", signatures)).toThrow(TypeError);
  expect(() => formatNote("a\n", [{ ...signatures[0]!, name: "a b" }])).toThrow(TypeError);
  expect(() => formatNote("a\n", [{ ...signatures[0]!, keyId: "1" }])).toThrow(TypeError);
});
