/**
 * The word on which a gate, or a run, goes on after its continuity broke. It is for one gate and one
 * drift, by the leaf hash of its entry, so that it serves once; and it says how new the trust must be
 * that the gate has by then.
 *
 * A DSSE envelope of type `application/vnd.writ.resume+json` over the canonical JSON of `{drift,
 * evidence?, expires, gate, nonce, run, trust}`, with one signature by a resumer of the gate's own
 * domain.
 */
import * as v from "valibot";
import { parseEnvelope, signEnvelope } from "../attestation/dsse.js";
import type { Signer } from "../attestation/signer.js";
import { checkEnvelope } from "../attestation/verify-envelope.js";
import type { KnownDomains } from "../authorization/domains.js";
import { viewOfDomain } from "../authorization/domains.js";
import { encodeBase64 } from "../bytes/base64.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { decodeHex, encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { SignedStatement } from "../lineage/entry/common.js";
import type { Resumer } from "../trust/contents/authority.js";
import { sortedBy } from "../trust/contents/sorted.js";
import type { FreshnessDemand } from "../trust/freshness.js";
import { domainName, origin } from "../trust/name.js";
import { hex32, millisecondsOf, positive, readSchema, time } from "../trust/schema.js";
import type { TrustView } from "../trust/view.js";
import { checkNotWithdrawn, checkTrusted } from "../trust/view.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

export const RESUME_TYPE = "application/vnd.writ.resume+json";

/** Its payload must fit into an entry, in base64 and beside a signature. */
const MAX_PAYLOAD_BYTES = 12_288;
const MAX_BYTES = 20_480;

/** What is signed. */
export interface ResumeContent {
  /** The origin of the gate. */
  readonly gate: string;
  /** The run; null for the gate itself. */
  readonly run: string | null;
  /** Leaf hash of the entry of the drift that is answered, in hexadecimal. */
  readonly drift: string;
  /** How new the trust of each domain must be, by the version of its timestamp; sorted by domain. */
  readonly trust: readonly { readonly domain: string; readonly version: number }[];
  /** RFC 3339; no clock's error makes it later. */
  readonly expires: string;
  /** Digest of the evidence against a domain that is lifted, in hexadecimal. */
  readonly evidence?: string | undefined;
  /** Tells two of one content apart: 32 random bytes, in hexadecimal. */
  readonly nonce: string;
}

/** What the gate holds it against. */
export interface ResumeTerms {
  readonly gate: string;
  readonly run: string | null;
  readonly drift: string;
  /** As the gate knows them now, after it has looked for newer ones. */
  readonly domains: KnownDomains;
  /** How new the own domain's trust must be for what it says of resumers. */
  readonly freshness: FreshnessDemand;
  /** Digest of the evidence in the drift's entry; null or undefined where there is none. */
  readonly evidence?: string | null | undefined;
}

export interface CheckedResume {
  readonly content: ResumeContent;
  readonly resumer: Resumer;
  /** With the one signature, under the key that made it, for the entry. */
  readonly statement: SignedStatement;
}

const resumeSchema: v.GenericSchema<unknown, ResumeContent> = v.strictObject({
  gate: origin,
  run: v.nullable(
    v.pipe(v.string("a run's id"), v.regex(/^[0-9a-f]{32}$/, "a run's id: 32 hexadecimal digits")),
  ),
  drift: hex32,
  trust: v.pipe(
    sortedBy(
      v.strictObject({ domain: domainName, version: positive }),
      ({ domain }) => domain,
      "domains by name",
    ),
    v.maxLength(128, "at most 128 domains"),
  ),
  expires: time,
  evidence: v.optional(hex32),
  nonce: hex32,
});

/** Signs a resume. Throws a TypeError on what is none. */
export async function signResume(signer: Signer, content: ResumeContent): Promise<Uint8Array> {
  const { evidence, ...rest } = content;
  const json = { ...rest, ...(evidence === undefined ? {} : { evidence }) };
  const payload = encodeUtf8(formatCanonical(json as unknown as Json));
  const read = readSchema("the resume", resumeSchema, payload, MAX_PAYLOAD_BYTES);
  if (!read.ok) throw new TypeError(`not a resume: ${read.expected}, found ${read.found}`);
  return await signEnvelope(RESUME_TYPE, payload, [signer]);
}

/**
 * Whether a resume answers this drift of this gate now. That it serves once is for the log: the drift
 * must be the latest.
 *
 * - NO_TRUST, STALE and others: why the own domain's trust supports nothing
 * - KEY, SIGNATURE: not by a resumer that the own domain lists
 * - REVOKED: by one whose key was withdrawn
 * - AUDIENCE: for another gate or run
 * - STALE: for another drift, or the gate does not know so new a trust of some domain
 * - EQUIVOCATION: it lifts other evidence than the drift's
 * - EXPIRED
 */
export function checkResume(
  kernel: Kernel,
  bytes: Uint8Array,
  terms: ResumeTerms,
): Result<CheckedResume> {
  const { own } = terms.domains;
  const trusted = checkTrusted(own, terms.freshness);
  if (!trusted.ok) return trusted;
  const envelope = parseEnvelope(bytes, MAX_BYTES);
  if (!envelope.ok) return envelope;
  const { payload, signatures } = envelope.value;
  const [signature] = signatures;
  if (!signature || signatures.length > 1) {
    return failure("MALFORMED", "a resume with one signature", `${signatures.length}`);
  }
  const { resumers } = trusted.value.state.authority;
  if (resumers.length === 0) return failure("KEY", `a resumer that ${own.domain} lists`, "none");
  const signed = checkEnvelope(kernel, {
    envelope: envelope.value,
    payloadType: RESUME_TYPE,
    keys: resumers.map(({ key }) => decodeHex(key) as Uint8Array),
    threshold: 1,
  });
  if (!signed.ok) return signed;
  const key = encodeHex(signed.value.keys[0] as Uint8Array);
  const withdrawn = checkNotWithdrawn(own, { key });
  if (!withdrawn.ok) return withdrawn;
  const read = readSchema("the resume", resumeSchema, payload, MAX_PAYLOAD_BYTES);
  if (!read.ok) return read;
  const bad = checkContent(read.value, terms);
  if (bad) return bad;
  return ok({
    content: read.value,
    resumer: resumers.find((each) => each.key === key) as Resumer,
    statement: {
      payloadType: RESUME_TYPE,
      payload: encodeBase64(payload),
      signatures: [{ keyid: key, sig: encodeBase64(signature.sig) }],
    },
  });
}

function checkContent(content: ResumeContent, terms: ResumeTerms): Failure | undefined {
  const { gate, run, drift, trust, expires } = content;
  if (gate !== terms.gate) return failure("AUDIENCE", `a resume for ${terms.gate}`, `for ${gate}`);
  if (run !== terms.run) {
    const name = (id: string | null): string => (id === null ? "the gate itself" : `run ${id}`);
    return failure("AUDIENCE", `a resume for ${name(terms.run)}`, `for ${name(run)}`);
  }
  if (drift !== terms.drift) {
    return failure("STALE", `an answer to the latest drift, ${terms.drift}`, `to ${drift}`);
  }
  const [named, found] = [terms.evidence ?? "none", content.evidence ?? "none"];
  if (named !== found) return failure("EQUIVOCATION", `evidence that is lifted: ${named}`, found);
  if (terms.freshness.now >= millisecondsOf(expires)) {
    return failure("EXPIRED", "a resume before its expiry", `one until ${expires}`);
  }
  for (const { domain, version } of trust) {
    const known = versionOf(viewOfDomain(terms.domains, domain));
    if (known < version) {
      const expected = `timestamp ${version} of ${domain}, or a later one`;
      return failure("STALE", expected, known === 0 ? "none" : `${known}`);
    }
  }
  return undefined;
}

function versionOf(view: TrustView | undefined): number {
  return view?.state?.metadata.timestamp.signed.version ?? 0;
}
