/** What a run rests on: the chain that is kept, the issuer that made it, and the root of the domain that lists both. */
import { parseEnvelope } from "../attestation/dsse.js";
import { INTOTO_PAYLOAD_TYPE } from "../attestation/statement.js";
import { checkEnvelope } from "../attestation/verify-envelope.js";
import { decodeHex, encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import { someCovers } from "../trust/command.js";
import type { VerifiedRoot } from "../trust/root.js";
import { verifyPinnedRoot } from "../trust/root.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Admission } from "./entry/run.js";

/**
 * Whether a chain that is kept ends in the authorization of an admission, and its first link is by the
 * issuer. That each link is by the holder of the one before, the gate has checked, and a proof shows.
 */
export function checkChain(
  kernel: Kernel,
  file: Uint8Array,
  { authorization, issuer }: Admission,
): Result<undefined> {
  const lines = splitLines(file);
  const [first, last] = [lines[0], lines.at(-1)].map((line) => parseEnvelope(line ?? file));
  if (!first?.ok) return first ?? failure("MALFORMED", "an envelope a line", "none");
  if (!last?.ok) return last ?? failure("MALFORMED", "an envelope a line", "none");
  const found = encodeHex(kernel.sha256(last.value.payload));
  if (found !== authorization) {
    return failure("DIGEST", `a chain that ends in ${authorization}`, found);
  }
  const signed = checkEnvelope(kernel, {
    envelope: first.value,
    payloadType: INTOTO_PAYLOAD_TYPE,
    keys: [decodeHex(issuer.key) as Uint8Array],
    threshold: 1,
  });
  return signed.ok ? ok(undefined) : signed;
}

/** The issuer's name, if its domain lists it for the command. */
export function checkIssuer(
  { domain, authority }: VerifiedTrustState,
  { issuer, command }: Admission,
): Result<string> {
  const listed = authority.issuers.find(({ key }) => key === issuer.key);
  if (!listed) return failure("KEY", `an issuer that ${domain} lists`, issuer.key);
  if (someCovers(listed.commands, command)) return ok(listed.name);
  return failure("SCOPE", `a command of ${listed.name}: ${listed.commands.join(", ")}`, command);
}

/** Whether a root is one of those that are trusted, as files. */
export async function checkRoot(
  kernel: Kernel,
  { digest, signed }: VerifiedRoot,
  trusted: readonly Uint8Array[],
): Promise<Result<undefined>> {
  for (const bytes of trusted) {
    const root = await verifyPinnedRoot(kernel, bytes);
    if (root.ok && root.value.digest === digest) return ok(undefined);
  }
  const expected = `root ${signed.version} of ${signed.domain} among those that are trusted`;
  return trusted.length === 0
    ? failure("MISSING", expected, "none is trusted")
    : failure("KEY", expected, `${trusted.length} others`);
}

/** A chain has an envelope on each line. */
function splitLines(file: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < file.length;) {
    const end = file.indexOf(0x0a, at);
    lines.push(file.subarray(at, end < 0 ? file.length : end));
    at = end < 0 ? file.length : end + 1;
  }
  return lines;
}
