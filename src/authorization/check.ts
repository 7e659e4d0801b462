/** Deciding on a request under an admitted authorization: synchronous, pure, and closed where it fails. */
import type { Trusted } from "../trust/view.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { AdmittedAuthorization } from "./admitted.js";
import { requireAdmitted } from "./admitted.js";
import type { Charge } from "./charges.js";
import type { Isolation } from "./predicate.js";
import type { Step, StepName } from "./question.js";
import { Question } from "./question.js";
import type { AuthorizationRequest } from "./request.js";
import { requireRequest } from "./request.js";
import type { Rehearsal, Situation } from "./situation.js";
import { NOT_CHECKED, requireRehearsal } from "./situation.js";
import { STEPS } from "./steps.js";

/** The request is allowed, as far as `unchecked` names nothing; what it states is the gate's to keep. */
export interface Permission {
  /** It names who answers for this: `principal`, `issuer`, and `signers`, the keys of the chain. */
  readonly authorization: AdmittedAuthorization;
  /** The gate that decided; undefined where that was not checked. */
  readonly gate: { readonly origin: string; readonly key: string } | undefined;
  readonly request: AuthorizationRequest;
  /** The last millisecond at which the answer would be the same without newer trust. */
  readonly validUntil: number;
  /** The trust that it rests on: the own domain's, the issuer's, then those that a quorum counts. */
  readonly evidence: readonly Evidence[];
  /** Milliseconds after which a run is decided on again, at the latest. */
  readonly recheck: number;
  /** Milliseconds that the run may last; undefined where nothing limits it. */
  readonly duration: number | undefined;
  readonly isolation: Isolation | undefined;
  /** A peer must have cosigned the intent before the effect. */
  readonly witnessed: boolean;
  /** What the gate charges, durably, before the effect. */
  readonly charges: readonly Charge[];
  /** What a rehearsal left out; empty in the answer of `checkRequest`. */
  readonly unchecked: readonly ("gate" | "possession")[];
}

export interface Evidence {
  readonly domain: string;
  /** The digest of the trust state. */
  readonly digest: string;
  /** Milliseconds since it was issued. */
  readonly age: number;
  /** The last millisecond at which it may support an allow. */
  readonly validUntil: number;
}

/** The answer to a step of `explainRequest`. */
export interface StepReport {
  readonly name: StepName;
  /** `not-run`: the step needs one that failed. `not-checked`: left out on the caller's word. */
  readonly outcome: "passed" | "failed" | "not-run" | "not-checked";
  readonly failure: Failure | undefined;
}

/** Milliseconds: where a link states nothing, the lesser of this and half of the staleness. */
const DEFAULT_RECHECK = 1_000;

/** A permission, or the code that denies. Every step is taken; a `Rehearsal` is refused. */
export function checkRequest(
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  situation: Situation,
): Result<Permission> {
  const { gate, possession } = situation as Rehearsal;
  if (gate === NOT_CHECKED || possession === NOT_CHECKED) {
    throw new TypeError("a request is decided on at a gate, with a proof of possession");
  }
  return rehearseRequest(authorization, request, situation);
}

/**
 * What `checkRequest` would answer, as far as that can be told without a gate or a proof: for tools. A
 * permission says in `unchecked` what was left out, and nothing may begin on it.
 */
export function rehearseRequest(
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  rehearsal: Rehearsal,
): Result<Permission> {
  requireAll(authorization, request, rehearsal);
  const question = new Question(authorization, request, rehearsal);
  for (let i = 0; i < STEPS.length; i++) {
    const bad = runStep(STEPS[i] as Step, question);
    if (bad) return bad;
  }
  return ok(permissionOf(question));
}

/** Every step that can be run, for people; `checkRequest` gives the answer. */
export function explainRequest(
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  situation: Rehearsal,
): readonly StepReport[] {
  requireAll(authorization, request, situation);
  const question = new Question(authorization, request, situation);
  const passed = new Set<StepName>();
  return STEPS.map((step): StepReport => {
    const { name, needs } = step;
    if (!needs.every((each) => passed.has(each))) {
      return { name, outcome: "not-run", failure: undefined };
    }
    const bad = runStep(step, question);
    if (bad) return { name, outcome: "failed", failure: bad };
    passed.add(name);
    const left = uncheckedIn(situation).some((each) => each === name);
    return { name, outcome: left ? "not-checked" : "passed", failure: undefined };
  });
}

function requireAll(
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  situation: Rehearsal,
): void {
  requireAdmitted(authorization);
  requireRequest(request);
  requireRehearsal(situation);
}

/** A defect of ours denies. */
function runStep(step: Step, question: Question): Failure | undefined {
  try {
    return step.check(question);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return failure("INTERNAL", `an answer to the step ${step.name}`, found);
  }
}

function permissionOf(question: Question): Permission {
  const { authorization, request, situation, charges, gate, bound, quorum } = question;
  const { demands } = authorization;
  const own = evidenceOf(question.own as Trusted);
  const evidence = [own];
  let validUntil = Math.min(demands.expires - 1, question.quorumUntil, own.validUntil);
  if (question.isForeign) {
    const issuers = evidenceOf(question.issuers as Trusted);
    evidence.push(issuers);
    validUntil = Math.min(validUntil, issuers.validUntil);
  }
  for (const counted of quorum) {
    if (evidence.some(({ domain }) => domain === counted.state.domain)) continue;
    evidence.push(evidenceOf(counted));
  }
  const otherwise = Math.min(DEFAULT_RECHECK, Math.ceil(bound / 2));
  return {
    authorization,
    request,
    gate,
    validUntil,
    evidence,
    recheck: Math.max(
      1,
      Math.min(demands.recheck ?? bound, demands.defaultRecheck ? otherwise : bound, bound),
    ),
    duration: demands.duration,
    isolation: demands.isolation,
    witnessed: demands.witnessed,
    charges,
    unchecked: uncheckedIn(situation),
  };
}

function evidenceOf({ state, freshness }: Trusted): Evidence {
  // Trusted, so that it says when it was issued.
  const { validUntil, age = 0 } = freshness;
  return { domain: state.domain, digest: state.digest, age, validUntil };
}

const NEITHER: Permission["unchecked"] = Object.freeze([]);
const POSSESSION: Permission["unchecked"] = Object.freeze(["possession"] as const);
/** Without a gate there is no proof of possession for it. */
const BOTH: Permission["unchecked"] = Object.freeze(["gate", "possession"] as const);

function uncheckedIn({ gate, possession }: Rehearsal): Permission["unchecked"] {
  if (gate === NOT_CHECKED) return BOTH;
  return possession === NOT_CHECKED ? POSSESSION : NEITHER;
}
