/** Deciding once more what a gate has decided, from what its log and the parts of a bundle hold. */
import type { AdmittedAuthorization } from "../authorization/admitted.js";
import type { Permission } from "../authorization/check.js";
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
import type { GateDecision } from "../gate/decide.js";
import { decide } from "../gate/decide.js";
import { decisionOf, ReadDigest } from "../gate/run-entries.js";
import type { GateState, Started } from "../gate/state.js";
import type { KnownDomains } from "../authorization/domains.js";
import { viewOfDomain } from "../authorization/domains.js";
import type { Kernel } from "../kernel/kernel.js";
import type { AllowAgain } from "../lineage/again.js";
import type { Linked } from "../lineage/entry/common.js";
import type { Admission, Decision, Measurement } from "../lineage/entry/run.js";
import { checkOpening } from "../lineage/openings.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Code, Failure, Result } from "../verdict.js";
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

/**
 * What a denial may rest on that no log holds: the gate's own condition, what it measured and wrote
 * down only of runs that it allowed, and what it was asked with.
 */
const OF_THE_GATE: ReadonlySet<Code> = new Set([
  "INTERNAL",
  "LOG",
  "CLOCK",
  "KERNEL",
  "ENV",
  "ISOLATION",
  "ORPHAN",
  "HOLDER",
  "TOO_LARGE",
  "DIGEST",
  "MISSING",
  "UNSUPPORTED_DIGEST",
  "ARGS_CHANGED",
  "QUORUM",
  "ROLLBACK",
]);

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

/** How a decision compares with the one that was made again. */
export type Agreement =
  /** The same, with all that its entry says. `permission` of an allow. */
  | { readonly kind: "agrees"; readonly permission: Permission | undefined }
  /** A denial for a reason that no log holds: the gate's word. */
  | { readonly kind: "asserted" }
  | { readonly kind: "differs"; readonly failure: Failure };

/** Decides again, at the time that the entry says, and compares with the entry. */
export function decideAgain(
  kernel: Kernel,
  run: ReplayedRun,
  entry: Decision & Linked,
  moment: Moment,
): Agreement {
  const { started } = moment.state;
  const { measurement } = run;
  if (!started) {
    return { kind: "differs", failure: failure("MISSING", "the start of the gate", "none") };
  }
  if (!measurement && entry.outcome === "allow") {
    return { kind: "differs", failure: failure("MISSING", "a measurement of the run", "none") };
  }
  const decision = remake(run, entry, started, moment);
  if (entry.outcome === "deny" && OF_THE_GATE.has(entry.code as Code)) return { kind: "asserted" };
  // Of a run that was denied nothing was measured, so that this may be what it would not have come to.
  const unmeasured = entry.outcome === "deny" && !measurement && decision.outcome === "deny";
  if (unmeasured && decision.code !== entry.code && OF_THE_GATE.has(decision.code)) {
    return { kind: "asserted" };
  }
  const made = withWord(writeDown(kernel, run, entry, decision, moment), entry, moment);
  const different = differenceOf(made, entry, decision);
  if (different) return { kind: "differs", failure: different };
  return {
    kind: "agrees",
    permission: decision.outcome === "allow" ? decision.permission : undefined,
  };
}

/** Which state a denial has seen of a domain that the gate does not trust is its word: it rests on none. */
function withWord(made: Decision, { outcome, trust }: Decision, { domains }: Moment): Decision {
  if (outcome === "allow") return made;
  const names = made.trust.map((name, i) => {
    const distrusted = viewOfDomain(domains, name.domain)?.failure !== undefined;
    const said = trust[i];
    return distrusted && said?.domain === name.domain ? said : name;
  });
  return { ...made, trust: names };
}

/** What an entry of a decision says of itself, beside what was decided. */
type Said = Pick<Decision & Linked, "run" | "state" | "number" | "time">;

/**
 * What a gate that goes on with a run writes when it decides on it again: the whole entry, before it is
 * read. Undefined where the gate would not allow it, or has never begun.
 */
export function foretell(
  kernel: Kernel,
  run: ReplayedRun,
  said: Said & Pick<Linked, "prev">,
  moment: Moment,
): { readonly entry: AllowAgain; readonly permission: Permission } | undefined {
  const { started } = moment.state;
  if (!started || !run.measurement || said.number === 0) return undefined;
  const decision = remake(run, said, started, moment);
  if (decision.outcome === "deny") return undefined;
  const { prev, time } = said;
  const made = writeDown(kernel, run, said, decision, moment);
  return { entry: { ...made, prev, time } as AllowAgain, permission: decision.permission };
}

function remake(
  { authorization, request, possession, measurement, ancestors }: ReplayedRun,
  { run, number, time }: Said,
  { key, kernel, limits }: Started,
  { gate, state, domains }: Moment,
): GateDecision {
  return decide(authorization, request, {
    now: millisecondsOf(time),
    gate,
    domains,
    maxStaleness: limits.maxStaleness,
    terms: limits,
    possession,
    artifacts: measurement?.artifacts ?? [],
    state,
    key,
    failure: undefined,
    measured: {
      source: measurement?.source ?? "self-measured",
      kernel: measurement?.kernel ?? kernel,
      parts: measurement?.environment ?? [],
    },
    isolation: measurement?.isolation ?? { level: "sandbox" },
    ancestors,
    // Whether it could ask a peer's witness is the gate's own; that it did shows in the checkpoints.
    peerWitnessed: true,
    run: number > 0 ? run : undefined,
  });
}

function writeDown(
  kernel: Kernel,
  { authorization, request, ancestors, possession, readDigest }: ReplayedRun,
  { run, state, number }: Said,
  decision: GateDecision,
  { state: gateState, domains }: Moment,
): Decision {
  return decisionOf(kernel, {
    run,
    state,
    number,
    decision,
    command: request.command,
    authorization,
    domains,
    gateState,
    ancestors,
    possession: number > 0 ? undefined : possession,
    readDigest,
  });
}

const PARTS = [
  "outcome",
  "code",
  "rule",
  "command",
  "validUntil",
  "recheck",
  "trust",
  "stateDigest",
  "possession",
] as const;

function differenceOf(
  made: Decision,
  entry: Decision,
  decision: GateDecision,
): Failure | undefined {
  for (const part of PARTS) {
    const [expected, found] = [made[part], entry[part]].map((value) =>
      typeof value === "object" && value !== null
        ? formatCanonical(value as unknown as Json)
        : String(value),
    ) as [string, string];
    if (expected === found) continue;
    const why =
      part === "outcome" && decision.outcome === "deny"
        ? `${decision.code}: ${decision.expected}, found ${decision.found}`
        : `${part} ${abbreviate(expected)}`;
    return failure(
      "DECISION",
      `what comes out when it is made again: ${why}`,
      `${part} ${abbreviate(found)}`,
    );
  }
  return undefined;
}
