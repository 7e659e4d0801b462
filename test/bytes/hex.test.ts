import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../src/bytes/hex.js";

test("bytes are encoded as Buffer encodes them, and come back", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(encodeHex(all)).toBe(Buffer.from(all).toString("hex"));
  expect(decodeHex(encodeHex(all))).toEqual(all);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(encodeHex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
      expect(decodeHex(encodeHex(bytes))).toEqual(bytes);
    }),
  );
});

test("no bytes are the empty text", () => {
  expect(encodeHex(new Uint8Array())).toBe("");
  expect(decodeHex("")).toEqual(new Uint8Array());
});

test("a text is accepted exactly if it is what its bytes are encoded to", () => {
  const character = fc.constantFrom(..."0123456789abcdefABF gx-+.\n\u0660");
  const text = fc.array(character, { maxLength: 6 }).map((all) => all.join(""));
  fc.assert(
    fc.property(text, (each) => {
      const bytes = decodeHex(each);
      if (/^([0-9a-f]{2})*$/.test(each) && !each.endsWith("\n")) {
        expect(bytes && encodeHex(bytes)).toBe(each);
      } else expect(bytes, JSON.stringify(each)).toBeUndefined();
    }),
    { numRuns: 3000 },
  );
});

test.each([
  "0",
  "000",
  "0A",
  "AB",
  "0x",
  "0x00",
  "g0",
  "0g",
  " 00",
  "00 ",
  "00\n",
  "0\n",
  "-1",
  "1e+1",
])("%j is refused", (text) => {
  expect(decodeHex(text)).toBeUndefined();
});
