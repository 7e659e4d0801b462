/** Writing metadata: the signed part in canonical JSON, signatures over it, keys by their ids. */
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeHex } from "../bytes/hex.js";
import { formatOlpc } from "../bytes/olpc.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { KeyRecord } from "./key.js";
import { ed25519Record } from "./key.js";
import type { MetadataType, SignedPart } from "./metadata.js";
import { parseMetadata } from "./metadata.js";

/** Holds an Ed25519 key, or reaches one that it does not hold. */
export interface MetadataSigner {
  readonly publicKey: Uint8Array;
  /** The 64 bytes of an Ed25519 signature over `message`. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

export const SPEC_VERSION = "1.0.34";

/** The key's id: SHA-256 of its record (specification, section 4.2). */
export function keyIdOf(kernel: Kernel, publicKey: Uint8Array): string {
  const record = ed25519Record(publicKey) as Json;
  return encodeHex(kernel.sha256(encodeUtf8(formatOlpc(record))));
}

/** Key records by key id. */
export function keyRecords(
  kernel: Kernel,
  publicKeys: readonly Uint8Array[],
): Record<string, KeyRecord> {
  return Object.fromEntries(publicKeys.map((key) => [keyIdOf(kernel, key), ed25519Record(key)]));
}

/**
 * The file: `{signatures, signed}` in canonical JSON. ASCII strings and integers alone, where OLPC
 * and RFC 8785 agree. Throws on a signed part that this project would not read.
 */
export async function signMetadata<Type extends MetadataType>(
  kernel: Kernel,
  type: Type,
  signed: SignedPart<Type>,
  signers: readonly MetadataSigner[],
): Promise<Uint8Array> {
  const message = formatOlpc(signed as Json);
  if (message !== formatCanonical(signed as Json) || /[^ -~]/.test(message)) {
    throw new TypeError("metadata is written in ASCII strings and integers");
  }
  const signatures: { keyid: string; sig: string }[] = [];
  for (const { publicKey, sign } of new Map(
    signers.map((signer) => [encodeHex(signer.publicKey), signer]),
  ).values()) {
    const sig = encodeHex(await sign(encodeUtf8(message)));
    signatures.push({ keyid: keyIdOf(kernel, publicKey), sig });
  }
  const bytes = encodeUtf8(formatCanonical({ signatures, signed: signed as Json }));
  const parsed = parseMetadata(type, bytes);
  if (!parsed.ok) throw new TypeError(`not ${type} metadata: ${parsed.expected}`);
  return bytes;
}
