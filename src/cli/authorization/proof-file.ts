/** The file of a proof of possession: what `writ possess` writes, and a request brings along. */
import { formatCanonical } from "../../bytes/canonical.js";
import { decodeHex } from "../../bytes/hex.js";
import { encodeUtf8 } from "../../bytes/utf8.js";
import { readJson } from "../../trust/schema.js";
import type { Result } from "../../verdict.js";
import { failure, ok } from "../../verdict.js";

const MAX_BYTES = 16_384;

export interface GivenProof {
  /** The envelope. Whitespace and order are not signed, its payload is. */
  readonly proof: Uint8Array;
  readonly salt: Uint8Array;
}

export function readProof(bytes: Uint8Array): Result<GivenProof> {
  const json = readJson("the proof", bytes, MAX_BYTES);
  if (!json.ok) return json;
  const members = typeof json.value === "object" && json.value !== null ? json.value : {};
  const { proof, salt, ...others } = members as Readonly<Record<string, typeof json.value>>;
  const decoded = typeof salt === "string" ? decodeHex(salt) : undefined;
  if (proof === undefined || decoded?.length !== 32 || Object.keys(others).length > 0) {
    const expected =
      "the proof: a JSON object of proof, an envelope, and salt, 64 hexadecimal digits";
    return failure("MALFORMED", expected, "another");
  }
  return ok({ proof: encodeUtf8(formatCanonical(proof)), salt: decoded });
}
