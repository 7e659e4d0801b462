/** The vectors of NIST's Cryptographic Algorithm Validation Program. */
import { describe, expect, test } from "vitest";
import { kernel } from "../kernel.js";
import { vectors } from "../vectors.js";

const hex = (digest: Uint8Array): string => Buffer.from(digest).toString("hex");

/** Len is in bits; a message of 0 bits is written as one byte that is not there. */
function cases(file: string): { message: Uint8Array; digest: string }[] {
  const text = vectors.text("nist-cavp", file);
  return [...text.matchAll(/^Len = ([0-9]+)\r?\nMsg = ([0-9a-f]+)\r?\nMD = ([0-9a-f]+)/gm)].map(
    ([, bits, message, digest]) => ({
      message: new Uint8Array(Buffer.from(message as string, "hex")).slice(0, Number(bits) / 8),
      digest: digest as string,
    }),
  );
}

describe.skipIf(!vectors.present)("NIST CAVP", () => {
  test.each([
    ["sha256", "SHA256ShortMsg.rsp", 65],
    ["sha256", "SHA256LongMsg.rsp", 64],
    ["sha512", "SHA512ShortMsg.rsp", 129],
    ["sha512", "SHA512LongMsg.rsp", 128],
  ] as const)("%s: %s, %i messages", (algorithm, file, count) => {
    const all = cases(file);
    expect(all).toHaveLength(count);
    for (const { message, digest } of all) {
      expect(hex(kernel[algorithm](message)), `${message.length} bytes`).toBe(digest);
      const hasher = kernel.hasher(algorithm);
      for (const byte of message.subarray(0, 300)) hasher.update(Uint8Array.of(byte));
      expect(hex(hasher.update(message.subarray(300)).digest())).toBe(digest);
    }
    if (algorithm === "sha256") {
      const digests = hex(kernel.sha256Many(all.map(({ message }) => message)));
      expect(digests).toBe(all.map(({ digest }) => digest).join(""));
    }
  });

  test("sha256: the Monte Carlo chain of 100,000 digests", () => {
    const text = vectors.text("nist-cavp", "SHA256Monte.rsp");
    const expected = [...text.matchAll(/^MD = ([0-9a-f]{64})/gm)].map(([, digest]) => digest);
    expect(expected).toHaveLength(100);
    let seed = new Uint8Array(Buffer.from(/^Seed = ([0-9a-f]{64})/m.exec(text)?.[1] ?? "", "hex"));
    for (const [count, digest] of expected.entries()) {
      const last = new Uint8Array(96);
      for (const at of [0, 32, 64]) last.set(seed, at);
      for (let i = 0; i < 1000; i++) {
        const next = kernel.sha256(last);
        last.copyWithin(0, 32);
        last.set(next, 64);
      }
      seed = last.slice(64);
      expect(hex(seed), `COUNT = ${count}`).toBe(digest);
    }
  });
});
