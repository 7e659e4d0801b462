/** What to do about a decision. */
import { inspectChain } from "../../authorization/inspect.js";
import { issuersOf, viewOfDomain } from "../../authorization/domains.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Decision, Inquiry } from "./decision.js";

/** Lines for people. */
export function advise(
  kernel: Kernel,
  decision: Decision,
  inquiry: Inquiry,
  { chain, store, explained }: Record<"chain" | "store", string> & { readonly explained: boolean },
): string[] {
  const { outcome, failure, authorization, request } = decision;
  const unused =
    inquiry.artifacts.length > 0 && authorization?.digestAlgorithms.length === 0
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
    return [
      `"writ sync ${store} --from SOURCE" fetches newer trust`,
      ...staleAtSource(decision, inquiry),
    ];
  }
  if (!request) return [];
  if (!authorization) return notAdmitted(kernel, inquiry, chain, store);
  return explained
    ? unused
    : [...unused, "--explain shows every step, and each predicate with its value"];
}

/** No sync helps where the domain itself has issued nothing newer. */
function staleAtSource({ failure, steps, authorization }: Decision, { known }: Inquiry): string[] {
  const step = failure?.code === "STALE" && steps.find((each) => each.failure === failure);
  if (!step) return [];
  const domains = {
    "own trust": known.domains.own.domain,
    "issuer's trust": authorization?.issuer.domain,
  };
  const domain = domains[step.name as keyof typeof domains];
  if (domain === undefined) return [];
  return [`if nothing newer is there, ${domain} itself must run "writ domain refresh"`];
}

/** Nobody vouches for what such a chain says: it only tells where to look. */
function notAdmitted(
  kernel: Kernel,
  { chain, known }: Inquiry,
  path: string,
  store: string,
): string[] {
  const inspected = inspectChain(kernel, chain);
  // What is no chain cannot be shown.
  if (!inspected.ok) return [];
  const { domain, key } = inspected.value[0].link.authorization.issuer;
  const view = viewOfDomain(known.domains, domain);
  const unknown = !view?.state
    ? [`it says that it is by ${domain}, of which ${store} holds no state`]
    : issuersOf(view).has(key)
      ? []
      : [`it says that it is by an issuer of ${domain}, which lists no such key`];
  return [...unknown, `"writ inspect ${path}" shows what it says`];
}
