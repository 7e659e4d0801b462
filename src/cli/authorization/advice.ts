/** What to do about a decision. */
import { inspectChain } from "../../authorization/inspect.js";
import { issuersOf, viewOfDomain } from "../../authorization/domains.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Decision, Question } from "./decision.js";

/** Lines for people. */
export function advise(
  kernel: Kernel,
  decision: Decision,
  question: Question,
  { chain, store, explained }: Record<"chain" | "store", string> & { readonly explained: boolean },
): string[] {
  const { outcome, failure, authorization, request } = decision;
  const unused =
    question.artifacts.length > 0 && authorization?.digestAlgorithms.length === 0
      ? ["no link binds artifacts, so that --artifact decided nothing"]
      : [];
  if (outcome === "ALLOW") return unused;
  if (outcome === "INCOMPLETE") {
    return [
      ...unused,
      `"writ possess" makes the proof; it goes in with --gate, --nonce and --proof`,
    ];
  }
  if (failure?.code === "STALE" || failure?.code === "NO_TRUST") {
    return [`"writ sync ${store} --from SOURCE" fetches newer trust`];
  }
  if (!request) return [];
  if (!authorization) {
    return [
      ...unknownIssuer(kernel, question, store),
      `"writ inspect ${chain}" shows what it says`,
    ];
  }
  return explained
    ? unused
    : [...unused, "--explain shows every step, and each predicate with its value"];
}

/** Nobody vouches for what a chain says that is not admitted: it only tells where to look. */
function unknownIssuer(kernel: Kernel, { chain, known }: Question, store: string): string[] {
  const inspected = inspectChain(kernel, chain);
  if (!inspected.ok) return [];
  const { domain, key } = inspected.value[0].link.authorization.issuer;
  const view = viewOfDomain(known.domains, domain);
  if (!view?.state) return [`it says that it is by ${domain}, of which ${store} holds no state`];
  return issuersOf(view).has(key)
    ? []
    : [`it says that it is by an issuer of ${domain}, which lists no such key`];
}
