/**
 * Verifier keys of C2SP signed-note: `<name>+<hex key id>+<base64 (type || public key)>`, with
 * key id = SHA-256(name || 0x0A || type || public key)[:4].
 */
import { decodeBase64, encodeBase64 } from "../bytes/base64.js";
import { concatBytes } from "../bytes/concat.js";
import { decodeHex, encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";

/** Signature types that are verified here, with the length of their public keys. */
const KEY_TYPES = {
  /** Ed25519 over the note text. */
  ed25519: { byte: 0x01, length: 32 },
  /** Timestamped Ed25519 cosignature of a checkpoint. */
  "cosignature-ed25519": { byte: 0x04, length: 32 },
  /** Timestamped ML-DSA-44 cosignature of a checkpoint. */
  "cosignature-ml-dsa-44": { byte: 0x06, length: 1312 },
} as const;

export type KeyType = keyof typeof KEY_TYPES;

export interface VerifierKey {
  readonly name: string;
  /** Key id: 8 hexadecimal digits. With the name, it tells which signatures are this key's. */
  readonly keyId: string;
  readonly type: KeyType;
  readonly publicKey: Uint8Array;
}

/** The longest vkey holds an ML-DSA-44 key (1,752 characters of base64) and a name. */
const MAX_LENGTH = 4096;

/** Key names are not empty and hold no Unicode space and no plus (signed-note, "Format"). */
export function isKeyName(name: string): boolean {
  return name !== "" && !/[\p{White_Space}+]/u.test(name) && !hasControl(name);
}

export function parseVkey(kernel: Kernel, text: string): Result<VerifierKey> {
  if (text.length > MAX_LENGTH) {
    return failure("TOO_LARGE", `a vkey of at most ${MAX_LENGTH} characters`, `${text.length}`);
  }
  // The base64 may hold a plus: only the first two separate.
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  const name = text.slice(0, first);
  if (first < 0 || second < 0 || !isKeyName(name)) {
    return failure("MALFORMED", "a vkey: <name>+<key id>+<base64>", abbreviate(text));
  }
  const keyId = text.slice(first + 1, second);
  const material = decodeBase64(text.slice(second + 1));
  if (keyId.length !== 8 || !decodeHex(keyId)) {
    return failure("MALFORMED", "a key id of 8 lowercase hexadecimal digits", abbreviate(keyId));
  }
  if (!material || material.length < 2) {
    return failure("MALFORMED", "base64 of a type byte and a public key", abbreviate(text));
  }
  const type = keyTypeOf(material[0] as number);
  if (!type) {
    const found = `type ${encodeHex(material.subarray(0, 1))} in the key "${name}"`;
    return failure("UNSUPPORTED_KEY", "a key of type 01, 04 or 06", found);
  }
  const publicKey = material.slice(1);
  if (publicKey.length !== KEY_TYPES[type].length) {
    const expected = `a public key of ${KEY_TYPES[type].length} bytes`;
    return failure("MALFORMED", expected, `${publicKey.length} bytes in the key "${name}"`);
  }
  const computed = computeKeyId(kernel, name, type, publicKey);
  if (computed !== keyId) {
    return failure("MALFORMED", `the key id ${computed}, computed from the key`, keyId);
  }
  return ok({ name, keyId, type, publicKey });
}

export function formatVkey(key: VerifierKey): string {
  const material = concatBytes(Uint8Array.of(KEY_TYPES[key.type].byte), key.publicKey);
  return `${key.name}+${key.keyId}+${encodeBase64(material)}`;
}

/** A verifier key with its key id computed; throws on a name or a length that no vkey can have. */
export function makeVerifierKey(
  kernel: Kernel,
  name: string,
  type: KeyType,
  publicKey: Uint8Array,
): VerifierKey {
  if (!isKeyName(name)) {
    throw new TypeError(`a key name holds no space and no plus, and is not empty: "${name}"`);
  }
  if (publicKey.length !== KEY_TYPES[type].length) {
    throw new TypeError(
      `expected ${KEY_TYPES[type].length} bytes of key, found ${publicKey.length}`,
    );
  }
  return { name, keyId: computeKeyId(kernel, name, type, publicKey), type, publicKey };
}

function computeKeyId(kernel: Kernel, name: string, type: KeyType, key: Uint8Array): string {
  const head = Uint8Array.of(0x0a, KEY_TYPES[type].byte);
  return encodeHex(kernel.sha256(concatBytes(encodeUtf8(name), head, key)).subarray(0, 4));
}

function keyTypeOf(byte: number): KeyType | undefined {
  return (Object.keys(KEY_TYPES) as KeyType[]).find((type) => KEY_TYPES[type].byte === byte);
}

/** True for a character below U+0020. */
function hasControl(text: string): boolean {
  return [...text].some((character) => character < " ");
}
