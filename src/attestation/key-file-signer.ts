/**
 * Signing by a key file without a passphrase: the one line of Go's note package,
 *
 *     PRIVATE+KEY+<name>+<key id>+<base64 (0x01 || seed)>
 *
 * The key id is the first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key), in hexadecimal.
 * WebCrypto alone sees the seed; the kernel gets public bytes only.
 */
import { decodeAnyBase64, decodeBase64 } from "../bytes/base64.js";
import { concatBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Signer } from "./signer.js";
import { webCryptoSigner } from "./web-crypto-signer.js";

const LINE = /^PRIVATE\+KEY\+([^+\s]{1,1024})\+([0-9a-f]{8})\+([0-9A-Za-z+/=]{44})\n?$/;
const TYPE_ED25519 = 0x01;
/** PKCS #8 of an Ed25519 seed (RFC 8410, section 7): this header, then the 32 bytes. */
const PKCS8_HEADER = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

/**
 * A signer by the key of a key file's text, on any runtime whose WebCrypto has Ed25519. The key that it
 * keeps cannot be extracted. Throws a TypeError on text that is no such file, without quoting it.
 */
export async function keyFileSigner(kernel: Kernel, text: string): Promise<Signer> {
  if (/^\s*\{/.test(text)) {
    throw new TypeError(
      "the key file is encrypted: the command line opens it, this reads plain ones",
    );
  }
  const [, name, keyId, base64] = LINE.exec(text) ?? [];
  const material = decodeBase64(base64 ?? "");
  if (name === undefined || material?.length !== 33) {
    throw new TypeError("not a key file: expected PRIVATE+KEY+<name>+<id>+<base64>");
  }
  if (material[0] !== TYPE_ED25519) {
    throw new TypeError("not a key that signs envelopes: expected type 01, Ed25519");
  }
  const pkcs8 = concatBytes(PKCS8_HEADER, material.subarray(1));
  const publicKey = await publicKeyOf(pkcs8);
  const typed = concatBytes(Uint8Array.of(TYPE_ED25519), publicKey);
  const named = concatBytes(encodeUtf8(`${name}\n`), typed);
  if (encodeHex(kernel.sha256(named).subarray(0, 4)) !== keyId) {
    throw new TypeError("the key file's id is not that of its name and key");
  }
  return await webCryptoSigner({
    privateKey: await importPrivate(pkcs8, false),
    publicKey: await crypto.subtle.importKey("raw", new Uint8Array(publicKey), "Ed25519", true, [
      "verify",
    ]),
  });
}

/** WebCrypto gives a seed's public key only beside the seed, as JSON Web Key (RFC 8037). */
async function publicKeyOf(pkcs8: Uint8Array): Promise<Uint8Array> {
  const { x } = await crypto.subtle.exportKey("jwk", await importPrivate(pkcs8, true));
  const publicKey = decodeAnyBase64(x ?? "");
  if (publicKey?.length !== 32) throw new TypeError("the platform gave no public key");
  return publicKey;
}

async function importPrivate(pkcs8: Uint8Array, extractable: boolean): Promise<CryptoKey> {
  return await crypto.subtle.importKey("pkcs8", new Uint8Array(pkcs8), "Ed25519", extractable, [
    "sign",
  ]);
}
