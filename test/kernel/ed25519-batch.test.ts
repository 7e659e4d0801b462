import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  ED25519_BATCH_JOBS,
  ED25519_BATCH_JOB_BYTES,
  ED25519_BATCH_WORK_BYTES,
  ED25519_JOB_BYTES,
} from "../../assembly/abi.js";
import type { Ed25519Status, SignatureClaim } from "../../src/kernel/ed25519.js";
import { kernel } from "../kernel.js";
import { vectors } from "../vectors.js";
import type { PlainClaim } from "./ed25519-model.js";
import {
  L,
  SMALL_ORDER_ENCODINGS,
  challenge,
  craft,
  littleEndian,
  mod,
  modelVerify,
  toBytes,
} from "./ed25519-model.js";
import { cctv, wycheproof } from "./ed25519-vectors.js";
import { inside, memory, slot } from "./inside.js";
import { stream } from "./stream.js";

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const numberFrom = (bytes: Uint8Array): number => Number(littleEndian(bytes.subarray(0, 6)));

/** What node:crypto signs, each with a key of its own or all with one. */
function signed(count: number, oneKey = false): PlainClaim[] {
  let pair = generateKeyPairSync("ed25519");
  return Array.from({ length: count }, (_, i) => {
    if (!oneKey) pair = generateKeyPairSync("ed25519");
    const key = Uint8Array.from(
      pair.publicKey.export({ format: "der", type: "spki" }).subarray(-32),
    );
    const message = new Uint8Array(i % 150).fill(i);
    return { key, message, signature: Uint8Array.from(sign(null, message, pair.privateKey)) };
  });
}

const split = ({ signature }: PlainClaim): [R: Uint8Array, S: Uint8Array] => [
  signature.slice(0, 32),
  signature.slice(32),
];
/** Adds a number to S modulo L: still in range, no longer a signature. */
function shift(claim: PlainClaim, by: bigint): PlainClaim {
  const [R, S] = split(claim);
  return { ...claim, signature: join(R, toBytes(mod(littleEndian(S) + by, L))) };
}
const spoil = (claim: PlainClaim): PlainClaim => shift(claim, 1n);

const good = signed(1000);
const pick = (i: number): PlainClaim => good[i % good.length] as PlainClaim;

/** Cases of every status, with what they are alone. */
const edge: { claim: PlainClaim; expected: Ed25519Status }[] = (() => {
  const next = stream("edge");
  const scalar = () => littleEndian(next(31));
  const claims: PlainClaim[] = [];
  for (let inKey = 0; inKey < 8; inKey++) {
    for (let inR = 0; inR < 8; inR++) {
      const claim = craft(scalar(), scalar(), next(8), inKey, inR);
      claims.push(claim, spoil(claim));
    }
  }
  const secret = scalar();
  const { key, message, signature } = craft(secret, 1n, next(8));
  for (const encoding of SMALL_ORDER_ENCODINGS) {
    const S = mod(challenge(encoding, key, message) * secret, L);
    claims.push({ key: encoding, message, signature });
    claims.push({ key, message, signature: join(encoding, toBytes(S)) });
  }
  claims.push({ key, message, signature: join(signature.subarray(0, 32), toBytes(L)) });
  if (vectors.present) {
    claims.push(...cctv().map(({ claim }) => claim));
    claims.push(
      ...wycheproof().flatMap(({ claim }) => (claim.signature.length === 64 ? claim : [])),
    );
  }
  return claims.map((claim) => ({ claim, expected: kernel.checkEd25519(claim) }));
})();

test("the edge cases have every status", () => {
  expect([...new Set(edge.map(({ expected }) => expected))].sort()).toEqual(
    ["equation", "key-encoding", "key-order", "ok", "r-encoding", "s-range"].sort(),
  );
});

describe("one rule", () => {
  test("with a prepared key", () => {
    for (const { claim, expected } of edge) {
      const prepared = kernel.prepareKey(claim.key);
      expect(kernel.checkEd25519({ ...claim, key: prepared })).toBe(expected);
      expect(prepared.bytes).toEqual(claim.key);
    }
  });

  test.each([1, 2, 3, 4, 7, 64, 200])("at any place in a batch of %i", (size) => {
    for (let i = 0; i < edge.length; i++) {
      const claims: SignatureClaim[] = Array.from({ length: size }, (_, j) => pick(i + j));
      const statuses = claims.map((): Ed25519Status => "ok");
      // Three cases at once, so that over all batches each has been first, in the middle and last.
      for (const [turn, place] of [0, size >> 1, size - 1].entries()) {
        const { claim, expected } = edge[(i + 17 * turn) % edge.length] as (typeof edge)[0];
        claims[place] = i % 2 ? claim : { ...claim, key: kernel.prepareKey(claim.key) };
        statuses[place] = expected;
      }
      expect(kernel.checkEd25519Many(claims)).toEqual(statuses);
    }
  });

  test.each([2, 5, 7, 8, 20])("with prepared keys alone, %i at a time", (size) => {
    for (let from = 0; from < edge.length; from += size) {
      const part = edge.slice(from, from + size);
      const claims = part.map(({ claim }) => ({ ...claim, key: kernel.prepareKey(claim.key) }));
      expect(kernel.checkEd25519Many(claims)).toEqual(part.map(({ expected }) => expected));
    }
  });

  test("all cases in one batch, and prepared in one", () => {
    const expected = edge.map((one) => one.expected);
    expect(kernel.checkEd25519Many(edge.map(({ claim }) => claim))).toEqual(expected);
    const prepared = edge.map(({ claim }) => ({ ...claim, key: kernel.prepareKey(claim.key) }));
    expect(kernel.checkEd25519Many(prepared)).toEqual(expected);
  });

  test("mutations, against the model", () => {
    const next = stream("mutations");
    const claims = good.slice(0, 300).map((claim, i) => {
      const bytes = join(claim.key, claim.signature);
      const at = numberFrom(next(6)) % bytes.length;
      if (i % 3 > 0) bytes[at] = (bytes[at] as number) ^ (1 << (i % 8));
      return { ...claim, key: bytes.slice(0, 32), signature: bytes.slice(32) };
    });
    const expected = claims.map(modelVerify);
    expect(kernel.checkEd25519Many(claims)).toEqual(expected);
    expect(claims.map((claim) => kernel.checkEd25519(claim))).toEqual(expected);
    for (let from = 0; from < claims.length; from += 5) {
      expect(kernel.checkEd25519Many(claims.slice(from, from + 5))).toEqual(
        expected.slice(from, from + 5),
      );
    }
  });
});

describe("culprits", () => {
  const statusOf = (bad: boolean): Ed25519Status => (bad ? "equation" : "ok");
  const check = (claims: PlainClaim[], bad: (i: number) => boolean, seed?: Uint8Array) =>
    expect(
      kernel.checkEd25519Many(
        claims.map((claim, i) => (bad(i) ? spoil(claim) : claim)),
        seed,
      ),
    ).toEqual(claims.map((_, i) => statusOf(bad(i))));

  test.each([1, 2, 3, 4, 5, 6])("every subset of %i", (size) => {
    const one = signed(size, true);
    for (let subset = 0; subset < 2 ** size; subset++) {
      check(good.slice(0, size), (i) => ((subset >> i) & 1) === 1);
      check(one, (i) => ((subset >> i) & 1) === 1);
    }
  });

  test.each([100, 193, 300, 1000])("subsets of %i", (size) => {
    const next = stream(`subsets ${size}`);
    const one = signed(size, true);
    for (const share of [1, 2, 10, 128, 255, 256]) {
      const draws = next(size);
      check(good.slice(0, size), (i) => (draws[i] as number) < share);
      check(one, (i) => (draws[i] as number) < share);
    }
    for (const place of [0, 1, size >> 1, size - 1]) check(good.slice(0, size), (i) => i === place);
  });

  test("faults that cancel out without coefficients", () => {
    for (const size of [4, 8, 50, 250]) {
      for (const by of [1n, 2n ** 100n, L - 1n]) {
        const claims = good.slice(0, size);
        claims[1] = shift(pick(1), by);
        claims[size - 2] = shift(pick(size - 2), -by);
        const expected = claims.map((_, i) => statusOf(i === 1 || i === size - 2));
        expect(kernel.checkEd25519Many(claims)).toEqual(expected);
      }
      const claims = good.slice(0, size);
      const [R0, S0] = split(pick(0));
      const [R1, S1] = split(pick(1));
      claims[0] = { ...pick(0), signature: join(R1, S0) };
      claims[1] = { ...pick(1), signature: join(R0, S1) };
      expect(kernel.checkEd25519Many(claims)).toEqual(claims.map((_, i) => statusOf(i < 2)));
    }
  });

  test("the same signature many times, good or bad", () => {
    for (const size of [2, 4, 100, 300]) {
      check(Array<PlainClaim>(size).fill(pick(0)), () => false);
      check(Array<PlainClaim>(size).fill(pick(0)), () => true);
      check(Array<PlainClaim>(size).fill(pick(0)), (i) => i % 2 === 1);
    }
  });

  test("the seed changes no status; it has 32 bytes", () => {
    const next = stream("seed");
    for (let i = 0; i < 5; i++) check(good.slice(0, 100), (j) => j % 7 === 0, next(32));
    expect(() => kernel.checkEd25519Many(good.slice(0, 8), new Uint8Array(31))).toThrow(TypeError);
  });
});

test("more than one call takes, messages long and short", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = Uint8Array.from(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  const long = [0, 1, 65_535, 1 << 20, (1 << 20) + 1, 5_000_000].map((length) => {
    const message = new Uint8Array(length).fill(7);
    return { key, message, signature: Uint8Array.from(sign(null, message, privateKey)) };
  });
  const claims = Array.from({ length: 2500 }, (_, i) =>
    i % 50 === 0 ? (long[(i / 50) % long.length] as PlainClaim) : pick(i),
  );
  const bad = new Set([0, 50, 1023, 1024, 2499]);
  const spoiled = claims.map((claim, i) => (bad.has(i) ? spoil(claim) : claim));
  expect(kernel.checkEd25519Many(spoiled)).toEqual(
    claims.map((_, i) => (bad.has(i) ? "equation" : "ok")),
  );
  expect(kernel.checkEd25519Many([])).toEqual([]);
});

test("more prepared keys than tables, and each of them twice", () => {
  const claims = good
    .slice(0, 150)
    .map((claim) => ({ ...claim, key: kernel.prepareKey(claim.key) }));
  for (const claim of [...claims, ...claims]) {
    expect(kernel.checkEd25519(claim)).toBe("ok");
    expect(kernel.checkEd25519({ ...claim, message: Uint8Array.of(1, 2, 3) })).toBe("equation");
  }
  const again = kernel.prepareKey(pick(0).key);
  expect(kernel.checkEd25519({ ...pick(0), key: again })).toBe("ok");
  expect(() => kernel.prepareKey(new Uint8Array(31))).toThrow(TypeError);
});

test("coefficients are those that coefficients.ts describes", () => {
  const next = stream("coefficients");
  const seed = next(32);
  const [ITEM_BYTES, ITEM_DIGEST, ITEM_Z] = [
    inside.ITEM_BYTES.value,
    inside.ITEM_DIGEST.value,
    inside.ITEM_Z.value,
  ];
  for (const count of [1, 3, 4, 9]) {
    const [jobs, inputs, items] = [slot(1), slot(100), slot(200)];
    memory.set(seed, slot(0));
    const hash = createHash("sha512").update("writ ed25519 batch\0").update(seed);
    hash.update(toBytes(BigInt(count), 4));
    for (let i = 0; i < count; i++) {
      const parts = next(160);
      const at = inputs + 160 * i;
      memory.set(parts, at);
      memory.set(parts.subarray(96), items + i * ITEM_BYTES + ITEM_DIGEST);
      // The second job has a status already.
      const record = [at, at + 32, 0, 0, 0, i === 1 ? 2 : 0, 0, 0];
      new Uint32Array(memory.buffer, jobs + i * ED25519_JOB_BYTES, 8).set(record);
      if (i !== 1) hash.update(parts);
    }
    inside.deriveCoefficients(jobs, count, items, slot(0));
    const digest = hash.digest();
    for (let i = 0; i < count; i++) {
      const four = createHash("sha512")
        .update(digest)
        .update(toBytes(BigInt(i >> 2), 4))
        .digest();
      const at = items + i * ITEM_BYTES + ITEM_Z;
      expect(memory.slice(at, at + 16)).toEqual(
        Uint8Array.from(four.subarray(16 * (i & 3), 16 * (i & 3) + 16)),
      );
    }
  }
});

test("the host reserves what a batch needs", () => {
  for (let count = 1; count <= ED25519_BATCH_JOBS; count++) {
    const reserved = BigInt(count * ED25519_BATCH_JOB_BYTES + ED25519_BATCH_WORK_BYTES);
    expect(reserved).toBeGreaterThanOrEqual(inside.batchBytes(count));
  }
});
