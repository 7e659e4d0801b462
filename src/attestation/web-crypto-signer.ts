/** Signing by a key that WebCrypto holds, which may be one that never leaves the platform. */
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Signer } from "./signer.js";

export interface WebCryptoKeyPair {
  /** Ed25519, with usage `sign`; it need not be extractable. */
  readonly privateKey: CryptoKey;
  /** Ed25519, with usage `verify`, extractable as public keys are. */
  readonly publicKey: CryptoKey;
}

/** What the pair signs to show that it is one: no envelope, note or metadata begins like this. */
const TRIAL = encodeUtf8("writ: whether a private and a public key belong together");

/**
 * A signer by a pair of CryptoKeys (Web Cryptography, Ed25519). It signs and verifies once. Throws a
 * TypeError where the keys are of another algorithm or other usages, or do not belong together.
 */
export async function webCryptoSigner(pair: WebCryptoKeyPair): Promise<Signer> {
  const { privateKey, publicKey } = pair;
  demand(privateKey, "private", "sign");
  demand(publicKey, "public", "verify");
  if (!publicKey.extractable) throw new TypeError("the public key must be extractable");
  const { subtle } = crypto;
  const sign = async (message: Uint8Array): Promise<Uint8Array> =>
    new Uint8Array(await subtle.sign("Ed25519", privateKey, new Uint8Array(message)));
  const trial = new Uint8Array(await sign(TRIAL));
  if (!(await subtle.verify("Ed25519", publicKey, trial, new Uint8Array(TRIAL)))) {
    throw new TypeError("the private and the public key do not belong together");
  }
  return { publicKey: new Uint8Array(await subtle.exportKey("raw", publicKey)), sign };
}

function demand(key: CryptoKey, type: KeyType, usage: KeyUsage): void {
  const { name } = key.algorithm;
  if (name !== "Ed25519" || key.type !== type || !key.usages.includes(usage)) {
    const found = `a ${key.type} key of ${name} for ${key.usages.join(", ") || "nothing"}`;
    throw new TypeError(`expected a ${type} key of Ed25519 for ${usage}, found ${found}`);
  }
}
