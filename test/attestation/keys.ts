/** Ed25519 keys of the tests, by node:crypto, which has nothing of ours in it. */
import type { KeyObject } from "node:crypto";
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import type { UnverifiedEnvelope } from "../../src/attestation/dsse.js";
import { preAuthEncoding } from "../../src/attestation/dsse.js";
import type { Signer } from "../../src/attestation/signer.js";

export interface TestSigner extends Signer {
  readonly seed: Uint8Array;
  readonly keyid: string;
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
}

export function testSigner(number: number): TestSigner {
  const seed = new Uint8Array(32).fill(number);
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = new Uint8Array(spki.subarray(-32));
  return {
    seed,
    keyid: Buffer.from(publicKey).toString("hex"),
    privateKey,
    publicKey,
    spki,
    sign: async (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

export const [ada, bob, cyd, dan] = [1, 2, 3, 4].map(testSigner) as [
  TestSigner,
  TestSigner,
  TestSigner,
  TestSigner,
];

export const TYPE = "application/vnd.example+json";

export function signatureBy(signer: TestSigner, payload: Uint8Array, type = TYPE): Uint8Array {
  return new Uint8Array(sign(null, preAuthEncoding(type, payload), signer.privateKey));
}

/** An envelope with these signatures, each under the key id that is given for it. */
export function envelopeOf(
  payload: Uint8Array,
  ...signatures: readonly (readonly [signer: TestSigner, keyid: string | undefined])[]
): UnverifiedEnvelope {
  return {
    payloadType: TYPE,
    payload,
    signatures: signatures.map(([signer, keyid]) => ({ keyid, sig: signatureBy(signer, payload) })),
  };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (of: Uint8Array): string => new TextDecoder().decode(of);
