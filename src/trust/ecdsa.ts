/** ECDSA P-256 with SHA-256 through WebCrypto, for roots that other people sign. */
import type { TrustKey } from "./key.js";

/** True if `signature`, in DER, verifies. False also where the platform has no WebCrypto. */
export async function checkEcdsa(
  key: TrustKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const raw = rawSignature(signature);
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (!raw || !subtle) return false;
  try {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const imported = await subtle.importKey("raw", copy(key.material), algorithm, false, [
      "verify",
    ]);
    const how = { name: "ECDSA", hash: "SHA-256" };
    return await subtle.verify(how, imported, raw, copy(message));
  } catch {
    // A point that is not on the curve.
    return false;
  }
}

/** SEQUENCE { INTEGER r, INTEGER s } (RFC 3279, section 2.2.3) to r || s; undefined if it is not DER. */
export function rawSignature(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const raw = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] as number;
    const integer = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 0x02 || integer.length !== length || length === 0) return undefined;
    const [first = 0, second = 0] = integer;
    // Not negative, and no longer than it need be.
    if (first >= 0x80 || (first === 0 && length > 1 && second < 0x80)) return undefined;
    const digits = first === 0 ? integer.subarray(1) : integer;
    if (digits.length > 32) return undefined;
    raw.set(digits, end - digits.length);
    at += 2 + length;
  }
  return at === der.length ? raw : undefined;
}

/** WebCrypto's types want bytes that no SharedArrayBuffer holds. */
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
