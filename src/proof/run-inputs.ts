/** What the decisions on a run rest on: what it was asked with and allowed by, from what a bundle holds. */
import type { AdmittedAuthorization } from "../authorization/admitted.js";
import type { Possession } from "../authorization/possession.js";
import {
  checkPossession,
  inspectPossession,
  POSSESSION_LIFETIME,
} from "../authorization/possession.js";
import type { SignedProofs } from "../authorization/signed-proofs.js";
import type { AuthorizationRequest, Resource } from "../authorization/request.js";
import { makeRequest } from "../authorization/request.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import type { JsonObject } from "../bytes/json-kind.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import { ReadDigest } from "../gate/run-entries.js";
import type { GateState } from "../gate/state.js";
import type { KnownDomains } from "../authorization/domains.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Linked } from "../lineage/entry/common.js";
import type { Admission, Decision, Measurement } from "../lineage/entry/run.js";
import { checkOpening } from "../lineage/openings.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { Opened } from "./opened.js";

/** What is known of a run by the time that it is decided on. */
export interface RunInputs {
  readonly admission: Admission;
  readonly opened: Opened | undefined;
  /** Of `requestOf`. */
  readonly request: Result<AuthorizationRequest>;
  /** Its chain, admitted by the trust of the run's first decision. */
  readonly authorization: Result<AdmittedAuthorization>;
  readonly measurement: Measurement | undefined;
  /** Signatures of proofs of possession that were looked at together. */
  readonly signatures: SignedProofs | undefined;
  /** Runs of this gate that caused it. */
  readonly ancestors: Result<readonly string[]>;
}

/** A run as far as it was made again: what its later decisions rest on. */
export interface ReplayedRun {
  readonly authorization: AdmittedAuthorization;
  readonly request: AuthorizationRequest;
  readonly possession: Possession;
  readonly ancestors: readonly string[];
  readonly measurement: Measurement | undefined;
  readonly readDigest: ReadDigest;
}

/** Where the gate stood when it decided. */
export interface Moment {
  readonly gate: string;
  readonly state: GateState;
  readonly domains: KnownDomains;
}

/** What a run was allowed or denied with at its first decision. */
export function replayRun(
  kernel: Kernel,
  inputs: RunInputs,
  first: Decision & Linked,
  { gate, state }: Moment,
): Result<ReplayedRun> {
  const { admission, opened, request, measurement, signatures, ancestors } = inputs;
  const { authorization: admitted } = inputs;
  if (!admitted.ok) return admitted;
  const authorization = admitted.value;
  const named =
    authorization.sha256 === admission.authorization &&
    authorization.issuer.domain === admission.issuer.domain &&
    authorization.issuer.key === admission.issuer.key &&
    authorization.principal.id === admission.principal.id &&
    authorization.principal.key === admission.principal.key;
  if (!named) {
    const expected = `a chain that ends in ${admission.authorization}, by and for whom the admission says`;
    return failure("DIGEST", expected, authorization.sha256);
  }
  if (!request.ok) return request;
  if (!ancestors.ok) return ancestors;
  const salt = opened?.salt;
  if (!salt) {
    return failure("REDACTED", "the salt of the request in the proof of possession", "withheld");
  }
  const skew = state.started?.limits.skew ?? 0;
  const possession = possessionOf(kernel, authorization, request.value, first, {
    gate,
    salt,
    skew,
    signatures,
  });
  if (!possession.ok) return possession;
  return ok({
    authorization,
    request: request.value,
    possession: possession.value,
    ancestors: ancestors.value,
    measurement,
    readDigest: new ReadDigest(),
  });
}

/**
 * What was asked, from the openings of all its arguments. REDACTED where some are withheld; NON_CANONICAL
 * where there are others, or not in the order of the digests.
 */
export function requestOf(
  kernel: Kernel,
  { principal, command, arguments: digests }: Admission,
  opened: Opened | undefined,
): Result<AuthorizationRequest> {
  const given: { [name: string]: Json } = Object.create(null) as { [name: string]: Json };
  let resource: Json | undefined;
  let withheld: Failure | undefined;
  const openings = opened?.openings ?? [];
  let at = 0;
  for (const digest of digests) {
    const opening = openings[at];
    if (opening?.name !== digest.name) {
      withheld ??= failure("REDACTED", `argument ${abbreviate(digest.name)}`, "withheld");
      continue;
    }
    at += 1;
    const checked = checkOpening(kernel, digest, opening);
    if (!checked.ok) return checked;
    if (opening.name === "resource") resource = opening.value;
    else given[opening.name] = opening.value;
  }
  if (at < openings.length) {
    const expected = "openings of the admission's arguments, in their order";
    return failure("NON_CANONICAL", expected, "another one");
  }
  if (withheld) return withheld;
  return makeRequest({
    principal: principal.id,
    command,
    arguments: given as JsonObject,
    ...(resource === undefined ? {} : { resource: resource as unknown as Resource }),
  });
}

function possessionOf(
  kernel: Kernel,
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  { possession, time }: Decision & Linked,
  {
    gate,
    salt,
    skew,
    signatures,
  }: Pick<RunInputs, "signatures"> & {
    readonly gate: string;
    readonly salt: Uint8Array;
    readonly skew: number;
  },
): Result<Possession> {
  if (!possession) return failure("HOLDER", "a proof of possession in the first decision", "none");
  const proof = encodeUtf8(formatCanonical(possession as unknown as Json));
  const said = inspectPossession(proof);
  if (!said.ok) return said;
  const decided = millisecondsOf(time);
  // A gate checks the proof, and decides once all that takes time is done.
  const late = decided - said.value.time - POSSESSION_LIFETIME;
  if (late > POSSESSION_LIFETIME) {
    return failure("HOLDER", "a proof that was fresh at the decision", `one ${late} ms too old`);
  }
  const now = Math.min(decided, said.value.time + POSSESSION_LIFETIME);
  const terms = { gate, nonce: said.value.nonce, salt };
  return checkPossession(kernel, proof, authorization, request, terms, { now, skew }, signatures);
}
