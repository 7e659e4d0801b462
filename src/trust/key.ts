/**
 * Keys of TUF metadata (specification, section 4.2): Ed25519 in hexadecimal, as we write them, and
 * ECDSA P-256, as other repositories have them: a PEM SubjectPublicKeyInfo, or an uncompressed point
 * in hexadecimal.
 */
import * as v from "valibot";
import { decodeBase64 } from "../bytes/base64.js";
import { decodeHex, encodeHex } from "../bytes/hex.js";

export type KeyRecord = {
  readonly keytype: string;
  readonly scheme: string;
  readonly keyval: { readonly public: string };
};

/** @internal */
export const keySchema: v.GenericSchema<unknown, KeyRecord> = v.looseObject({
  keytype: v.string("a key type"),
  scheme: v.string("a signature scheme"),
  keyval: v.looseObject({ public: v.string("a public key") }),
});

/** A key that is verified here. */
export interface TrustKey {
  readonly algorithm: "ed25519" | "ecdsa-p256";
  /** 32 bytes, or the 65 bytes of an uncompressed point. */
  readonly material: Uint8Array;
  /** What makes two keys one, whatever their key ids: the algorithm and the material. */
  readonly identity: string;
}

/** DER of a SubjectPublicKeyInfo of P-256 up to the point (RFC 5480, sections 2 and 2.1.1.1). */
const P256_HEADER = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

/** Undefined for a key that is not verified here: it never counts toward a threshold. */
export function readKey({ keytype, scheme, keyval }: KeyRecord): TrustKey | undefined {
  if (keytype === "ed25519" && scheme === "ed25519") {
    const material = decodeHex(keyval.public);
    return material?.length === 32 ? trustKey("ed25519", material) : undefined;
  }
  // Sigstore wrote the scheme's name as the key type up to root 8.
  const ecdsa = keytype === "ecdsa" || keytype === "ecdsa-sha2-nistp256";
  if (!ecdsa || scheme !== "ecdsa-sha2-nistp256") return undefined;
  const point = keyval.public.startsWith("-----")
    ? pointOfPem(keyval.public)
    : decodeHex(keyval.public);
  return point?.length === 65 && point[0] === 4 ? trustKey("ecdsa-p256", point) : undefined;
}

function trustKey(algorithm: TrustKey["algorithm"], material: Uint8Array): TrustKey {
  return { algorithm, material, identity: `${algorithm}:${encodeHex(material)}` };
}

function pointOfPem(pem: string): Uint8Array | undefined {
  const [, body] =
    /^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END PUBLIC KEY-----\n?$/.exec(pem) ??
    [];
  const der = body === undefined ? undefined : decodeBase64(body.replaceAll("\n", ""));
  if (!der) return undefined;
  const hex = encodeHex(der);
  return hex.startsWith(P256_HEADER) ? decodeHex(hex.slice(P256_HEADER.length)) : undefined;
}

/** The record of an Ed25519 key, as we write it. */
export function ed25519Record(publicKey: Uint8Array): KeyRecord {
  return { keytype: "ed25519", scheme: "ed25519", keyval: { public: encodeHex(publicKey) } };
}
