/**
 * Proof of possession: the principal's key signs what it is used for, so that a copied authorization
 * is of no use. It is bound to the gate, to that gate's nonce, to the authorization and to the request.
 *
 * A DSSE envelope of type `application/vnd.writ.possession+json` over the canonical JSON of
 * `{authorization, gate, nonce, request, time}`. `request` is SHA-256 over a salt of 32 bytes and the
 * canonical request; the salt travels with the request and not in the proof, so that who reads the
 * proof in a log cannot guess the request.
 */
import * as v from "valibot";
import type { UnverifiedEnvelope } from "../attestation/dsse.js";
import { formatEnvelope, parseEnvelope, signEnvelope } from "../attestation/dsse.js";
import type { Signer } from "../attestation/signer.js";
import { checkEnvelope } from "../attestation/verify-envelope.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { concatBytes } from "../bytes/concat.js";
import { decodeHex, encodeHex } from "../bytes/hex.js";
import { formatRfc3339 } from "../bytes/rfc3339.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { PreparedKey } from "../kernel/prepared.js";
import { origin } from "../trust/name.js";
import { hex32, millisecondsOf, readSchema, time } from "../trust/schema.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { AdmittedAuthorization } from "./admitted.js";
import { requireAdmitted } from "./admitted.js";
import type { AuthorizationRequest } from "./request.js";
import { requestBytes, requireRequest } from "./request.js";
import { SignedProofs } from "./signed-proofs.js";

export const POSSESSION_TYPE = "application/vnd.writ.possession+json";

/** Milliseconds that a proof serves, whatever the gate's nonce. */
export const POSSESSION_LIFETIME = 30_000;

const MAX_PROOF_BYTES = 8192;
const SALT_BYTES = 32;

/** What a proof is for. */
export interface PossessionTerms {
  /** The origin of the gate. */
  readonly gate: string;
  /** 32 bytes of that gate, in hexadecimal, used once. */
  readonly nonce: string;
  /** 32 random bytes, sent with the request. */
  readonly salt: Uint8Array;
}

/** A proof that holds; made by `checkPossession` alone. */
export interface Possession {
  readonly gate: string;
  readonly authorization: AdmittedAuthorization;
  readonly request: AuthorizationRequest;
  /** Milliseconds since the epoch: when it was signed. */
  readonly time: number;
  /** The envelope with the one signature that holds, as text of canonical JSON, for an entry. */
  readonly proof: string;
}

const possessionSchema = v.strictObject({
  authorization: hex32,
  gate: origin,
  nonce: hex32,
  request: hex32,
  time,
});

const proven = new WeakSet<Possession>();

/** When a proof was signed, and the gate's nonce in it, as it says itself: nothing is verified. */
export function inspectPossession(
  proof: Uint8Array,
): Result<{ readonly nonce: string; readonly time: number }> {
  const envelope = parseEnvelope(proof, MAX_PROOF_BYTES);
  if (!envelope.ok) return envelope;
  const read = readSchema("the proof", possessionSchema, envelope.value.payload, MAX_PROOF_BYTES);
  if (!read.ok) return read;
  return ok({ nonce: read.value.nonce, time: millisecondsOf(read.value.time) });
}

/** Looks at the signatures of many proofs in one call of the kernel. */
export function lookAtProofs(kernel: Kernel, proofs: readonly Uint8Array[]): SignedProofs {
  return new SignedProofs(kernel, proofs, { payloadType: POSSESSION_TYPE, limit: MAX_PROOF_BYTES });
}

/** Signs a proof with the principal's key; `now` is milliseconds since the epoch. */
export async function provePossession(
  kernel: Kernel,
  signer: Signer,
  authorization: string,
  request: AuthorizationRequest,
  terms: PossessionTerms,
  now: number,
): Promise<Uint8Array> {
  requireRequest(request);
  const statement = {
    authorization,
    gate: terms.gate,
    nonce: terms.nonce,
    request: saltedDigest(kernel, request, terms.salt),
    time: formatRfc3339(now, "ms"),
  };
  const payload = encodeUtf8(formatCanonical(statement as Json));
  const read = readSchema("the proof", possessionSchema, payload);
  if (!read.ok) throw new TypeError(`not a proof of possession: ${read.expected}`);
  return await signEnvelope(POSSESSION_TYPE, payload, [signer]);
}

/**
 * HOLDER unless the proof is by the key of the authorization's principal, for this gate, nonce,
 * authorization and request, and at most 30 s old; `skew`: milliseconds that the principal's clock may
 * run ahead, and so what a proof may last longer. That a nonce serves once is for the gate that issued it.
 * `signatures`: of proofs that were looked at together; what is not among them is looked at here.
 */
export function checkPossession(
  kernel: Kernel,
  proof: Uint8Array,
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  terms: PossessionTerms,
  { now, skew }: { readonly now: number; readonly skew: number },
  signatures?: SignedProofs,
): Result<Possession> {
  requireAdmitted(authorization);
  requireRequest(request);
  if (!Number.isFinite(now) || !(skew >= 0))
    throw new TypeError("`now` and `skew` are milliseconds");
  if (terms.salt.length !== SALT_BYTES) {
    return failure("MALFORMED", `a salt of ${SALT_BYTES} bytes`, `${terms.salt.length}`);
  }
  const envelope = parseEnvelope(proof, MAX_PROOF_BYTES);
  if (!envelope.ok) return envelope;
  const { payload, signatures: lines } = envelope.value;
  const [signature] = lines;
  if (!signature || lines.length > 1) {
    return failure("MALFORMED", "a proof with one signature", `${lines.length}`);
  }
  const { id, key } = authorization.principal;
  const signed = signatures?.has(key, proof) || isSigned(kernel, authorization, envelope.value);
  if (!signed) return failure("HOLDER", `a proof signed by the key of ${id}`, "one that is not");
  const read = readSchema("the proof", possessionSchema, payload, MAX_PROOF_BYTES);
  if (!read.ok) return read;
  const expected = {
    gate: terms.gate,
    nonce: terms.nonce,
    authorization: authorization.sha256,
    request: saltedDigest(kernel, request, terms.salt),
  };
  for (const name of ["gate", "nonce", "authorization", "request"] as const) {
    if (read.value[name] !== expected[name]) {
      return failure("HOLDER", `a proof for the ${name} ${expected[name]}`, read.value[name]);
    }
  }
  const signedAt = millisecondsOf(read.value.time);
  if (signedAt > now + skew || now - signedAt > POSSESSION_LIFETIME) {
    const wanted = `a proof of the last ${POSSESSION_LIFETIME} ms`;
    return failure("HOLDER", wanted, `one made at ${read.value.time}`);
  }
  const kept = [{ keyid: authorization.principal.key, sig: signature.sig }];
  const value: Possession = Object.freeze({
    gate: terms.gate,
    authorization,
    request,
    time: signedAt,
    proof: decodeUtf8(
      formatEnvelope({ payloadType: POSSESSION_TYPE, payload, signatures: kept }),
    ) as string,
  });
  proven.add(value);
  return ok(value);
}

function isSigned(
  kernel: Kernel,
  authorization: AdmittedAuthorization,
  envelope: UnverifiedEnvelope,
): boolean {
  const keys = [keyOf(kernel, authorization)];
  const claim = { envelope, keys, threshold: 1, payloadType: POSSESSION_TYPE };
  return checkEnvelope(kernel, claim).ok;
}

const seen = new WeakMap<AdmittedAuthorization, Uint8Array | PreparedKey>();

/** The principal's key: prepared from its second proof on, as that costs one verification more. */
function keyOf(kernel: Kernel, authorization: AdmittedAuthorization): Uint8Array | PreparedKey {
  const known = seen.get(authorization);
  const key =
    known instanceof Uint8Array
      ? kernel.prepareKey(known)
      : (known ?? (decodeHex(authorization.principal.key) as Uint8Array));
  seen.set(authorization, key);
  return key;
}

/** True for a proof that `checkPossession` has found to hold. */
export function isProven(possession: Possession): boolean {
  return proven.has(possession);
}

function saltedDigest(kernel: Kernel, request: AuthorizationRequest, salt: Uint8Array): string {
  if (salt.length !== SALT_BYTES) throw new TypeError(`a salt has ${SALT_BYTES} bytes`);
  return encodeHex(kernel.sha256(concatBytes(salt, requestBytes(request))));
}
