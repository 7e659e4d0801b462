/** Many messages in one call, and the leaf hashes that are made of it. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { kernel } from "../kernel.js";
import { rawKernel } from "./raw.js";

const pattern = Uint8Array.from({ length: 10 << 20 }, (_, i) => (i * 2654435761) >>> 24);

const one = (message: Uint8Array, prefix: string): Uint8Array =>
  createHash("sha256").update(prefix).update(message).digest();

function expectDigests(messages: readonly Uint8Array[]): void {
  const many = Buffer.concat(messages.map((message) => one(message, "")));
  const leaves = Buffer.concat(messages.map((message) => one(message, "\0")));
  // Buffers compare fast; a difference is then shown where it is.
  const found = { many: kernel.sha256Many(messages), leaves: kernel.leafHashes(messages) };
  for (const [name, expected] of Object.entries({ many, leaves })) {
    const digests = found[name as keyof typeof found];
    expect(digests).toHaveLength(expected.length);
    const at = expected.findIndex((byte, i) => byte !== digests[i]);
    const which = Math.floor(at / 32);
    expect(at, `${name}: message ${which} of ${messages[which]?.length} bytes`).toBe(-1);
  }
}

/** Messages of these lengths, each beginning elsewhere in the pattern. */
function messagesOf(lengths: readonly number[]): Uint8Array[] {
  return lengths.map((length, i) => pattern.subarray(i % 4096, (i % 4096) + length));
}

test("no messages have no digests", () => {
  expect(kernel.sha256Many([])).toEqual(new Uint8Array());
  expect(kernel.leafHashes([])).toEqual(new Uint8Array());
});

test("messages of every length from 0 to 300 in one call, in both orders", () => {
  const lengths = Array.from({ length: 301 }, (_, i) => i);
  expectDigests(messagesOf(lengths));
  expectDigests(messagesOf(lengths.reverse()));
});

test("messages of any lengths in one call", () => {
  const lengths = fc.array(fc.oneof(fc.nat(3), fc.nat(200), fc.nat(5000)), { maxLength: 40 });
  fc.assert(fc.property(lengths, (each) => expectDigests(messagesOf(each))));
});

test("empty messages alone, and between others", () => {
  expectDigests(messagesOf([0]));
  expectDigests(messagesOf([0, 0, 0, 0, 0, 0, 0]));
  expectDigests(messagesOf([0, 64, 0, 0, 1, 55, 0, 56, 0]));
});

const arena = rawKernel();
const capacity = arena.end - arena.start;

test("one message around the size of the kernel's memory", () => {
  for (const spare of [-64, -1, 0, 1, 31, 32, 35, 36, 37, 48, 63, 64, 65, 99, 100, 101, 128]) {
    expectDigests(messagesOf([capacity - spare]));
  }
});

test("messages that fill the kernel's memory together, to the byte and nearly", () => {
  for (let spare = -2; spare <= 66; spare++) {
    // Each takes its bytes, a length word and a digest; the number of them varies the alignment.
    const small = [1, 0, 3, 64, 0, 2, 5].slice(spare % 7);
    const taken = small.reduce((sum, length) => sum + length + 36, 36 + spare);
    const messages = messagesOf([...small.slice(1), capacity - taken, ...small.slice(0, 1)]);
    const expected = Buffer.concat(messages.map((message) => one(message, "")));
    const same = expected.equals(kernel.sha256Many(messages));
    expect(same, `${messages.length} messages, ${spare} bytes to spare`).toBe(true);
  }
});

test("messages that are more than the kernel's memory in all, and some alone", () => {
  expectDigests(messagesOf([1 << 20, 2 << 20, 3 << 20, 17, 0, 1 << 20]));
  expectDigests(messagesOf([5 << 20, 3, (9 << 20) + 13, 0, 64, 4 << 20]));
});

test("a hundred thousand messages", () => {
  expectDigests(messagesOf(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 90)));
});

test("a hundred and fifty thousand empty messages, whose digests alone overflow the memory", () => {
  const empty = new Uint8Array();
  const digests = kernel.sha256Many(Array.from({ length: 150_000 }, () => empty));
  const digest = one(empty, "");
  expect(digests).toHaveLength(150_000 * 32);
  expect(digests.findIndex((byte, i) => byte !== digest[i % 32])).toBe(-1);
});

test("results go into the caller's array, if it has their length", () => {
  const messages = [Uint8Array.of(1), new Uint8Array(5000), new Uint8Array()];
  const out = new Uint8Array(96);
  expect(kernel.sha256Many(messages, out)).toBe(out);
  expect(out).toEqual(kernel.sha256Many(messages));
  expect(kernel.leafHashes(messages, out)).toBe(out);
  expect(out).toEqual(kernel.leafHashes(messages));
  expect(kernel.nodeHashes(new Uint8Array(192), out)).toBe(out);
  expect(out).toEqual(kernel.nodeHashes(new Uint8Array(192)));
  for (const wrong of [new Uint8Array(95), new Uint8Array(97), new Uint8Array()]) {
    expect(() => kernel.sha256Many(messages, wrong)).toThrow(TypeError);
    expect(() => kernel.leafHashes(messages, wrong)).toThrow(TypeError);
    expect(() => kernel.nodeHashes(new Uint8Array(192), wrong)).toThrow(TypeError);
  }
});
