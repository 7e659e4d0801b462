import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeAnyBase64, decodeBase64, encodeBase64 } from "../../src/bytes/base64.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

test("bytes of every length from 0 to 64 are encoded as Buffer encodes them, and come back", () => {
  for (let length = 0; length <= 64; length++) {
    for (const fill of [0, 0xff, 0x5a]) {
      const bytes = Uint8Array.from({ length }, (_, i) => fill ^ ((i * 37) & fill));
      const text = Buffer.from(bytes).toString("base64");
      expect(encodeBase64(bytes)).toBe(text);
      expect(decodeBase64(text)).toEqual(bytes);
    }
  }
});

test("every byte value at every place of a group comes back", () => {
  for (let length = 1; length <= 3; length++) {
    for (let place = 0; place < length; place++) {
      for (let byte = 0; byte < 256; byte++) {
        const bytes = new Uint8Array(length);
        bytes[place] = byte;
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      }
    }
  }
});

describe("a text is accepted exactly if it is what its bytes are encoded to", () => {
  const expectStrict = (text: string): void => {
    const bytes = decodeBase64(text);
    // Buffer skips what it does not know, so that only a text of the one right form survives.
    const lenient = Buffer.from(text, "base64");
    if (lenient.toString("base64") === text) expect(bytes).toEqual(new Uint8Array(lenient));
    else expect(bytes, JSON.stringify(text)).toBeUndefined();
  };

  test("for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  test("for any text of characters that come near", () => {
    const character = fc.constantFrom(...`${ALPHABET}===AQgw-_ \n\t.\u0000\u0141\u2014`);
    const text = fc.array(character, { maxLength: 16 }).map((all) => all.join(""));
    fc.assert(fc.property(text, expectStrict), { numRuns: 3000 });
  });

  test("for an encoding with one character changed, put in or taken out", () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 20 });
    const character = fc.constantFrom(...`${ALPHABET}=-_ \n`);
    fc.assert(
      fc.property(bytes, fc.nat(30), fc.nat(2), character, (each, place, drop, by) => {
        const text = encodeBase64(each);
        const at = place % (text.length + 1);
        expectStrict(text.slice(0, at) + by + text.slice(at + drop));
        expectStrict(text.slice(0, at) + text.slice(at + 1));
      }),
      { numRuns: 2000 },
    );
  });

  test("for every text of two characters and padding, so for all stray bits", () => {
    let accepted = 0;
    for (const first of ALPHABET) {
      for (const second of ALPHABET) {
        expectStrict(`${first}${second}==`);
        if (decodeBase64(`${first}${second}==`)) accepted += 1;
      }
    }
    expect(accepted).toBe(256);
  });
});

test.each([
  ["no padding", "AA"],
  ["no padding", "AAA"],
  ["half of the padding", "AA="],
  ["one character", "A"],
  ["one character and padding", "A==="],
  ["padding alone", "===="],
  ["padding alone", "=="],
  ["too much padding", "AAAA===="],
  ["padding in the middle", "AA==AAAA"],
  ["padding inside a group", "A=AA"],
  ["padding before a character", "AA=A"],
  ["four bits left over", "AB=="],
  ["two bits left over", "AAB="],
  ["the alphabet of URLs", "-_8="],
  ["the alphabet of URLs", "__-_"],
  ["a newline at the end", "AAAA\n"],
  ["white space around", " AA=="],
  ["a newline inside", "AA\nAA==="],
  ["a space for a character", "AAA "],
  ["a character past ASCII", "AAA\u0141"],
  ["a character that is A in its low byte", "AAA\u0141"],
  ["a character of two units", "AA\u{1f600}"],
  ["a zero character", "AAA\u0000"],
])("%s is refused: %j", (_, text) => {
  expect(decodeBase64(text)).toBeUndefined();
});

describe("in any alphabet, padded or not", () => {
  /** The four forms of these bytes; where they need no padding, or have no 62 and 63, some are equal. */
  const formsOf = (bytes: Uint8Array): string[] => {
    const standard = Buffer.from(bytes).toString("base64");
    const urls = standard.replaceAll("+", "-").replaceAll("/", "_");
    return [standard, urls].flatMap((form) => [form, form.replace(/=+$/, "")]);
  };

  const expectAForm = (text: string): void => {
    // Buffer reads both alphabets, and skips what it does not know.
    const lenient = new Uint8Array(Buffer.from(text, "base64"));
    const expected = formsOf(lenient).includes(text) ? lenient : undefined;
    expect(decodeAnyBase64(text), JSON.stringify(text)).toEqual(expected);
  };

  test("every form of bytes of every length from 0 to 64 is read", () => {
    for (let length = 0; length <= 64; length++) {
      for (const fill of [0, 0xff, 0xfb, 0x5a]) {
        const bytes = Uint8Array.from({ length }, (_, i) => fill ^ ((i * 37) & 1));
        for (const form of formsOf(bytes)) expect(decodeAnyBase64(form)).toEqual(bytes);
      }
    }
  });

  test("a text is read exactly if it is a form of its bytes: any text of characters that come near", () => {
    const character = fc.constantFrom(...`${ALPHABET}-_-_===AQgw \n.\u0000\u0141\u2014`);
    const text = fc.array(character, { maxLength: 12 }).map((all) => all.join(""));
    fc.assert(fc.property(text, expectAForm), { numRuns: 5000 });
  });

  test("the same for a form with one character changed, put in or taken out", () => {
    const character = fc.constantFrom(...`${ALPHABET}=-_ \n`);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 20 }),
        fc.nat(3),
        fc.nat(30),
        fc.nat(2),
        character,
        (bytes, which, place, drop, by) => {
          const text = formsOf(bytes)[which] as string;
          const at = place % (text.length + 1);
          expectAForm(text);
          expectAForm(text.slice(0, at) + by + text.slice(at + drop));
          expectAForm(text.slice(0, at) + text.slice(at + 1));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("the same for all texts of two digits, so for all stray bits", () => {
    let accepted = 0;
    for (const first of `${ALPHABET}-_`) {
      for (const second of `${ALPHABET}-_`) {
        for (const padding of ["", "=", "=="]) expectAForm(first + second + padding);
        if (decodeAnyBase64(first + second)) accepted += 1;
      }
    }
    // Of 256 bytes, the 4 each whose first digit is 62 or 63 have a form for either alphabet.
    expect(accepted).toBe(256 + 8);
  });

  test.each([
    ["both alphabets", "+_8="],
    ["both alphabets, far apart", `/AAA${"A".repeat(400)}-AAA`],
    ["half of a padding", "-_="],
    ["half of a padding", "AA="],
    ["too much padding", "AAA=="],
    ["too much padding", "AAAA="],
    ["padding alone", "="],
    ["padding alone", "===="],
    ["one digit", "A"],
    ["five digits", "AAAAA"],
    ["padding inside", "AA==AA"],
    ["four bits left over", "AB"],
    ["two bits left over", "AAB"],
    ["a newline at the end", "AAAA\n"],
    ["white space inside", "AA AA"],
  ])("%s is refused: %j", (_, text) => {
    expect(decodeAnyBase64(text)).toBeUndefined();
  });
});
