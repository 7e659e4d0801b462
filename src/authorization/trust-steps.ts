/** The steps of deciding that look at what is known of domains. */
import { someCovers } from "../trust/command.js";
import { checkFreshQuorum } from "../trust/freshness.js";
import type { Peer } from "../trust/contents/peers.js";
import type { Trusted, TrustView } from "../trust/view.js";
import {
  checkAccepted,
  checkGate,
  checkNotWithdrawn,
  checkTrusted,
  peerOf,
} from "../trust/view.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { AdmittedAuthorization } from "./admitted.js";
import { checkListed, viewOfDomain } from "./domains.js";
import type { Question } from "./question.js";
import { NOT_CHECKED } from "./situation.js";

/** The gate's own domain: fresh, and trusted at all. */
export function checkOwn(question: Question): Failure | undefined {
  const { domains, now, terms } = question.situation;
  const { maxStaleness } = question;
  const trusted = checkTrusted(domains.own, { now, maxStaleness, terms });
  if (!trusted.ok) return { ...trusted, expected: `of ${domains.own.domain}: ${trusted.expected}` };
  question.own = trusted.value;
  return undefined;
}

/** The gate: listed, not withdrawn, and not contained, unless this is clean-up. */
export function checkOwnGate(question: Question): Failure | undefined {
  const { authorization, request, situation } = question;
  const { gate: origin, domains } = situation;
  if (origin === NOT_CHECKED) return undefined;
  const gate = checkGate(domains.own, origin);
  if (gate.ok) {
    question.gate = { origin, key: gate.value };
    return undefined;
  }
  const cleanup =
    gate.code === "CONTAINED" &&
    authorization.links.every(({ authorization: { cleanup = [] } }) =>
      someCovers(cleanup, request.command),
    );
  if (!cleanup) return gate;
  const listed = domains.own.state?.authority.gates.find((each) => each.origin === origin);
  question.gate = listed && { origin, key: listed.key };
  return undefined;
}

export function checkPeer(question: Question): Failure | undefined {
  const { authorization, request, own } = question;
  if (!question.isForeign) return undefined;
  const { domain } = authorization.issuer;
  const accepted = checkAccepted((own as Trusted).state, domain, request.command);
  if (!accepted.ok) return accepted;
  question.peer = accepted.value;
  return undefined;
}

export function checkIssuersTrust(question: Question): Failure | undefined {
  const { situation, own, issuersView: view } = question;
  if (!question.isForeign) {
    question.issuers = own;
    return undefined;
  }
  const { domain } = question.authorization.issuer;
  if (!view) return failure("NO_TRUST", `a trust state of ${domain}`, "none");
  const terms = question.peer as Peer;
  const trusted = checkTrusted(view, { now: situation.now, maxStaleness: question.bound, terms });
  if (!trusted.ok) return { ...trusted, expected: `of ${domain}: ${trusted.expected}` };
  question.issuers = trusted.value;
  return undefined;
}

export function checkIssuer({ authorization, issuersView }: Question): Failure | undefined {
  const command = authorization.links[0]?.authorization.command ?? "/";
  return checkListed(issuersView, authorization.issuer, command);
}

/** Neither the issuer's domain nor the own has ever withdrawn a link or a key of the chain. */
export function checkWithdrawn(question: Question): Failure | undefined {
  const { own } = question.situation.domains;
  const { authorization, issuersView } = question;
  const found =
    issuersView && issuersView !== own ? withdrawnIn(issuersView, authorization) : undefined;
  return found ?? withdrawnIn(own, authorization);
}

function withdrawnIn(view: TrustView, { links, keys }: AdmittedAuthorization): Failure | undefined {
  const { withdrawn } = view;
  if (withdrawn.authorizations.size > 0) {
    for (const { sha256 } of links) {
      if (!withdrawn.authorizations.has(sha256)) continue;
      return asFailure(checkNotWithdrawn(view, { authorization: sha256 }));
    }
  }
  if (withdrawn.keys.size > 0) {
    for (const key of keys) {
      if (withdrawn.keys.has(key)) return asFailure(checkNotWithdrawn(view, { key }));
    }
  }
  return undefined;
}

export function checkBaseline({ authorization, own }: Question): Failure | undefined {
  const [demanded] = authorization.demands.baselines;
  if (demanded === undefined) return undefined;
  const { targets } = (own as Trusted).state.metadata.targets.signed;
  const found = targets["baseline.json"]?.hashes["sha256"];
  if (found === demanded) return undefined;
  return failure("BASELINE", `the baseline ${demanded}`, found ?? "none");
}

/** Enough of the domains that a link names are fresh, each under the terms that it is accepted by. */
export function checkQuorums(question: Question): Failure | undefined {
  if (question.authorization.demands.quorums.length === 0) return undefined;
  const counted = new Map<string, Trusted>();
  for (const { k, domains } of question.authorization.demands.quorums) {
    const answers = domains.map((domain) => {
      const trusted = trustedOf(question, domain);
      if (trusted) counted.set(domain, trusted);
      return { domain, freshness: trusted?.freshness };
    });
    const failed = asFailure(checkFreshQuorum(k, answers));
    if (failed) return failed;
    const ends = answers.flatMap(({ freshness }) => (freshness ? [freshness.validUntil] : []));
    // The k that last longest.
    const end = ends.sort((a, b) => b - a)[k - 1] as number;
    question.quorumUntil = Math.min(question.quorumUntil, end);
  }
  question.quorum = [...counted.values()];
  return undefined;
}

function trustedOf(question: Question, domain: string): Trusted | undefined {
  const { situation } = question;
  const own = question.own as Trusted;
  if (domain === own.state.domain) return own;
  const view = viewOfDomain(situation.domains, domain);
  const terms = peerOf(own.state, domain);
  if (!view || !terms) return undefined;
  const maxStaleness = Math.min(question.maxStaleness, terms.maxStaleness);
  const trusted = checkTrusted(view, { now: situation.now, maxStaleness, terms });
  return trusted.ok ? trusted.value : undefined;
}

function asFailure(result: Failure | { readonly ok: true }): Failure | undefined {
  return result.ok ? undefined : result;
}
