/**
 * A chain as it stands, for people and for who narrows it: what each link says, and whether the key
 * that it names has signed it. Whether that key may is not looked at: `admitAuthorization` does.
 */
import { parseEnvelope } from "../attestation/dsse.js";
import { INTOTO_PAYLOAD_TYPE } from "../attestation/statement.js";
import { checkEnvelopes } from "../attestation/verify-envelope.js";
import { decodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { MAX_ENVELOPE_BYTES, splitChain } from "./chain-file.js";
import type { Link } from "./link.js";
import { readLink } from "./link.js";

/** Nobody has said that its issuer may make it. */
export interface UnverifiedLink {
  readonly link: Link;
  /** Whether the issuer's key that it names has signed it. */
  readonly signature: Result<undefined>;
}

export function inspectChain(
  kernel: Kernel,
  chain: Uint8Array,
): Result<readonly [UnverifiedLink, ...UnverifiedLink[]]> {
  const lines = splitChain(chain);
  if (!lines.ok) return lines;
  const links: Link[] = [];
  const claims = [];
  for (const [i, line] of lines.value.entries()) {
    const envelope = parseEnvelope(line, MAX_ENVELOPE_BYTES);
    const link = envelope.ok ? readLink(kernel, envelope.value.payload) : envelope;
    if (!envelope.ok || !link.ok) {
      const { code, expected, found } = link as typeof link & { ok: false };
      return failure(code, `link ${i + 1} of ${lines.value.length}: ${expected}`, found);
    }
    links.push(link.value);
    const key = decodeHex(link.value.authorization.issuer.key) as Uint8Array;
    const payloadType = INTOTO_PAYLOAD_TYPE;
    claims.push({ envelope: envelope.value, keys: [key], threshold: 1, payloadType });
  }
  const signed = checkEnvelopes(kernel, claims);
  const inspected = links.map((link, i): UnverifiedLink => {
    const status = signed[i] as (typeof signed)[number];
    return { link, signature: status.ok ? ok(undefined) : status };
  });
  return ok(inspected as [UnverifiedLink, ...UnverifiedLink[]]);
}
