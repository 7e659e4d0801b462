/** Signature claims as one buffer, which a worker takes over without a copy of each part. */
import type { SignatureClaim } from "../kernel/ed25519.js";
import { keyBytes } from "../kernel/ed25519.js";

const KEY = 32;
const SIGNATURE = 64;

/** Per claim a u32 message length, then key, signature and message, in the platform's byte order. */
export function packClaims(claims: readonly SignatureClaim[]): Uint8Array<ArrayBuffer> {
  const messages = claims.reduce((sum, { message }) => sum + message.length, 0);
  const bytes = new Uint8Array(claims.length * (4 + KEY + SIGNATURE) + messages);
  const lengths = new Uint32Array(bytes.buffer, 0, claims.length);
  let at = claims.length * 4;
  claims.forEach(({ key, signature, message }, i) => {
    const publicKey = keyBytes(key);
    if (publicKey.length !== KEY || signature.length !== SIGNATURE) {
      throw new TypeError("expected keys of 32 bytes and signatures of 64");
    }
    lengths[i] = message.length;
    bytes.set(publicKey, at);
    bytes.set(signature, at + KEY);
    bytes.set(message, at + KEY + SIGNATURE);
    at += KEY + SIGNATURE + message.length;
  });
  return bytes;
}

export function unpackClaims(bytes: Uint8Array<ArrayBuffer>, count: number): SignatureClaim[] {
  const lengths = new Uint32Array(bytes.buffer, 0, count);
  let at = count * 4;
  return Array.from(lengths, (length) => {
    const end = at + KEY + SIGNATURE + length;
    const claim = {
      key: bytes.subarray(at, at + KEY),
      signature: bytes.subarray(at + KEY, at + KEY + SIGNATURE),
      message: bytes.subarray(at + KEY + SIGNATURE, end),
    };
    at = end;
    return claim;
  });
}
