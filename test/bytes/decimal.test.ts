import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDecimal } from "../../src/bytes/decimal.js";

const MOST = 2n ** 63n - 1n;

test("a decimal from 0 to 2^63 - 1 is its value", () => {
  for (const value of [0n, 1n, 9n, 10n, 99n, 2n ** 32n, 2n ** 53n + 1n, MOST - 1n, MOST]) {
    expect(parseDecimal(`${value}`)).toBe(value);
  }
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: MOST }), (value) => {
      expect(parseDecimal(`${value}`)).toBe(value);
    }),
  );
});

test("what is larger is refused, however long", () => {
  for (const value of [MOST + 1n, 10n ** 19n - 1n, 10n ** 19n, 2n ** 64n, 2n ** 64n + 1n]) {
    expect(parseDecimal(`${value}`), `${value}`).toBeUndefined();
  }
  expect(parseDecimal("9".repeat(1_000_000))).toBeUndefined();
});

test.each([
  ..."|00|01|-1|-0|+1| 1|1 |1\n|\n1|1\r|0x10|0b1|0o7|1e3|1.0|1.|.5|1n|1_000|1,000".split("|"),
  ..."٣|１|1\u0000|\u00a01|\ufeff1|Infinity|NaN|null|true".split("|"),
])("%j is no decimal", (text) => {
  expect(parseDecimal(text)).toBeUndefined();
});

test("a text is accepted exactly if it is how its value is written", () => {
  const character = fc.constantFrom(..."0123456789-+ .xen_\n");
  const text = fc.array(character, { maxLength: 5 }).map((all) => all.join(""));
  fc.assert(
    fc.property(text, (each) => {
      const digits = [...each].every((one) => one >= "0" && one <= "9");
      const plain = each !== "" && digits && (each === "0" || !each.startsWith("0"));
      expect(parseDecimal(each)).toBe(plain ? BigInt(each) : undefined);
    }),
    { numRuns: 2000 },
  );
});
