/** The steps of deciding that hold the request against the chain. */
import { matchDigests } from "../attestation/digest.js";
import { formatCanonical } from "../bytes/canonical.js";
import { coversCommand } from "../trust/command.js";
import type { Trusted } from "../trust/view.js";
import type { Code, Failure } from "../verdict.js";
import { abbreviateJson, failure } from "../verdict.js";
import { chargesOf } from "./charges.js";
import { rulesFor } from "./local-policy.js";
import { domainOfAudience } from "./demands.js";
import type { CompiledPolicy } from "./policy/compile.js";
import { evaluatePolicy } from "./policy/evaluate.js";
import { explainPolicy } from "./policy/explain.js";
import type { Question } from "./question.js";
import type { AuthorizationRequest } from "./request.js";
import { NOT_CHECKED } from "./situation.js";

/** An expiry is never put off; a beginning, by what the issuer's clock may run ahead. */
export function checkWindow({ authorization, situation, skew }: Question): Failure | undefined {
  const { notBefore, expires } = authorization.demands;
  const { now } = situation;
  if (now >= expires) {
    return failure(
      "EXPIRED",
      "an authorization before its expiry",
      `expired for ${now - expires} ms`,
    );
  }
  if (notBefore === undefined || now + skew >= notBefore) return undefined;
  return failure("NOT_YET", "an authorization that is valid by now", `in ${notBefore - now} ms`);
}

/** The own domain, or this gate of it: a gate that another domain lists under our name is not ours. */
export function checkAudience({ authorization, situation }: Question): Failure | undefined {
  const { audience } = authorization.demands;
  const { gate, domains } = situation;
  const { domain } = domains.own;
  if (audience.includes(domain)) return undefined;
  const isOurs = (each: string): boolean => domainOfAudience(each) === domain;
  if (gate === NOT_CHECKED) {
    // Without a gate, an audience of gates says nothing against its domain.
    if (audience.some(isOurs)) return undefined;
    return failure("AUDIENCE", `one of ${audience.join(", ")}`, domain);
  }
  if (audience.includes(gate) && isOurs(gate)) return undefined;
  return failure("AUDIENCE", `one of ${audience.join(", ")}`, gate);
}

export function checkPrincipal({ authorization, request }: Question): Failure | undefined {
  const { id } = authorization.principal;
  return request.principal === id ? undefined : failure("HOLDER", id, request.principal);
}

/** The narrowest of the chain, which every link above covers: else it would not be admitted. */
export function checkCommand({ authorization, request }: Question): Failure | undefined {
  const { command } = authorization;
  if (coversCommand(command, request.command)) return undefined;
  return failure("SCOPE", `${command}, or below it`, request.command);
}

/** Whatever would run is a subject of every link that binds artifacts. */
export function checkArtifacts({ authorization, situation }: Question): Failure | undefined {
  if (authorization.digestAlgorithms.length === 0) return undefined;
  for (const [i, { artifacts }] of authorization.links.entries()) {
    if (!artifacts) continue;
    if (situation.artifacts.length === 0) {
      return failure("MISSING", `link ${i + 1}: the digest of what runs`, "none was measured");
    }
    for (const measured of situation.artifacts) {
      const answers = artifacts.map((expected) => matchDigests(expected, measured));
      if (answers.some((answer) => answer.ok)) continue;
      const [first] = answers as [Failure];
      const unsupported = answers.find((each) => !each.ok && each.code === "UNSUPPORTED_DIGEST");
      const { code, expected, found } = (unsupported ?? first) as Failure;
      return failure(code, `link ${i + 1}: ${expected}`, found);
    }
  }
  return undefined;
}

export function checkLocalPolicy({ own, request }: Question): Failure | undefined {
  const rules = rulesFor((own as Trusted).state.policy, request.command);
  if (!rules.ok) return rules;
  for (const { command, policy } of rules.value) {
    if (evaluatePolicy(policy, request.input) === "true") continue;
    return whyNot("POLICY", `the own domain's rule for ${command}`, policy, request);
  }
  return undefined;
}

export function checkPolicies({ authorization, request }: Question): Failure | undefined {
  let place = 0;
  for (const { policy } of authorization.links) {
    place += 1;
    if (evaluatePolicy(policy, request.input) === "true") continue;
    return whyNot("SCOPE", `link ${place}`, policy, request);
  }
  return undefined;
}

/** The first predicate that does not hold, and what it looked at. */
function whyNot(
  code: Code,
  whose: string,
  policy: CompiledPolicy,
  { input }: AuthorizationRequest,
): Failure {
  const report = explainPolicy(policy, input).find(({ truth }) => truth !== "true");
  const predicate = report ? formatCanonical(report.predicate) : "its policy";
  const value = report?.value === undefined ? report?.truth : formatCanonical(report.value);
  return failure(
    code,
    `${whose}: ${abbreviateJson(predicate)}`,
    report?.reason ?? abbreviateJson(value ?? "error"),
  );
}

export function checkLimits(question: Question): Failure | undefined {
  const { counted } = question.authorization;
  if (counted.length === 0) return undefined;
  const charges = chargesOf(counted, question.request);
  if (!charges.ok) return charges;
  question.charges = charges.value;
  return undefined;
}

export function checkHolder({ authorization, request, situation }: Question): Failure | undefined {
  const { possession, gate } = situation;
  if (possession === NOT_CHECKED) return undefined;
  const same =
    possession.authorization === authorization &&
    possession.request === request &&
    possession.gate === gate;
  if (same) return undefined;
  return failure("HOLDER", "a proof for this authorization, request and gate", "one for another");
}
