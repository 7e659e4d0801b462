import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Digester } from "../../src/attestation/digest.js";
import { matchDigests, measureArtifact, openDigester } from "../../src/attestation/digest.js";
import { kernel } from "../kernel.js";
import { bytes } from "./keys.js";

/** The digest of "abc" that each standard prints (FIPS 180-4, FIPS 202, RFC 7693, BLAKE3, GB/T 32905). */
const ABC: Readonly<Record<string, string>> = {
  sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  sha384:
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed" +
    "8086072ba1e7cc2358baeca134c825a7",
  sha512:
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  sha3_256: "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
  sha3_384:
    "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2" +
    "98d88cea927ac7f539f1edf228376d25",
  sha3_512:
    "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e" +
    "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
  blake2b:
    "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1" +
    "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
  blake2s: "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",
  blake3: "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
  sm3: "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
};
const ALGORITHMS = Object.keys(ABC);

/** Other implementations: node:crypto's, and for BLAKE3 that of @noble/hashes. */
function independent(algorithm: string, message: Uint8Array): string {
  if (algorithm === "blake3") return Buffer.from(blake3(message)).toString("hex");
  const name = { blake2b: "blake2b512", blake2s: "blake2s256" }[algorithm];
  return createHash(name ?? algorithm.replace("_", "-"))
    .update(message)
    .digest("hex");
}

async function opened(algorithm: string): Promise<Digester> {
  const digester = await openDigester(kernel, algorithm);
  if (!digester.ok) throw new Error(`${digester.code}: ${digester.found}`);
  return digester.value;
}

async function digestOf(algorithm: string, ...parts: readonly Uint8Array[]): Promise<string> {
  const digester = await opened(algorithm);
  for (const part of parts) digester.update(part);
  return digester.digest();
}

async function measured(
  algorithms: readonly string[],
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Readonly<Record<string, string>>> {
  const set = await measureArtifact(kernel, algorithms, chunks);
  if (!set.ok) throw new Error(`${set.code}: ${set.found}`);
  return set.value;
}

const sample = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 131 + (i >> 8)) & 0xff);

describe.each(ALGORITHMS)("%s", (algorithm) => {
  test("is what its standard prints", async () => {
    expect(await digestOf(algorithm, bytes("abc"))).toBe(ABC[algorithm]);
  });

  test("agrees with another implementation around every block and buffer", async () => {
    const around = [64, 128, 1024, 2048, 16_384, 32_768, 65_536].flatMap((at) => [
      at - 1,
      at,
      at + 1,
    ]);
    const lengths = [...Array.from({ length: 300 }, (_, i) => i), ...around, 1_000_003];
    for (const length of lengths) {
      const message = sample(length);
      expect(await digestOf(algorithm, message), `${length}`).toBe(independent(algorithm, message));
    }
  });

  test("is the same at every split point of small messages", async () => {
    for (const length of [0, 1, 137, 200]) {
      const message = sample(length);
      const whole = independent(algorithm, message);
      for (let at = 0; at <= length; at++) {
        const digest = await digestOf(algorithm, message.subarray(0, at), message.subarray(at));
        expect(digest, `${at} of ${length}`).toBe(whole);
      }
    }
  });

  test("is the same byte by byte, and in parts of any lengths", async () => {
    const message = sample(3000);
    const single = Array.from({ length: 3000 }, (_, i) => message.subarray(i, i + 1));
    expect(await digestOf(algorithm, ...single)).toBe(independent(algorithm, message));
    const long = sample(70_000);
    const cuts = fc.array(fc.nat(70_000), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, async (all) => {
        const places = [0, ...all.sort((a, b) => a - b), 70_000];
        const parts = places.slice(1).map((end, i) => long.subarray(places[i], end));
        expect(await digestOf(algorithm, ...parts)).toBe(independent(algorithm, long));
      }),
      { numRuns: 20 },
    );
  });

  test("takes nothing more once it has given its digest", async () => {
    const digester = await opened(algorithm);
    digester.digest();
    expect(() => digester.update(bytes("a"))).toThrow(TypeError);
    expect(() => digester.digest()).toThrow(TypeError);
  });

  test("takes bytes and nothing else", async () => {
    const digester = await opened(algorithm);
    for (const wrong of ["abc", [97], Uint16Array.of(97), new ArrayBuffer(3), undefined]) {
      expect(() => digester.update(wrong as unknown as Uint8Array)).toThrow(TypeError);
    }
    digester.update(Buffer.from("abc"));
    expect(digester.digest()).toBe(ABC[algorithm]);
  });
});

test("any number of digests may be open at once", async () => {
  const messages = Array.from({ length: 8 }, (_, i) => sample(5000 + i));
  const open = await Promise.all(
    ALGORITHMS.flatMap((algorithm) =>
      messages.map(async (message) => ({ algorithm, message, digester: await opened(algorithm) })),
    ),
  );
  for (let at = 0; at < 5010; at += 700) {
    for (const { digester, message } of open) digester.update(message.subarray(at, at + 700));
  }
  for (const { algorithm, message, digester } of open) {
    expect(digester.digest()).toBe(independent(algorithm, message));
  }
});

describe("what is not computed", () => {
  test.each([
    // Collisions within reach, or nearer than 128 bits.
    ["md5", "sha1", "ripemd160", "sha224", "sha512_224", "sha3_224"],
    // No one length or meaning, or no stream of bytes.
    [
      "shake128",
      "shake256",
      "gost",
      "gitCommit",
      "gitTree",
      "gitBlob",
      "gitTag",
      "dirHash",
      "dirHash1",
    ],
    [
      "sha512_256",
      "whirlpool",
      "crc32",
      "keccak",
      "blake2b_256",
      "sha3",
      "sha-256",
      "SHA256",
      "sha256 ",
    ],
    ["", "__proto__", "constructor", "toString", "0", "x".repeat(10_000)],
  ])("%s and others are UNSUPPORTED_DIGEST", async (...algorithms) => {
    for (const algorithm of algorithms) {
      const result = await openDigester(kernel, algorithm);
      expect(result, algorithm).toMatchObject({ ok: false, code: "UNSUPPORTED_DIGEST" });
      if (!result.ok) expect(result.found.length).toBeLessThan(80);
    }
  });
});

describe("measuring an artifact", () => {
  test("by many algorithms in one pass, from a stream or an array", async () => {
    const message = sample(100_000);
    const parts = Array.from({ length: 10 }, (_, i) =>
      message.subarray(i * 10_000, (i + 1) * 10_000),
    );
    const expected = Object.fromEntries(
      ALGORITHMS.map((name) => [name, independent(name, message)]),
    );
    expect(await measured(ALGORITHMS, parts)).toEqual(expected);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of parts) controller.enqueue(part);
        controller.close();
      },
    });
    expect(await measured([...ALGORITHMS, ...ALGORITHMS], stream)).toEqual(expected);
  });

  test("an empty one, and one of empty parts", async () => {
    const expected = {
      sha256: independent("sha256", bytes("")),
      sm3: independent("sm3", bytes("")),
    };
    expect(await measured(["sha256", "sm3"], [])).toEqual(expected);
    expect(await measured(["sha256", "sm3"], [bytes(""), bytes("")])).toEqual(expected);
  });

  test("a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "writ-digest-"));
    try {
      const content = sample(3_000_000);
      writeFileSync(join(folder, "artifact"), content);
      const stream = createReadStream(join(folder, "artifact"));
      expect(await measured(["sha512", "blake3"], stream)).toEqual({
        sha512: independent("sha512", content),
        blake3: independent("blake3", content),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("nothing of a stream is kept: 256 MiB in one buffer that is written over", async () => {
    const mib = 1 << 20;
    const hashes = { sha256: createHash("sha256"), blake2b: createHash("blake2b512") };
    async function* overwritten(): AsyncGenerator<Uint8Array> {
      const buffer = new Uint8Array(mib);
      for (let i = 0; i < 256; i++) {
        buffer.fill(i);
        for (const hash of Object.values(hashes)) hash.update(buffer);
        yield buffer;
      }
    }
    const before = process.memoryUsage();
    const set = await measured(["sha256", "blake2b"], overwritten());
    const after = process.memoryUsage();
    expect(set).toEqual({
      sha256: hashes.sha256.digest("hex"),
      blake2b: hashes.blake2b.digest("hex"),
    });
    const grown = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed;
    expect(grown).toBeLessThan(100 * mib);
  });

  test("an algorithm that cannot be computed refuses it before anything is read", async () => {
    let read = 0;
    function* counted(): Generator<Uint8Array> {
      read += 1;
      yield bytes("a");
    }
    for (const names of [["sha1"], ["sha256", "gitCommit"], ["blake3", "blake4", "sha256"]]) {
      expect(await measureArtifact(kernel, names, counted())).toMatchObject({
        ok: false,
        code: "UNSUPPORTED_DIGEST",
      });
    }
    expect(read).toBe(0);
  });

  test("what the stream throws comes through, and text is not bytes", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes("a");
      throw new RangeError("the disk");
    }
    await expect(measureArtifact(kernel, ["sha256"], broken())).rejects.toThrow("the disk");
    const chunks = ["abc"] as unknown as Uint8Array[];
    await expect(measureArtifact(kernel, ["sha256"], chunks)).rejects.toThrow(TypeError);
  });
});

describe("matching", () => {
  const [one, other] = ["ab".repeat(32), "cd".repeat(32)];

  test.each([
    ["one, equal", { sha256: one }, { sha256: one }],
    ["one of more that were measured", { sha256: one }, { sha256: one, sha512: other }],
    ["all of two", { sha256: one, sm3: other }, { sm3: other, sha256: one }],
  ])("%s", (_, expected, found) => {
    expect(matchDigests(expected, found)).toEqual({ ok: true, value: undefined });
  });

  test.each([
    ["one, other", { sha256: one }, { sha256: other }, "DIGEST"],
    [
      "one equal, one other: in-toto would match them",
      { sha256: one, sm3: one },
      { sha256: one, sm3: other },
      "DIGEST",
    ],
    [
      "one equal, one not measured",
      { sha256: one, sha1: "ab" },
      { sha256: one },
      "UNSUPPORTED_DIGEST",
    ],
    ["the same digest of another algorithm", { sha256: one }, { sm3: one }, "UNSUPPORTED_DIGEST"],
    ["nothing measured", { sha256: one }, {}, "UNSUPPORTED_DIGEST"],
    ["a prefix", { sha256: one.slice(2) }, { sha256: one }, "DIGEST"],
    ["capitals", { sha256: one.toUpperCase() }, { sha256: one }, "DIGEST"],
    ["an algorithm with a name of the language", { constructor: "ab" }, {}, "UNSUPPORTED_DIGEST"],
    ["nothing expected", {}, { sha256: one }, "MISSING"],
    ["nothing at all", {}, {}, "MISSING"],
  ])("not %s", (_, expected, found, code) => {
    const sets = [expected, found] as [Record<string, string>, Record<string, string>];
    expect(matchDigests(...sets)).toMatchObject({ ok: false, code });
  });

  test("of what differs, both are shown", () => {
    expect(matchDigests({ sha256: one }, { sha256: other })).toEqual({
      ok: false,
      code: "DIGEST",
      expected: `"sha256" ${one}`,
      found: other,
    });
  });

  test("one bit of an artifact is enough", async () => {
    const artifact = sample(5000);
    const expected = await measured(["sha256", "blake3"], [artifact]);
    expect(matchDigests(expected, await measured(["sha256", "blake3"], [artifact])).ok).toBe(true);
    artifact[4999]! ^= 0x80;
    expect(matchDigests(expected, await measured(["blake3", "sha256"], [artifact]))).toMatchObject({
      code: "DIGEST",
    });
  });
});
