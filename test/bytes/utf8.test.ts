import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../src/bytes/utf8.js";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

test("text of one to four bytes a character is encoded, and comes back", () => {
  const text = "a\u0000\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}é—漢😀";
  expect(encodeUtf8(text)).toEqual(new Uint8Array(Buffer.from(text)));
  expect(decodeUtf8(encodeUtf8(text))).toBe(text);
});

test("any text without lone surrogates comes back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    }),
  );
});

test("bytes that decode are what their text is encoded to, and other bytes do not decode", () => {
  const interesting = fc.constantFrom(
    0x00,
    0x41,
    0x7f,
    0x80,
    0xbf,
    0xc0,
    0xc2,
    0xdf,
    0xe0,
    0xa0,
    0xed,
    0x9f,
    0xef,
    0xbb,
    0xf0,
    0x90,
    0xf4,
    0x8f,
    0xf5,
    0xff,
  );
  const some = fc.array(interesting, { maxLength: 8 }).map((all) => Uint8Array.from(all));
  fc.assert(
    fc.property(some, (each) => {
      const text = decodeUtf8(each);
      // Buffer puts U+FFFD where a sequence is invalid, and so changes the bytes.
      const valid = Buffer.from(Buffer.from(each).toString("utf8")).equals(each);
      expect(text !== undefined, Buffer.from(each).toString("hex")).toBe(valid);
      if (text !== undefined) expect(encodeUtf8(text)).toEqual(each);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ["an overlong slash in two bytes", "c0af"],
  ["an overlong slash in three bytes", "e080af"],
  ["an overlong slash in four bytes", "f08080af"],
  ["an overlong zero", "c080"],
  ["the last overlong form of two bytes", "c1bf"],
  ["the last overlong form of three bytes", "e09fbf"],
  ["the last overlong form of four bytes", "f08fbfbf"],
  ["a high surrogate", "eda080"],
  ["a low surrogate", "edbfbf"],
  ["a pair of surrogates", "eda081edb080"],
  ["above U+10FFFF", "f4908080"],
  ["a lead byte that no character has", "f5808080"],
  ["a byte that never occurs", "ff"],
  ["a continuation alone", "80"],
  ["a continuation too many", "c3a9a9"],
  ["a character of two bytes cut", "c3"],
  ["a character of three bytes cut", "e282"],
  ["a character of four bytes cut", "f09f98"],
  ["a character cut in the middle of text", "61e28261"],
])("%s is no text", (_, hex) => {
  expect(decodeUtf8(bytes(hex))).toBeUndefined();
  expect(decodeUtf8(bytes(`6162${hex}`))).toBeUndefined();
  // A failure leaves nothing behind for the next text.
  expect(decodeUtf8(bytes("6162"))).toBe("ab");
});

test("a byte-order mark is content, wherever it stands", () => {
  expect(decodeUtf8(bytes("efbbbf61"))).toBe("\ufeffa");
  expect(decodeUtf8(bytes("efbbbfefbbbf"))).toBe("\ufeff\ufeff");
  expect(decodeUtf8(bytes("61efbbbf"))).toBe("a\ufeff");
  expect(encodeUtf8("\ufeffa")).toEqual(bytes("efbbbf61"));
});

test("a lone surrogate has no encoding", () => {
  for (const text of ["\ud800", "\udfff", "a\udc00b", "\ud83d", "\ude00\ud83d", "😀\ud83d"]) {
    expect(() => encodeUtf8(text)).toThrow(TypeError);
  }
  expect(encodeUtf8("\ud83d\ude00")).toEqual(bytes("f09f9880"));
});
