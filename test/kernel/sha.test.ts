import { createHash } from "node:crypto";
import { sha256 as nobleSha256, sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { createSHA256, createSHA512 } from "hash-wasm";
import { describe, expect, test } from "vitest";
import { kernel } from "../kernel.js";

const MOST = 300;
/** Bytes without a period that a block length could hide. */
const bytes = Uint8Array.from({ length: MOST }, (_, i) => (i * i * 31 + i * 7 + 13) >>> 3);
const hashWasm = { sha256: await createSHA256(), sha512: await createSHA512() };
const noble = { sha256: nobleSha256, sha512: nobleSha512 };

const hex = (digest: Uint8Array): string => Buffer.from(digest).toString("hex");

describe.each(["sha256", "sha512"] as const)("%s", (algorithm) => {
  const oneShot = (message: Uint8Array): string => hex(kernel[algorithm](message));
  const known = Array.from({ length: MOST + 1 }, (_, length) =>
    createHash(algorithm).update(bytes.subarray(0, length)).digest("hex"),
  );

  test("every length from 0 to 300 gives the digest that three other implementations give", () => {
    for (let length = 0; length <= MOST; length++) {
      const message = bytes.subarray(0, length);
      const digest = oneShot(message);
      expect(digest, `${length} bytes`).toBe(known[length]);
      expect(digest).toBe(hashWasm[algorithm].init().update(message).digest("hex"));
      expect(digest).toBe(hex(noble[algorithm](message)));
    }
  });

  test("a message in two parts gives the digest of the whole, at every split point", () => {
    for (let length = 0; length <= MOST; length++) {
      for (let split = 0; split <= length; split++) {
        const hasher = kernel.hasher(algorithm).update(bytes.subarray(0, split));
        const digest = hex(hasher.update(bytes.subarray(split, length)).digest());
        if (digest !== known[length]) expect(digest, `${length} at ${split}`).toBe(known[length]);
      }
    }
  });

  test("a message in any three parts gives the digest of the whole", () => {
    const part = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(part, part, part, (...parts) => {
        const hasher = kernel.hasher(algorithm);
        for (const each of parts) hasher.update(each);
        const whole = createHash(algorithm).update(Buffer.concat(parts)).digest("hex");
        expect(hex(hasher.digest())).toBe(whole);
      }),
      { numRuns: 500 },
    );
  });

  test("hashers that are open at once do not touch each other", () => {
    const open = Array.from({ length: 150 }, () => kernel.hasher(algorithm));
    // Each takes its message in pieces of its own length, in turns with all others.
    for (let round = 0; round * 2 < MOST; round++) {
      for (const [i, hasher] of open.entries()) {
        hasher.update(bytes.subarray(round * i, Math.min(2 * i, (round + 1) * i)));
      }
      oneShot(bytes);
    }
    for (const [i, hasher] of open.entries()) expect(hex(hasher.digest())).toBe(known[2 * i]);
  });

  test("a hasher that gave its digest takes nothing more", () => {
    const spent = kernel.hasher(algorithm).update(bytes);
    expect(hex(spent.digest())).toBe(known[MOST]);
    expect(() => spent.digest()).toThrow(TypeError);
    expect(() => spent.update(bytes)).toThrow(TypeError);
    // Others are as they were.
    expect(hex(kernel.hasher(algorithm).digest())).toBe(known[0]);
  });

  test("a hasher that gave its digest does not take an empty message either", () => {
    const spent = kernel.hasher(algorithm);
    spent.digest();
    expect(() => spent.update(new Uint8Array())).toThrow(TypeError);
  });

  test("a digest that was given does not change with later work", () => {
    const digest = kernel[algorithm](bytes);
    kernel[algorithm](bytes.subarray(1));
    expect(hex(digest)).toBe(known[MOST]);
  });

  test("a view into a larger buffer is hashed from its own start to its own end", () => {
    const buffer = Uint8Array.from({ length: 1000 }, (_, i) => (i < 500 ? 0xaa : 0x55));
    buffer.set(bytes, 321);
    expect(oneShot(buffer.subarray(321, 321 + MOST))).toBe(known[MOST]);
  });

  test("messages larger than the kernel's memory give their digests, whole or in parts", () => {
    for (const length of [5 << 20, (9 << 20) + 13]) {
      const message = Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 24);
      const whole = createHash(algorithm).update(message).digest("hex");
      expect(oneShot(message)).toBe(whole);
      const hasher = kernel.hasher(algorithm);
      for (let at = 0, step = 1; at < length; at += step, step = (step * 5) % 1_234_577) {
        hasher.update(message.subarray(at, at + step));
      }
      expect(hex(hasher.digest()), `${length} bytes in parts`).toBe(whole);
    }
  });
});

test("a hasher of each kind can be open at once", () => {
  const first = kernel.hasher("sha256").update(bytes.subarray(0, 70));
  const second = kernel.hasher("sha512").update(bytes.subarray(0, 70));
  first.update(bytes.subarray(70));
  second.update(bytes.subarray(70));
  expect(hex(second.digest())).toBe(createHash("sha512").update(bytes).digest("hex"));
  expect(hex(first.digest())).toBe(createHash("sha256").update(bytes).digest("hex"));
});
