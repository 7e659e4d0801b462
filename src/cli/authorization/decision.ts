/** Deciding as a gate would, up to what only a gate can keep. */
import type { AdmittedAuthorization } from "../../authorization/admitted.js";
import { admitAuthorization } from "../../authorization/admit.js";
import type { Permission, StepReport } from "../../authorization/check.js";
import type { StepName } from "../../authorization/question.js";
import { rehearseRequest, explainRequest } from "../../authorization/check.js";
import { checkPossession } from "../../authorization/possession.js";
import type { AuthorizationRequest } from "../../authorization/request.js";
import { readRequest } from "../../authorization/request.js";
import type { Rehearsal } from "../../authorization/situation.js";
import { NOT_CHECKED } from "../../authorization/situation.js";
import { STEPS } from "../../authorization/steps.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Failure } from "../../verdict.js";
import { failure } from "../../verdict.js";
import { measureFiles } from "./artifacts.js";
import type { Known } from "./known-domains.js";
import { readProof } from "./proof-file.js";

/** All that is asked, in bytes of others, and what this reader says to it. */
export interface Inquiry {
  readonly chain: Uint8Array;
  readonly request: Uint8Array;
  readonly gate: string | undefined;
  readonly possession: { readonly proof: Uint8Array; readonly nonce: string } | undefined;
  /** Files. */
  readonly artifacts: readonly string[];
  readonly known: Known;
  /** Milliseconds. */
  readonly maxStaleness: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A step of deciding, and what comes before: reading the request, admitting the chain. */
export type Reported = Omit<StepReport, "name"> & {
  readonly name: StepName | "request" | "authorization";
};

export interface Decision {
  readonly outcome: "ALLOW" | "DENY" | "INCOMPLETE";
  /** Why it is not ALLOW. */
  readonly failure: Failure | undefined;
  readonly request: AuthorizationRequest | undefined;
  readonly authorization: AdmittedAuthorization | undefined;
  /** What a gate would keep to; undefined for DENY. */
  readonly permission: Permission | undefined;
  /** What was left out. */
  readonly unchecked: readonly ("gate" | "possession")[];
  readonly steps: readonly Reported[];
}

export async function decide(kernel: Kernel, inquiry: Inquiry): Promise<Decision> {
  const { gate, known, now, possession } = inquiry;
  const unchecked = [
    ...(gate === undefined ? (["gate"] as const) : []),
    ...(possession === undefined ? (["possession"] as const) : []),
  ];
  const request = readRequest(inquiry.request);
  const { own } = known.domains;
  // Without a state no issuer is known, and no step could say so.
  const untrusted = own.state ? undefined : (own.failure ?? noState(own.domain));
  const admitted = untrusted ?? admitAuthorization(kernel, inquiry.chain, known.domains);
  if (untrusted || !request.ok || !admitted.ok) {
    const steps = [
      report("request", request),
      untrusted ? notRun("authorization") : report("authorization", admitted),
      ...STEPS.map(({ name }) =>
        name === "own trust" && untrusted ? report(name, untrusted) : notRun(name),
      ),
    ];
    return {
      outcome: "DENY",
      failure: firstFailure(steps),
      request: request.ok ? request.value : undefined,
      authorization: admitted.ok ? admitted.value : undefined,
      permission: undefined,
      unchecked,
      steps,
    };
  }
  const authorization = admitted.value;
  const found = await look(kernel, inquiry, authorization, request.value);
  const situation: Rehearsal = {
    now,
    gate: gate ?? NOT_CHECKED,
    domains: known.domains,
    maxStaleness: inquiry.maxStaleness,
    terms: known.terms,
    possession: found.possession,
    artifacts: found.artifacts,
  };
  const checked = rehearseRequest(authorization, request.value, situation);
  const explained = explainRequest(authorization, request.value, situation);
  const steps = [
    report("request", request),
    report("authorization", admitted),
    ...explained.map((step) => {
      const bad = found.failures.get(step.name);
      return bad ? ({ name: step.name, outcome: "failed", failure: bad } as const) : step;
    }),
  ];
  const denied = firstFailure(steps) ?? (checked.ok ? undefined : checked);
  const permission = !denied && checked.ok ? checked.value : undefined;
  return {
    outcome: permission ? (unchecked.length > 0 ? "INCOMPLETE" : "ALLOW") : "DENY",
    failure: denied ?? (unchecked.length > 0 ? missing(unchecked) : undefined),
    request: request.value,
    authorization,
    permission,
    unchecked,
    steps,
  };
}

interface Found extends Pick<Rehearsal, "possession" | "artifacts"> {
  /** By the step that they decide. */
  readonly failures: ReadonlyMap<string, Failure>;
}

/** Measures the artifacts, and verifies the proof. */
async function look(
  kernel: Kernel,
  { artifacts, gate, possession, now, known }: Inquiry,
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
): Promise<Found> {
  const failures = new Map<string, Failure>();
  const measured = await measureFiles(kernel, artifacts, authorization.digestAlgorithms);
  if (!measured.ok) failures.set("artifacts", measured);
  const digests = measured.ok ? measured.value.map(({ digest }) => digest) : [];
  if (gate === undefined || possession === undefined) {
    return { possession: NOT_CHECKED, artifacts: digests, failures };
  }
  const given = readProof(possession.proof);
  const proven = given.ok
    ? checkPossession(
        kernel,
        given.value.proof,
        authorization,
        request,
        { gate, nonce: possession.nonce, salt: given.value.salt },
        { now, skew: known.terms.skew },
      )
    : given;
  if (!proven.ok) failures.set("possession", proven);
  return { possession: proven.ok ? proven.value : NOT_CHECKED, artifacts: digests, failures };
}

function missing(unchecked: Decision["unchecked"]): Failure {
  const expected = unchecked.includes("gate")
    ? "a gate, and a proof of possession for it"
    : "a proof of possession";
  return failure("MISSING", expected, "none");
}

function noState(domain: string): Failure {
  return failure("NO_TRUST", `a trust state of ${domain}`, "none");
}

function report(name: Reported["name"], result: Failure | { readonly ok: true }): Reported {
  if (result.ok) return { name, outcome: "passed", failure: undefined };
  return { name, outcome: "failed", failure: result };
}

function notRun(name: Reported["name"]): Reported {
  return { name, outcome: "not-run", failure: undefined };
}

function firstFailure(steps: readonly Reported[]): Failure | undefined {
  return steps.find(({ failure }) => failure)?.failure;
}
