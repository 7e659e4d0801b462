/** A decision as `writ check --json` gives it. Durations are milliseconds. */
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import { jsonOfFailure } from "../trust/answer.js";
import type { Decision } from "./decision.js";
import type { Explanation } from "./explanation.js";

export function jsonOfDecision(decision: Decision): Readonly<Record<string, unknown>> {
  const { outcome, failure, authorization, permission, unchecked } = decision;
  return {
    decision: outcome === "ALLOW",
    code: failure?.code ?? null,
    expected: failure?.expected ?? null,
    found: failure?.found ?? null,
    authorization: authorization?.sha256 ?? null,
    principal: authorization?.principal ?? null,
    issuer: authorization?.issuer ?? null,
    gate: permission?.gate ?? null,
    links:
      authorization?.links.map(({ sha256, authorization: { issuer, principal } }) => ({
        authorization: sha256,
        issuer: issuer.key,
        principal: principal.id,
      })) ?? [],
    validUntil: permission ? formatRfc3339(permission.validUntil, "ms") : null,
    recheck: permission?.recheck ?? null,
    duration: permission?.duration ?? null,
    isolation: permission?.isolation ?? null,
    witnessed: permission?.witnessed ?? null,
    charges: permission?.charges ?? [],
    evidence:
      permission?.evidence.map(({ domain, digest, age, validUntil }) => ({
        domain,
        digest,
        age,
        validUntil: formatRfc3339(validUntil, "ms"),
      })) ?? [],
    unchecked,
  };
}

export function jsonOfExplanation({ steps }: Decision, { links, rules }: Explanation) {
  return {
    steps: steps.map(({ name, outcome, failure }) => ({
      name,
      outcome,
      code: failure?.code ?? null,
      expected: failure?.expected ?? null,
      found: failure?.found ?? null,
    })),
    links: links.map(({ link, admitted, signature, policy }) => {
      const { issuer, principal, command, audience, limits, notBefore, expires } =
        link.authorization;
      return {
        authorization: link.sha256,
        admitted,
        signature: signature ? jsonOfFailure(signature) : null,
        issuer,
        principal,
        command,
        audience,
        limits: limits ?? null,
        notBefore: notBefore ?? null,
        expires,
        policy: policy ?? null,
      };
    }),
    rules,
  };
}
