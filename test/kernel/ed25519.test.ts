import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Ed25519Status } from "../../src/kernel/ed25519.js";
import { kernel } from "../kernel.js";
import { vectors } from "../vectors.js";
import {
  BASE,
  L,
  SMALL_ORDER_ENCODINGS,
  challenge,
  cofactorless,
  craft,
  decodePoint,
  encodePoint,
  littleEndian,
  mod,
  modelVerify,
  multiply,
  toBytes,
} from "./ed25519-model.js";
import { RFC_8032, cctv, wycheproof } from "./ed25519-vectors.js";
import { stream } from "./stream.js";

const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): Ed25519Status =>
  kernel.checkEd25519({ key, message, signature });

describe("published vectors", () => {
  test.each(RFC_8032)("RFC 8032, section 7.1, $name", ({ claim, expected }) => {
    expect(kernel.checkEd25519(claim)).toBe(expected);
    expect(modelVerify(claim)).toBe(expected);
    const message = join(claim.message, Uint8Array.of(0));
    expect(kernel.checkEd25519({ ...claim, message })).toBe("equation");
  });

  test.skipIf(!vectors.present)("Wycheproof", () => {
    const cases = wycheproof();
    expect(cases.length).toBe(151);
    for (const { name, claim, valid } of cases) {
      if (claim.signature.length !== 64) {
        expect(valid, name).toBe(false);
        expect(() => kernel.checkEd25519(claim), name).toThrow(TypeError);
        continue;
      }
      const status = kernel.checkEd25519(claim);
      expect(status === "ok", name).toBe(valid);
      expect(status, name).toBe(modelVerify(claim));
    }
  });

  test.skipIf(!vectors.present)("CCTV", () => {
    const cases = cctv();
    expect(cases.length).toBe(914);
    const tally: Partial<Record<Ed25519Status, number>> = {};
    for (const { name, claim, expected } of cases) {
      const status = kernel.checkEd25519(claim);
      expect(status, name).toBe(expected);
      expect(modelVerify(claim), name).toBe(expected);
      tally[status] = (tally[status] ?? 0) + 1;
    }
    expect(tally).toEqual({ "key-order": 300, ok: 212, "key-encoding": 226, "r-encoding": 176 });
  });
});

describe("verification", () => {
  test("accepts what node:crypto signs", () => {
    for (let i = 0; i < 200; i++) {
      const { publicKey, privateKey } = generateKeyPairSync("ed25519");
      const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
      const message = randomBytes(i);
      const signature = sign(null, message, privateKey);
      expect(verify(key, message, signature), hex(key)).toBe("ok");
      if (i % 20 === 0) expect(modelVerify({ key, message, signature })).toBe("ok");
    }
  });

  test(
    "agrees with the model when any byte of the key or signature changes",
    { timeout: 60_000 },
    () => {
      const next = stream("flip");
      const { key, message, signature } = craft(
        littleEndian(next(31)),
        littleEndian(next(31)),
        next(20),
      );
      const good = join(key, signature);
      for (let i = 0; i < good.length; i++) {
        for (const flip of [1, 0x80, 0xff]) {
          const bad = good.slice();
          bad[i] = (bad[i] ?? 0) ^ flip;
          const [A, RS] = [bad.subarray(0, 32), bad.subarray(32)];
          const status = verify(A, message, RS);
          expect(status, `byte ${i} ^ ${flip}`).not.toBe("ok");
          expect(status, `byte ${i} ^ ${flip}`).toBe(
            modelVerify({ key: A, message, signature: RS }),
          );
        }
      }
    },
  );

  test("refuses S = L and S + L", () => {
    const next = stream("range");
    const { key, message, signature } = craft(
      littleEndian(next(31)),
      littleEndian(next(31)),
      next(8),
    );
    const R = signature.subarray(0, 32);
    const S = littleEndian(signature.subarray(32));
    expect(verify(key, message, signature)).toBe("ok");
    for (let more = S + L; more < 2n ** 256n; more += L) {
      expect(verify(key, message, join(R, toBytes(more)))).toBe("s-range");
    }
    for (const edge of [L, L + 1n, 2n ** 253n, 2n ** 256n - 1n]) {
      expect(verify(key, message, join(R, toBytes(edge)))).toBe("s-range");
    }
    for (const edge of [0n, 1n, L - 1n, 2n ** 252n, 2n ** 252n - 1n]) {
      const status = verify(key, message, join(R, toBytes(edge)));
      expect(status).toBe("equation");
      expect(status).toBe(modelVerify({ key, message, signature: join(R, toBytes(edge)) }));
    }
  });

  test("the first rule that fails is the answer", () => {
    const next = stream("order");
    const good = craft(littleEndian(next(31)), littleEndian(next(31)), next(8));
    const low = encodePoint(BASE).fill(0);
    const none = toBytes(2n); // not on the curve
    expect(decodePoint(none)).toBeUndefined();
    const [R, S] = [good.signature.subarray(0, 32), good.signature.subarray(32)];
    const status = (A: Uint8Array, r: Uint8Array, s: Uint8Array) =>
      verify(A, good.message, join(r, s));
    expect(status(none, none, toBytes(L))).toBe("s-range");
    expect(status(none, none, S)).toBe("key-encoding");
    expect(status(low, none, S)).toBe("key-order");
    expect(status(good.key, none, S)).toBe("r-encoding");
    expect(status(good.key, R, toBytes(1n))).toBe("equation");
    expect(status(good.key, R, S)).toBe("ok");
  });

  test("small-order encodings as A and as R", () => {
    expect(SMALL_ORDER_ENCODINGS.length).toBe(14);
    const next = stream("small");
    const secret = littleEndian(next(31));
    const message = next(8);
    const { key } = craft(secret, 1n, message);
    let canonical = 0;
    for (const encoding of SMALL_ORDER_ENCODINGS) {
      const strict = decodePoint(encoding) !== undefined;
      canonical += Number(strict);

      const asKey = join(encodePoint(multiply(BASE, 5n)), toBytes(5n));
      expect(verify(encoding, message, asKey), hex(encoding)).toBe(
        strict ? "key-order" : "key-encoding",
      );

      // The nonce is 0: [S]B = [k]A up to torsion.
      const S = mod(challenge(encoding, key, message) * secret, L);
      const asR = join(encoding, toBytes(S));
      const expected = strict ? "ok" : "r-encoding";
      expect(verify(key, message, asR), hex(encoding)).toBe(expected);
      expect(modelVerify({ key, message, signature: asR }), hex(encoding)).toBe(expected);
    }
    expect(canonical).toBe(8);
  });

  test("torsion in A and R: the cofactored equation accepts", { timeout: 60_000 }, () => {
    const next = stream("mixed");
    let only = 0;
    for (let inKey = 0; inKey < 8; inKey++) {
      for (let inR = 0; inR < 8; inR++) {
        const [secret, nonce] = [littleEndian(next(31)), littleEndian(next(31))];
        const { key, message, signature } = craft(secret, nonce, next(8), inKey, inR);
        expect(verify(key, message, signature)).toBe("ok");
        expect(modelVerify({ key, message, signature })).toBe("ok");
        only += Number(!cofactorless({ key, message, signature }));
      }
    }
    expect(only).toBeGreaterThan(40);
  });
});
