/** A decision as `writ check --json` gives it. Durations are milliseconds. */
import { rulesFor } from "../../authorization/local-policy.js";
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import type { TrustView } from "../../trust/view.js";
import { ok } from "../../verdict.js";
import type { Decision } from "./decision.js";
import type { PolicyExplanation } from "./explanation.js";
import { explain } from "./explanation.js";

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

/** Every step, every predicate of every link, and the own domain's rules. */
export interface Explanation {
  readonly links: readonly PolicyExplanation[];
  readonly rules: readonly ({ readonly command: string } & PolicyExplanation)[];
}

export function explanationOf({ request, authorization }: Decision, own: TrustView): Explanation {
  if (!request) return { links: [], rules: [] };
  const { input, command } = request;
  const rules = own.state ? rulesFor(own.state.policy, command) : ok([]);
  return {
    links: authorization?.links.map(({ policy }) => explain(policy, input)) ?? [],
    // A policy that is not usable has failed its step.
    rules: rules.ok
      ? rules.value.map((rule) => ({ command: rule.command, ...explain(rule.policy, input) }))
      : [],
  };
}

export function jsonOfExplanation({ steps, authorization }: Decision, explanation: Explanation) {
  return {
    steps: steps.map(({ name, outcome, failure }) => ({
      name,
      outcome,
      code: failure?.code ?? null,
      expected: failure?.expected ?? null,
      found: failure?.found ?? null,
    })),
    links: explanation.links.map((policy, i) => {
      const link = authorization?.links[i];
      const { issuer, principal, command, notBefore, expires } = link?.authorization ?? {};
      return {
        authorization: link?.sha256,
        issuer,
        principal,
        command,
        notBefore: notBefore ?? null,
        expires,
        policy,
      };
    }),
    rules: explanation.rules,
  };
}
