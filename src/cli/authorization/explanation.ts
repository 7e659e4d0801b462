/** Why a decision is what it is: every predicate of every link, and the own domain's rules. */
import { inspectChain } from "../../authorization/inspect.js";
import type { Link } from "../../authorization/link.js";
import { rulesFor } from "../../authorization/local-policy.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Failure } from "../../verdict.js";
import { ok } from "../../verdict.js";
import type { Decision, Inquiry } from "./decision.js";
import type { PolicyExplanation } from "./policy-explanation.js";
import { explain } from "./policy-explanation.js";

export interface Explanation {
  readonly links: readonly ExplainedLink[];
  readonly rules: readonly ({ readonly command: string } & PolicyExplanation)[];
}

export interface ExplainedLink {
  readonly link: Link;
  /** False: it is what the chain says, and nobody vouches for it. */
  readonly admitted: boolean;
  /** Why it is not signed by the key that it names; undefined if it is. */
  readonly signature: Failure | undefined;
  /** Undefined where the request cannot be read. */
  readonly policy: PolicyExplanation | undefined;
}

export function explanationOf(kernel: Kernel, decision: Decision, inquiry: Inquiry): Explanation {
  const { request } = decision;
  const { own } = inquiry.known.domains;
  const links = linksOf(kernel, decision, inquiry).map((each) => ({
    ...each,
    policy: request && explain(each.link.policy, request.input),
  }));
  if (!request) return { links, rules: [] };
  const rules = own.state ? rulesFor(own.state.policy, request.command) : ok([]);
  return {
    links,
    // A policy that is not usable has failed its step.
    rules: rules.ok
      ? rules.value.map(({ command, policy }) => ({ command, ...explain(policy, request.input) }))
      : [],
  };
}

function linksOf(
  kernel: Kernel,
  { authorization }: Decision,
  { chain }: Inquiry,
): Omit<ExplainedLink, "policy">[] {
  if (authorization) {
    return authorization.links.map((link) => ({ link, admitted: true, signature: undefined }));
  }
  const inspected = inspectChain(kernel, chain);
  if (!inspected.ok) return [];
  return inspected.value.map(({ link, signature }) => ({
    link,
    admitted: false,
    signature: signature.ok ? undefined : signature,
  }));
}
