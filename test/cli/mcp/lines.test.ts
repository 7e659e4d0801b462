import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "../../../src/cli/mcp/lines.js";

/** All that a splitter says of the chunks. */
function split(chunks: readonly Uint8Array[], most = 1000): { lines: string[]; tooLong: boolean } {
  const splitter = new LineSplitter(most);
  const lines: string[] = [];
  for (const chunk of chunks) {
    const pushed = splitter.push(chunk);
    lines.push(...pushed.lines.map((line) => Buffer.from(line).toString("latin1")));
    if (pushed.tooLong) return { lines, tooLong: true };
  }
  return { lines, tooLong: false };
}

test("lines are what stands between newlines, and nothing else ends one", () => {
  const bytes = Buffer.from("a\r\n\nb\rc\0d\u2028e\n");
  expect(split([bytes]).lines).toEqual(["a\r", "", "b\rc\0d\xe2\x80\xa8e"]);
});

test("whatever the chunks, the same lines; and over the limit, the same end", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0x0a, 0x0a, 0x0d, 0x41, 0xff), { maxLength: 60 }),
      fc.array(fc.nat(60), { maxLength: 6 }),
      fc.integer({ min: 1, max: 20 }),
      (bytes, cuts, most) => {
        const whole = Uint8Array.from(bytes);
        const ends = [...cuts, whole.length].map((cut) => Math.min(cut, whole.length));
        ends.sort((a, b) => a - b);
        const chunks = ends.map((end, i) => whole.subarray(ends[i - 1] ?? 0, end));
        const text = Buffer.from(whole).toString("latin1");
        const all = text.split("\n");
        const over = all.findIndex((line) => line.length > most);
        const expected = over < 0 ? all.slice(0, -1) : all.slice(0, over);
        expect(split(chunks, most)).toEqual({ lines: expected, tooLong: over >= 0 });
      },
    ),
    { numRuns: 2000 },
  );
});

test("a chunk stays its maker's: what comes into it later shows in no line", () => {
  const splitter = new LineSplitter(10);
  const chunk = new Uint8Array([0x61, 0x62]);
  splitter.push(chunk);
  chunk.fill(0x7a);
  expect(splitter.isInside).toBe(true);
  expect(splitter.push(new Uint8Array([0x0a])).lines).toEqual([new Uint8Array([0x61, 0x62])]);
  expect(splitter.isInside).toBe(false);
});

test("a long line in chunks of a byte each", () => {
  const splitter = new LineSplitter(1 << 20);
  const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => 0x41 + (i % 26));
  for (const byte of bytes) splitter.push(Uint8Array.of(byte));
  const [line = new Uint8Array()] = splitter.push(new Uint8Array([0x0a])).lines;
  expect(Buffer.compare(line, bytes)).toBe(0);
});
