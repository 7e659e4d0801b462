/**
 * Ed25519 verification in BigInt, written from RFC 8032, sections 5.1 to 5.1.7, and the one rule of
 * the kernel. Slow and plain on purpose: no code, coordinates or tricks are shared with it.
 */
import { createHash } from "node:crypto";
import type { Ed25519Status, SignatureClaim } from "../../src/kernel/ed25519.js";

export const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;

export const mod = (a: bigint, m = P): bigint => ((a % m) + m) % m;

export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % P;
    if (bit === "1") result = mod(result * base);
  }
  return result;
}

const inverse = (a: bigint): bigint => power(mod(a), P - 2n);

const D = mod(-121665n * inverse(121666n));

/** Projective: x = X / Z, y = Y / Z. The addition law is complete, so it doubles too. */
export interface Point {
  readonly X: bigint;
  readonly Y: bigint;
  readonly Z: bigint;
}

export const ZERO: Point = { X: 0n, Y: 1n, Z: 1n };

export function addPoints(p: Point, q: Point): Point {
  // x3 = (x1 y2 + x2 y1) / (1 + d x1 x2 y1 y2), y3 = (y1 y2 + x1 x2) / (1 - d x1 x2 y1 y2)
  const z = mod(p.Z * q.Z);
  const zz = mod(z * z);
  const cross = mod(D * mod(p.X * q.X) * mod(p.Y * q.Y));
  const plus = mod(zz + cross);
  const minus = mod(zz - cross);
  return {
    X: mod(z * minus * mod(p.X * q.Y + q.X * p.Y)),
    Y: mod(z * plus * mod(p.Y * q.Y + p.X * q.X)),
    Z: mod(plus * minus),
  };
}

export function multiply(p: Point, scalar: bigint): Point {
  let result = ZERO;
  for (const bit of scalar.toString(2)) {
    result = addPoints(result, result);
    if (bit === "1") result = addPoints(result, p);
  }
  return result;
}

export const equalPoints = (p: Point, q: Point): boolean =>
  mod(p.X * q.Z - q.X * p.Z) === 0n && mod(p.Y * q.Z - q.Y * p.Z) === 0n;

export function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

export function toBytes(value: bigint, length = 32): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

export function encodePoint(p: Point): Uint8Array {
  const z = inverse(p.Z);
  return toBytes(mod(p.Y * z) + ((mod(p.X * z) & 1n) << 255n));
}

/** `strict` refuses y >= p, and x = 0 with the sign bit. Both are refused by RFC 8032. */
export function decodePoint(bytes: Uint8Array, strict = true): Point | undefined {
  const value = littleEndian(bytes);
  const sign = value >> 255n;
  const y = value & (2n ** 255n - 1n);
  if (strict && y >= P) return undefined;
  const xx = mod((y * y - 1n) * inverse(D * y * y + 1n));
  const root = power(xx, (P + 3n) / 8n);
  const x = [root, mod(root * power(2n, (P - 1n) / 4n))].find((r) => mod(r * r) === xx);
  if (x === undefined) return undefined;
  if (strict && x === 0n && sign === 1n) return undefined;
  return { X: (x & 1n) === sign ? x : mod(-x), Y: mod(y), Z: 1n };
}

/** y = 4 / 5, x even. */
export const BASE = decodePoint(toBytes(mod(4n * inverse(5n)))) ?? ZERO;

export function challenge(R: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  const digest = createHash("sha512").update(R).update(key).update(message).digest();
  return littleEndian(digest) % L;
}

export interface PlainClaim extends SignatureClaim {
  readonly key: Uint8Array;
}

/** The status that the kernel must give. */
export function modelVerify({ key, message, signature }: PlainClaim): Ed25519Status {
  const S = littleEndian(signature.subarray(32));
  if (S >= L) return "s-range";
  const A = decodePoint(key);
  if (A === undefined) return "key-encoding";
  if (equalPoints(multiply(A, 8n), ZERO)) return "key-order";
  const R = decodePoint(signature.subarray(0, 32));
  if (R === undefined) return "r-encoding";
  const k = challenge(signature.subarray(0, 32), key, message);
  const left = multiply(multiply(BASE, S), 8n);
  const right = addPoints(multiply(R, 8n), multiply(multiply(A, k), 8n));
  return equalPoints(left, right) ? "ok" : "equation";
}

/** The equation without the cofactor: [S]B = R + [k]A. */
export function cofactorless({ key, message, signature }: PlainClaim): boolean {
  const A = decodePoint(key, false);
  const R = decodePoint(signature.subarray(0, 32), false);
  if (A === undefined || R === undefined) return false;
  const k = challenge(signature.subarray(0, 32), key, message);
  const S = littleEndian(signature.subarray(32));
  return equalPoints(multiply(BASE, S), addPoints(R, multiply(A, k)));
}

/** The eight points whose order divides 8. */
export const TORSION: readonly Point[] = (() => {
  // [L] of a point leaves its torsion component; the first y whose point gives order 8 serves.
  for (let y = 2n; ; y++) {
    const p = decodePoint(toBytes(y));
    if (p === undefined) continue;
    const t = multiply(p, L);
    if (equalPoints(multiply(t, 4n), ZERO)) continue;
    return Array.from({ length: 8 }, (_, i) => multiply(t, BigInt(i)));
  }
})();

/** Every 32-byte string that a lenient decoder takes for one of them: 8 canonical ones, 6 not. */
export const SMALL_ORDER_ENCODINGS: readonly Uint8Array[] = (() => {
  const found = new Map<bigint, Uint8Array>();
  for (const point of TORSION) {
    const y = littleEndian(encodePoint(point)) & (2n ** 255n - 1n);
    for (const same of [y, y + P]) {
      for (const sign of [0n, 1n]) {
        if (same < 2n ** 255n) found.set(same + (sign << 255n), toBytes(same + (sign << 255n)));
      }
    }
  }
  return [...found.values()];
})();

/**
 * Signs with scalars in the open, so that torsion can be added to A and R: the index of a point of
 * TORSION.
 */
export function craft(
  secret: bigint,
  nonce: bigint,
  message: Uint8Array,
  inKey = 0,
  inR = 0,
): PlainClaim {
  const torsion = (i: number) => TORSION[i] ?? ZERO;
  const key = encodePoint(addPoints(multiply(BASE, secret), torsion(inKey)));
  const R = encodePoint(addPoints(multiply(BASE, nonce), torsion(inR)));
  const S = mod(nonce + challenge(R, key, message) * secret, L);
  return { key, message, signature: Uint8Array.from([...R, ...toBytes(S)]) };
}
