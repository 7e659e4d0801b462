/**
 * DSSE envelopes (secure-systems-lab/dsse 1.0.2): a payload, its type and signatures over both.
 *
 *     {"payload": base64, "payloadType": text, "signatures": [{"keyid"?: text, "sig": base64}, ...]}
 *
 * Read: strict JSON, base64 in either alphabet, members that the format does not know are ignored.
 * Written: canonical JSON and padded base64 of the standard alphabet.
 */
import { decodeAnyBase64, encodeBase64 } from "../bytes/base64.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { concatBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import { parseJson } from "../bytes/json.js";
import { isObject, kindOf } from "../bytes/json-kind.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { Signer } from "./signer.js";

/** Bytes of an envelope, where a caller does not ask for less or more. */
export const MAX_ENVELOPE_BYTES = 1 << 20;
const MAX_SIGNATURES = 64;
/** Of a payload type, and of a key id, in UTF-16 units. */
const MAX_NAME_LENGTH = 1024;

export interface EnvelopeSignature {
  /** A hint at the key, that nothing authenticates; undefined where there is none or it is empty. */
  readonly keyid: string | undefined;
  readonly sig: Uint8Array;
}

/** What an envelope says. Nothing in it is authenticated; see `checkEnvelope`. */
export interface UnverifiedEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
}

/**
 * The bytes that are signed (DSSE protocol, PAE): `DSSEv1 <length> <type> <length> <payload>`, with
 * lengths in bytes, in decimal. Throws a TypeError on a lone surrogate in `payloadType`.
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = encodeUtf8(payloadType);
  return concatBytes(
    encodeUtf8(`DSSEv1 ${type.length} `),
    type,
    encodeUtf8(` ${payload.length} `),
    payload,
  );
}

/**
 * Reads an envelope. MALFORMED: not its format. TOO_LARGE: more than `limit` bytes, 64 signatures or
 * 1,024 characters of a payload type or a key id.
 */
export function parseEnvelope(
  bytes: Uint8Array,
  limit = MAX_ENVELOPE_BYTES,
): Result<UnverifiedEnvelope> {
  if (bytes.length > limit) {
    return failure("TOO_LARGE", `an envelope of at most ${limit} bytes`, `${bytes.length}`);
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return failure("MALFORMED", "an envelope in UTF-8", "invalid UTF-8");
  const parsed = parseJson(text);
  if (!parsed.ok) return failure("MALFORMED", `an envelope: ${parsed.expected}`, parsed.found);
  const { payload, payloadType, signatures } = membersOf(parsed.value);
  const type = readName("payloadType", payloadType);
  if (!type.ok) return type;
  if (type.value === "") return failure("MALFORMED", "an envelope's payloadType", '""');
  const content = readBase64("payload", payload);
  if (!content.ok) return content;
  const read = readSignatures(signatures);
  if (!read.ok) return read;
  return ok({ payloadType: type.value, payload: content.value, signatures: read.value });
}

/**
 * The envelope in canonical JSON. Throws a TypeError on one that `parseEnvelope` would not read back,
 * by its default limit.
 */
export function formatEnvelope({
  payloadType,
  payload,
  signatures,
}: UnverifiedEnvelope): Uint8Array {
  const json: Json = {
    payload: encodeBase64(payload),
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({
      ...(keyid === undefined || keyid === "" ? {} : { keyid }),
      sig: encodeBase64(sig),
    })),
  };
  const bytes = encodeUtf8(formatCanonical(json));
  const read = parseEnvelope(bytes);
  if (read.ok) return bytes;
  throw new TypeError(`not an envelope: expected ${read.expected}, found ${read.found}`);
}

/**
 * An envelope with one signature by each distinct key of `signers`, whose key id is that key in
 * hexadecimal. Throws a TypeError where there is no signer, or one signs with other than 64 bytes.
 */
export async function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  signers: readonly Signer[],
): Promise<Uint8Array> {
  const message = preAuthEncoding(payloadType, payload);
  const distinct = new Map(signers.map((signer) => [encodeHex(signer.publicKey), signer]));
  const signatures: EnvelopeSignature[] = [];
  for (const [keyid, signer] of distinct) {
    const sig = await signer.sign(message);
    if (sig.length !== 64) {
      throw new TypeError(`the signer of ${keyid} gave ${sig.length} bytes, not a signature of 64`);
    }
    signatures.push({ keyid, sig });
  }
  return formatEnvelope({ payloadType, payload, signatures });
}

function readSignatures(json: Json | undefined): Result<readonly EnvelopeSignature[]> {
  if (!Array.isArray(json) || json.length === 0) {
    const found = Array.isArray(json) ? "none" : kindOf(json);
    return failure("MALFORMED", "an envelope's signatures, at least one", found);
  }
  if (json.length > MAX_SIGNATURES) {
    const expected = `an envelope of at most ${MAX_SIGNATURES} signatures`;
    return failure("TOO_LARGE", expected, `${json.length}`);
  }
  const signatures: EnvelopeSignature[] = [];
  for (const each of json as readonly Json[]) {
    const members = membersOf(each);
    const keyid = members["keyid"] === undefined ? ok("") : readName("keyid", members["keyid"]);
    if (!keyid.ok) return keyid;
    const sig = readBase64("sig", members["sig"]);
    if (!sig.ok) return sig;
    // "An unset field MUST be treated the same as set-but-empty" (DSSE envelope, parsing rules).
    signatures.push({ keyid: keyid.value === "" ? undefined : keyid.value, sig: sig.value });
  }
  return ok(signatures);
}

function readName(member: string, json: Json | undefined): Result<string> {
  if (typeof json !== "string") {
    return failure("MALFORMED", `an envelope's ${member}, a string`, kindOf(json));
  }
  if (json.length <= MAX_NAME_LENGTH) return ok(json);
  const expected = `an envelope's ${member} of at most ${MAX_NAME_LENGTH} characters`;
  return failure("TOO_LARGE", expected, `${json.length}`);
}

function readBase64(member: string, json: Json | undefined): Result<Uint8Array> {
  const bytes = typeof json === "string" ? decodeAnyBase64(json) : undefined;
  if (bytes) return ok(bytes);
  const found = typeof json === "string" ? abbreviate(json) : kindOf(json);
  return failure("MALFORMED", `an envelope's ${member} in base64`, found);
}

/** The members of an object; none where it is no object. */
function membersOf(json: Json): { readonly [name: string]: Json | undefined } {
  return isObject(json) ? json : {};
}
