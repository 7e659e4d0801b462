import { expect, test } from "vitest";
import { concatBytes, equalBytes } from "../../src/bytes/concat.js";

test("parts are copied one behind the other", () => {
  const part = Uint8Array.of(1, 2);
  const whole = concatBytes(part, new Uint8Array(), Uint8Array.of(9, 3, 9).subarray(1, 2));
  expect(whole).toEqual(Uint8Array.of(1, 2, 3));
  part.fill(7);
  expect(whole).toEqual(Uint8Array.of(1, 2, 3));
  expect(concatBytes()).toEqual(new Uint8Array());
});

test("bytes are equal if their lengths and every byte are", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(equalBytes(bytes, Uint8Array.of(1, 2, 3))).toBe(true);
  expect(equalBytes(new Uint8Array(), new Uint8Array())).toBe(true);
  for (const other of [[], [1, 2], [1, 2, 3, 4], [0, 2, 3], [1, 2, 4], [1, 2, 3, 0]]) {
    expect(equalBytes(bytes, Uint8Array.from(other)), `${other}`).toBe(false);
    expect(equalBytes(Uint8Array.from(other), bytes), `${other}`).toBe(false);
  }
});
