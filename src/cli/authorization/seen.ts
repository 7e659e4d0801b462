/** What each step of a decision looked at, in a few words, for people. */
import type { AdmittedAuthorization } from "../../authorization/admitted.js";
import { issuersOf, viewOfDomain } from "../../authorization/domains.js";
import { rulesFor } from "../../authorization/local-policy.js";
import type { AuthorizationRequest } from "../../authorization/request.js";
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import type { TrustView } from "../../trust/view.js";
import { peerOf } from "../../trust/view.js";
import { formatDuration } from "../domain/durations.js";
import { formatAge } from "../trust/answer.js";
import { count } from "../trust/table.js";
import type { Decision, Inquiry, Reported } from "./decision.js";
import { formatQuorum } from "./link-text.js";

/** Empty where there is nothing to say, or the step was not taken. */
export function seenBy({ name, outcome }: Reported, decision: Decision, inquiry: Inquiry): string {
  const { authorization, request } = decision;
  if (outcome === "not-run") return "";
  if (outcome === "not-checked") return name === "gate" ? "none was named" : "no proof was given";
  if (name === "request") return request ? `${request.principal} ${request.command}` : "";
  if (!authorization || !request) return "";
  return SEEN[name]?.({ authorization, request, inquiry }) ?? "";
}

interface Sight {
  readonly authorization: AdmittedAuthorization;
  readonly request: AuthorizationRequest;
  readonly inquiry: Inquiry;
}

const SEEN: { readonly [name in Reported["name"]]?: (sight: Sight) => string } = {
  authorization: ({ authorization: { issuer, links } }) =>
    `${count(links.length, "link")} from ${issuer.domain}`,
  "own trust": ({ inquiry }) => ageOf(inquiry.known.domains.own, inquiry.now),
  gate: ({ inquiry }) => inquiry.gate ?? "",
  peer: ({ authorization: { issuer }, inquiry }) => seenPeer(issuer.domain, inquiry),
  "issuer's trust": ({ authorization: { issuer }, inquiry }) =>
    ageOf(viewOfDomain(inquiry.known.domains, issuer.domain), inquiry.now),
  issuer: ({ authorization: { issuer }, inquiry }) => {
    const view = viewOfDomain(inquiry.known.domains, issuer.domain);
    const listed = view && issuersOf(view).get(issuer.key);
    return listed ? `${listed.name}, for ${listed.commands.join(", ")}` : "";
  },
  "not withdrawn": ({ authorization: { links, keys } }) =>
    `${count(links.length, "link")}, ${count(keys.length, "key")}`,
  validity: ({ authorization: { demands } }) => {
    const { notBefore, expires } = demands;
    const from = notBefore === undefined ? "" : `from ${timeOf(notBefore)} `;
    return `${from}until ${timeOf(expires)}`;
  },
  audience: ({ authorization: { demands } }) => demands.audience.join(", "),
  baseline: ({ authorization: { demands } }) =>
    demands.baselines.length === 0 ? "none is demanded" : demands.baselines.join(", "),
  quorum: ({ authorization: { demands } }) =>
    demands.quorums.length === 0
      ? "none is demanded"
      : demands.quorums.map(formatQuorum).join("; "),
  principal: ({ request }) => request.principal,
  command: ({ authorization: { command }, request }) =>
    command === request.command ? command : `${request.command}, below ${command}`,
  artifacts: ({ authorization: { digestAlgorithms }, inquiry }) =>
    digestAlgorithms.length === 0 ? "none is bound" : count(inquiry.artifacts.length, "file"),
  "own policy": ({ inquiry, request }) => {
    const { state } = inquiry.known.domains.own;
    const rules = state && rulesFor(state.policy, request.command);
    return rules?.ok ? `${count(rules.value.length, "rule")} for ${request.command}` : "";
  },
  policy: ({ authorization: { links } }) => {
    const predicates = links.reduce((sum, { policy }) => sum + policy.predicates.length, 0);
    return count(predicates, "predicate");
  },
  limits: ({ authorization: { counted } }) =>
    counted.length === 0 ? "nothing is counted" : `counted for ${count(counted.length, "link")}`,
  possession: ({ authorization: { principal } }) => `by the key of ${principal.id}`,
};

function ageOf(view: TrustView | undefined, now: number): string {
  if (!view?.state) return "";
  const { domain, issued } = view.state;
  return `${domain} ${formatAge(issued === undefined ? undefined : now - issued)}`;
}

function seenPeer(domain: string, { known }: Inquiry): string {
  const { own } = known.domains;
  if (domain === own.domain) return "its own domain's";
  const peer = own.state && peerOf(own.state, domain);
  if (!peer) return "";
  return `${domain} for ${peer.commands.join(", ")}, at most ${formatDuration(peer.maxStaleness)} old`;
}

function timeOf(milliseconds: number): string {
  return formatRfc3339(milliseconds, milliseconds % 1000 === 0 ? "s" : "ms");
}
