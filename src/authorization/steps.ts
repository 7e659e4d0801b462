/**
 * The steps of deciding on a request, in their order. Each says nothing, or why not. They are the same
 * for `checkRequest`, which stops at the first that fails, and for `explainRequest`, which runs all that
 * do not need one that failed.
 */
import { matchDigests } from "../attestation/digest.js";
import { coversCommand } from "../trust/command.js";
import type { Terms } from "../trust/contents/peers.js";
import type { Freshness } from "../trust/freshness.js";
import { checkFreshQuorum } from "../trust/freshness.js";
import type { Trusted, TrustView } from "../trust/view.js";
import { checkAccepted, checkGate, checkNotWithdrawn, checkTrusted } from "../trust/view.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { AdmittedAuthorization } from "./admitted.js";
import type { Charge } from "./charges.js";
import { chargesOf } from "./charges.js";
import { issuersOf, viewOfDomain } from "./domains.js";
import { rulesFor } from "./local-policy.js";
import { domainOfAudience, inAudience } from "./narrow.js";
import { evaluatePolicy } from "./policy/evaluate.js";
import type { AuthorizationRequest } from "./request.js";
import type { Situation } from "./situation.js";
import { NOT_CHECKED } from "./situation.js";

/** What is asked, and what the steps have found so far. */
export class Question {
  /** The own domain's state, once it is known to be fresh. */
  own: Trusted | undefined;
  /** That of the issuer's domain, which may be the own. */
  issuers: Trusted | undefined;
  /** Under which the issuer's domain is accepted. */
  terms: Pick<Terms, "maxStaleness" | "maxLifetime" | "skew">;
  charges: readonly Charge[] = [];
  gate: { readonly origin: string; readonly key: string } | undefined;
  /** Milliseconds that trust state may be old: the least of all that has a say. */
  readonly maxStaleness: number;

  constructor(
    readonly authorization: AdmittedAuthorization,
    readonly request: AuthorizationRequest,
    readonly situation: Situation,
  ) {
    const { demands } = authorization;
    const { maxStaleness, terms } = situation;
    this.maxStaleness = Math.min(maxStaleness, demands.maxStaleness ?? Number.POSITIVE_INFINITY);
    this.terms = { ...terms, maxStaleness: this.maxStaleness };
  }

  get isForeign(): boolean {
    return this.authorization.issuer.domain !== this.situation.domains.own.domain;
  }

  /** The view of the issuer's domain, if there is one. */
  get issuersView(): TrustView | undefined {
    return viewOfDomain(this.situation.domains, this.authorization.issuer.domain);
  }
}

export interface Step {
  readonly name: string;
  /** Steps without which this one has nothing to look at. */
  readonly needs: readonly string[];
  readonly check: (question: Question) => Failure | undefined;
}

/** The gate's own domain: fresh, and trusted at all. */
function checkOwn(question: Question): Failure | undefined {
  const { domains, now, terms } = question.situation;
  const { maxStaleness } = question;
  const trusted = checkTrusted(domains.own, { now, maxStaleness, terms });
  if (!trusted.ok) return trusted;
  question.own = trusted.value;
  return undefined;
}

/** The gate: listed, not withdrawn, and not contained, unless this is clean-up. */
function checkOwnGate(question: Question): Failure | undefined {
  const { authorization, request, situation } = question;
  const { gate: origin, domains } = situation;
  if (origin === NOT_CHECKED) return undefined;
  const gate = checkGate(domains.own, origin);
  if (!gate.ok) {
    const cleanup =
      gate.code === "CONTAINED" &&
      authorization.links.every(({ authorization: { cleanup = [] } }) =>
        cleanup.some((command) => coversCommand(command, request.command)),
      );
    if (!cleanup) return gate;
  }
  const listed = domains.own.state?.authority.gates.find((each) => each.origin === origin);
  question.gate = listed && { origin, key: listed.key };
  return undefined;
}

function checkPeer(question: Question): Failure | undefined {
  const { authorization, request, own } = question;
  if (!question.isForeign) return undefined;
  const { domain } = authorization.issuer;
  const accepted = checkAccepted((own as Trusted).state, domain, request.command);
  if (!accepted.ok) return accepted;
  question.terms = accepted.value;
  return undefined;
}

function checkIssuersTrust(question: Question): Failure | undefined {
  const { situation, own, terms, issuersView: view } = question;
  if (!question.isForeign) {
    question.issuers = own;
    return undefined;
  }
  const { domain } = question.authorization.issuer;
  if (!view) return failure("NO_TRUST", `a trust state of ${domain}`, "none");
  const maxStaleness = Math.min(question.maxStaleness, terms.maxStaleness);
  const trusted = checkTrusted(view, { now: situation.now, maxStaleness, terms });
  if (!trusted.ok) return { ...trusted, expected: `of ${domain}: ${trusted.expected}` };
  question.issuers = trusted.value;
  return undefined;
}

function checkIssuer({ authorization, issuersView: view }: Question): Failure | undefined {
  const { domain, key } = authorization.issuer;
  const command = authorization.links[0]?.authorization.command ?? "/";
  const listed = view && issuersOf(view).get(key);
  if (!listed) return failure("KEY", `an issuer that ${domain} lists`, key);
  if (listed.commands.some((allowed) => coversCommand(allowed, command))) return undefined;
  const expected = `a command that ${domain} lists ${listed.name} for: ${listed.commands.join(", ")}`;
  return failure("SCOPE", expected, command);
}

/** Neither the issuer's domain nor the own has ever withdrawn a link or a key of the chain. */
function checkWithdrawn(question: Question): Failure | undefined {
  const { own } = question.situation.domains;
  const { authorization, issuersView } = question;
  const found =
    issuersView && issuersView !== own ? withdrawnIn(issuersView, authorization) : undefined;
  return found ?? withdrawnIn(own, authorization);
}

function withdrawnIn(view: TrustView, { links, keys }: AdmittedAuthorization): Failure | undefined {
  const { withdrawn } = view;
  for (const { sha256 } of links) {
    if (!withdrawn.authorizations.has(sha256)) continue;
    return asFailure(checkNotWithdrawn(view, { authorization: sha256 }));
  }
  for (const key of keys) {
    if (withdrawn.keys.has(key)) return asFailure(checkNotWithdrawn(view, { key }));
  }
  return undefined;
}

function asFailure(result: Failure | { readonly ok: true }): Failure | undefined {
  return result.ok ? undefined : result;
}

/** An expiry is never put off; a beginning, by what the issuer's clock may run ahead. */
function checkWindow({ authorization, situation, terms }: Question): Failure | undefined {
  const { notBefore, expires } = authorization.demands;
  const { now } = situation;
  if (now >= expires) {
    return failure(
      "EXPIRED",
      "an authorization before its expiry",
      `expired for ${now - expires} ms`,
    );
  }
  if (notBefore === undefined || now + terms.skew >= notBefore) return undefined;
  return failure("NOT_YET", "an authorization that is valid by now", `in ${notBefore - now} ms`);
}

/** The own domain, or this gate of it: a gate that another domain lists under our name is not ours. */
function checkAudience({ authorization, situation }: Question): Failure | undefined {
  const { audience } = authorization.demands;
  const { gate, domains } = situation;
  const { domain } = domains.own;
  const ours = gate !== NOT_CHECKED && domainOfAudience(gate) === domain ? gate : domain;
  if (inAudience(audience, ours)) return undefined;
  // Without a gate, an audience of gates says nothing against its domain.
  if (gate === NOT_CHECKED && audience.some((each) => domainOfAudience(each) === domain)) {
    return undefined;
  }
  return failure("AUDIENCE", `one of ${audience.join(", ")}`, gate === NOT_CHECKED ? domain : gate);
}

function checkBaseline({ authorization, own }: Question): Failure | undefined {
  const [demanded] = authorization.demands.baselines;
  if (demanded === undefined) return undefined;
  const { targets } = (own as Trusted).state.metadata.targets.signed;
  const found = targets["baseline.json"]?.hashes["sha256"];
  if (found === demanded) return undefined;
  return failure("BASELINE", `the baseline ${demanded}`, found ?? "none");
}

/** Enough of the domains that a link names are fresh, each under the terms that it is accepted by. */
function checkQuorums(question: Question): Failure | undefined {
  for (const { k, domains } of question.authorization.demands.quorums) {
    const answers = domains.map((domain) => ({ domain, freshness: freshnessOf(question, domain) }));
    const quorum = asFailure(checkFreshQuorum(k, answers));
    if (quorum) return quorum;
  }
  return undefined;
}

function freshnessOf(question: Question, domain: string): Freshness | undefined {
  const { situation, own } = question;
  const view = viewOfDomain(situation.domains, domain);
  const { state } = own as Trusted;
  if (domain === state.domain) return (own as Trusted).freshness;
  const terms = state.peers.peers.find(({ name }) => name === domain);
  if (!view || !terms) return undefined;
  const maxStaleness = Math.min(question.maxStaleness, terms.maxStaleness);
  const trusted = checkTrusted(view, { now: situation.now, maxStaleness, terms });
  return trusted.ok ? trusted.value.freshness : undefined;
}

function checkPrincipal({ authorization, request }: Question): Failure | undefined {
  const { id } = authorization.principal;
  return request.principal === id ? undefined : failure("HOLDER", id, request.principal);
}

function checkCommand({ authorization, request }: Question): Failure | undefined {
  for (const [i, link] of authorization.links.entries()) {
    const { command } = link.authorization;
    if (!coversCommand(command, request.command)) {
      return failure("SCOPE", `link ${i + 1}: ${command}, or below it`, request.command);
    }
  }
  return undefined;
}

/** Whatever would run is a subject of every link that binds artifacts. */
function checkArtifacts({ authorization, situation }: Question): Failure | undefined {
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

function checkLocalPolicy({ own, request }: Question): Failure | undefined {
  const rules = rulesFor((own as Trusted).state.policy, request.command);
  if (!rules.ok) return rules;
  for (const { command, policy } of rules.value) {
    const truth = evaluatePolicy(policy, request.input);
    if (truth !== "true") {
      return failure("POLICY", `the own domain's rule for ${command} to hold`, truth);
    }
  }
  return undefined;
}

function checkPolicies({ authorization, request }: Question): Failure | undefined {
  for (const [i, { policy }] of authorization.links.entries()) {
    const truth = evaluatePolicy(policy, request.input);
    if (truth !== "true") return failure("SCOPE", `link ${i + 1}: its policy to hold`, truth);
  }
  return undefined;
}

function checkLimits(question: Question): Failure | undefined {
  const charges = chargesOf(question.authorization.links, question.request);
  if (!charges.ok) return charges;
  question.charges = charges.value;
  return undefined;
}

function checkHolder({ authorization, request, situation }: Question): Failure | undefined {
  const { possession, gate } = situation;
  if (possession === NOT_CHECKED) return undefined;
  const same =
    possession.authorization === authorization &&
    possession.request === request &&
    possession.gate === gate;
  if (same) return undefined;
  return failure("HOLDER", "a proof for this authorization, request and gate", "one for another");
}

export const STEPS: readonly Step[] = [
  { name: "own trust", needs: [], check: checkOwn },
  { name: "gate", needs: [], check: checkOwnGate },
  { name: "peer", needs: ["own trust"], check: checkPeer },
  { name: "issuer's trust", needs: ["peer"], check: checkIssuersTrust },
  { name: "issuer", needs: [], check: checkIssuer },
  { name: "not withdrawn", needs: [], check: checkWithdrawn },
  { name: "validity", needs: [], check: checkWindow },
  { name: "audience", needs: [], check: checkAudience },
  { name: "baseline", needs: ["own trust"], check: checkBaseline },
  { name: "quorum", needs: ["own trust"], check: checkQuorums },
  { name: "principal", needs: [], check: checkPrincipal },
  { name: "command", needs: [], check: checkCommand },
  { name: "artifacts", needs: [], check: checkArtifacts },
  { name: "own policy", needs: ["own trust"], check: checkLocalPolicy },
  { name: "policy", needs: [], check: checkPolicies },
  { name: "limits", needs: [], check: checkLimits },
  { name: "possession", needs: [], check: checkHolder },
];
