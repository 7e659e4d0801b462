/** Signatures of proofs of possession, looked at together before each proof is checked. */
import type { UnverifiedEnvelope } from "../attestation/dsse.js";
import { parseEnvelope } from "../attestation/dsse.js";
import type { EnvelopeClaim } from "../attestation/verify-envelope.js";
import { checkEnvelopes } from "../attestation/verify-envelope.js";
import { decodeHex } from "../bytes/hex.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";

/**
 * Which proofs hold under the key that each of them names. It says nothing of whose key that should be,
 * nor of what the proof is for; and a proof that is not in it may hold as well.
 */
export class SignedProofs {
  readonly #signed = new Set<string>();

  constructor(
    kernel: Kernel,
    proofs: readonly Uint8Array[],
    terms: { readonly payloadType: string; readonly limit: number },
  ) {
    const names: string[] = [];
    const claims: EnvelopeClaim[] = [];
    for (const proof of proofs) {
      const envelope = parseEnvelope(proof, terms.limit);
      const named = envelope.ok ? keyNamedBy(envelope.value) : undefined;
      if (!envelope.ok || !named) continue;
      const { payloadType } = terms;
      claims.push({ envelope: envelope.value, keys: [named.key], threshold: 1, payloadType });
      names.push(nameOf(named.hex, proof));
    }
    checkEnvelopes(kernel, claims).forEach(({ ok }, i) => {
      if (ok) this.#signed.add(names[i] as string);
    });
  }

  /** `key`: in hexadecimal. */
  has(key: string, proof: Uint8Array): boolean {
    return this.#signed.size > 0 && this.#signed.has(nameOf(key, proof));
  }
}

function keyNamedBy({ signatures }: UnverifiedEnvelope) {
  const hex = signatures.length === 1 ? signatures[0]?.keyid : undefined;
  const key = hex?.length === 64 ? decodeHex(hex) : undefined;
  return hex !== undefined && key ? { hex, key } : undefined;
}

function nameOf(key: string, proof: Uint8Array): string {
  return `${key} ${decodeUtf8(proof)}`;
}
