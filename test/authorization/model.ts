/**
 * What a gate must answer, by formats.md ("Authorization semantics") and as naively as can be: every
 * demand of every link is looked at by itself, nothing is intersected, nothing stops at the first that
 * fails. It knows chains, requests and trust as plain data only.
 */
import type { AuthorizationRequest } from "../../src/authorization/request.js";
import type { Rehearsal } from "../../src/authorization/situation.js";
import { NOT_CHECKED } from "../../src/authorization/situation.js";
import type { TrustView } from "../../src/trust/view.js";
import type { Code } from "../../src/verdict.js";
import type { Loose } from "../trust/forge.js";
import type { HandLink } from "./craft.js";
import { sha256, standIn } from "./craft.js";
import { isPolicy, isPredicate } from "./form.js";
import { modelEvaluate } from "./policy/model.js";

type PlainLink = Pick<HandLink, "id" | "predicate" | "subject" | "signedBy">;

interface PlainDomain {
  readonly name: string;
  /** Why the reader does not trust it although it may have a state. */
  readonly failure: Code | undefined;
  readonly state: PlainState | undefined;
  readonly revoked: { readonly links: ReadonlySet<string>; readonly keys: ReadonlySet<string> };
  readonly contained: ReadonlyMap<string, string>;
}

interface PlainState {
  readonly issued: number | undefined;
  readonly expires: Readonly<
    Record<"root" | "timestamp" | "snapshot" | "targets" | "status", number>
  >;
  readonly issuers: readonly Loose[];
  readonly gates: readonly Loose[];
  readonly peers: readonly Loose[];
  readonly rules: readonly Loose[];
  readonly baseline: string | undefined;
}

interface PlainSituation {
  readonly now: number;
  /** An origin, or "not checked". */
  readonly gate: string;
  readonly own: PlainDomain;
  readonly others: readonly PlainDomain[];
  readonly maxStaleness: number;
  readonly terms: { readonly maxLifetime: number; readonly skew: number };
  readonly artifacts: readonly Readonly<Record<string, string>>[];
}

export type Decision = "allow" | { readonly deny: ReadonlySet<Code> };

export function modelDecision(
  links: readonly PlainLink[],
  request: Pick<AuthorizationRequest, "principal" | "command" | "arguments" | "resource">,
  where: PlainSituation,
): Decision {
  const refused = modelAdmission(links, where);
  const denied = refused.size > 0 ? refused : modelCheck(links, request, where);
  return denied.size > 0 ? { deny: denied } : "allow";
}

// What holds of a chain at any time.

/** Every code for which the chain is refused; none where it is admitted. */
export function modelAdmission(
  links: readonly PlainLink[],
  where: Pick<PlainSituation, "own" | "others">,
): Set<Code> {
  const codes = new Set<Code>();
  if (links.length === 0) codes.add("MALFORMED");
  if (links.length > 8) codes.add("TOO_LARGE");
  const bad = links.findIndex((link) => !hasForm(link));
  if (bad >= 0) codes.add("MALFORMED");
  // What is wrong before a link that cannot be read is as good a reason.
  const sound = bad < 0 ? links : links.slice(0, bad);
  const [first] = sound;
  if (!first) return codes;
  firstLink(first, where, codes);
  sound.forEach((link, i) => {
    const above = sound[i - 1];
    if (!link.signedBy.includes(link.predicate.issuer.key)) codes.add("SIGNATURE").add("KEY");
    if (above) laterLink(above, link, codes);
    const most = link.predicate.limits?.delegations;
    if (most !== undefined && links.length - 1 - i > most) codes.add("LIMIT");
  });
  wholeChain(sound, codes);
  return codes;
}

function firstLink(
  { predicate: { issuer, command, parents } }: PlainLink,
  where: Pick<PlainSituation, "own" | "others">,
  codes: Set<Code>,
): void {
  if (parents !== undefined) codes.add("MISSING");
  const domain = domainIn(where, issuer.domain);
  if (!domain?.state) codes.add("NO_TRUST").add("KEY");
  else checkListed(domain, issuer.key, command, codes);
}

function checkListed(domain: PlainDomain, key: string, command: string, codes: Set<Code>): void {
  const listed = domain.state?.issuers.filter((issuer) => issuer.key === key) ?? [];
  if (listed.length === 0) codes.add("KEY");
  else if (!listed.some(({ commands }) => coversAny(commands, command))) codes.add("SCOPE");
}

function laterLink(above: PlainLink, below: PlainLink, codes: Set<Code>): void {
  const [parent, child] = [above.predicate, below.predicate];
  if (child.parents?.[0].sha256 !== above.id) codes.add("DIGEST");
  if (child.issuer.key !== parent.principal.key) codes.add("KEY").add("SIGNATURE");
  if (child.issuer.domain !== parent.issuer.domain) codes.add("SCOPE");
  if (!covers(parent.command, child.command)) codes.add("SCOPE");
}

function wholeChain(links: readonly PlainLink[], codes: Set<Code>): void {
  const predicates = links.map(({ predicate }) => predicate);
  if (audienceOf(predicates).length === 0) codes.add("AUDIENCE");
  const ends = predicates.map(({ expires }) => Date.parse(expires));
  const begins = predicates.flatMap(({ notBefore }) => (notBefore ? [Date.parse(notBefore)] : []));
  if (begins.some((begin) => ends.some((end) => end <= begin))) codes.add("EXPIRED");
  const baselines = predicates.flatMap(({ baseline }) => (baseline ? [baseline.sha256] : []));
  if (baselines.some((each) => each !== baselines[0])) codes.add("BASELINE");
  // A link that counts has its one gate by itself and those above it: whatever comes below is too late,
  // since another child could name another gate.
  predicates.forEach(({ limits }, i) => {
    if (limits?.uses === undefined && limits?.totals === undefined) return;
    const audience = audienceOf(predicates.slice(0, i + 1));
    if (audience.length !== 1 || !audience[0]?.includes("/")) codes.add("LIMIT");
  });
}

/** The domains and gates that every link names, a gate also by its domain. */
function audienceOf(predicates: readonly Loose[]): string[] {
  const all = new Set<string>(predicates.flatMap(({ audience }) => audience));
  return [...all].filter((member) => predicates.every(({ audience }) => names(audience, member)));
}

function names(audience: readonly string[], member: string): boolean {
  return audience.some((each) => each === member || each === member.split("/")[0]);
}

/** A link that many chains share is read once. */
const formed = new WeakMap<PlainLink, boolean>();

function hasForm(link: PlainLink): boolean {
  const known = formed.get(link) ?? (isPredicate(link.predicate) && isSubject(link));
  formed.set(link, known);
  return known;
}

function isSubject({ subject, predicate }: PlainLink): boolean {
  const instead = JSON.stringify(standIn(predicate));
  return subject.length === 1 || !subject.some(({ digest }) => JSON.stringify(digest) === instead);
}

// What holds of a request, now.

/** Every code for which the request is denied under a chain that was admitted. */
export function modelCheck(
  links: readonly PlainLink[],
  request: Pick<AuthorizationRequest, "principal" | "command" | "arguments" | "resource">,
  where: PlainSituation,
): Set<Code> {
  const codes = new Set<Code>();
  const predicates = links.map(({ predicate }) => predicate);
  const [first] = predicates;
  const leaf = predicates.at(-1);
  const most = Math.min(
    where.maxStaleness,
    ...predicates.map((each) => each.maxStaleness ?? Infinity),
  );
  const { own } = where;
  addAll(codes, untrusted(own, most, where.terms, where.now));
  const issuers = domainIn(where, first.issuer.domain);
  const terms = termsFor(where, first.issuer.domain);
  if (issuers !== own) {
    if (!terms || !coversAny(terms.commands, request.command)) codes.add("UNTRUSTED");
    if (!issuers) codes.add("NO_TRUST");
  }
  if (issuers && terms) {
    const bound = Math.min(most, terms.maxStaleness ?? Infinity);
    addAll(codes, untrusted(issuers, bound, terms, where.now));
    checkListed(issuers, first.issuer.key, first.command, codes);
  }
  for (const link of links) {
    if (Date.parse(link.predicate.expires) <= where.now) codes.add("EXPIRED");
    const begin = link.predicate.notBefore ? Date.parse(link.predicate.notBefore) : -Infinity;
    if (terms && begin > where.now + terms.skew) codes.add("NOT_YET");
    for (const domain of [own, issuers])
      if (domain && isRevoked(link, domain)) codes.add("REVOKED");
    if (!covers(link.predicate.command, request.command)) codes.add("SCOPE");
    const { baseline } = link.predicate;
    if (baseline && baseline.sha256 !== own.state?.baseline) codes.add("BASELINE");
    addAll(codes, artifactCodes(link, where));
  }
  if (request.principal !== leaf.principal.id) codes.add("HOLDER");
  addAll(codes, gateCodes(predicates, request.command, where));
  const input = inputOf(request);
  for (const { policy, limits, quorum } of predicates) {
    if (!holds(policy, input)) codes.add("SCOPE");
    for (const { argument, most: limit } of limits?.totals ?? []) {
      const amount = input[argument.slice(1)];
      if (!Number.isSafeInteger(amount) || amount < 0 || amount > limit) codes.add("LIMIT");
    }
    if (quorum && freshOf(quorum.domains, most, where).length < quorum.k) codes.add("QUORUM");
  }
  const rules = own.state?.rules ?? [];
  if (rules.some(({ policy }) => !isPolicy(policy))) codes.add("POLICY");
  else {
    const mine = rules.filter(({ command }) => covers(command, request.command));
    if (mine.some(({ policy }) => !holds(policy, input))) codes.add("POLICY");
  }
  return codes;
}

const holds = (policy: Loose, input: Loose): boolean => modelEvaluate(policy, input) === "true";

/** What policies see. */
export function inputOf({
  arguments: given,
  resource,
}: Pick<AuthorizationRequest, "arguments" | "resource">): Loose {
  return resource ? { ...given, resource } : { ...given };
}

function gateCodes(
  predicates: readonly Loose[],
  command: string,
  where: PlainSituation,
): Set<Code> {
  const codes = new Set<Code>();
  const { own, gate } = where;
  if (gate === "not checked") {
    const mine = audienceOf(predicates).filter((each) => each.split("/")[0] === own.name);
    return mine.length > 0 ? codes : codes.add("AUDIENCE");
  }
  const listed = own.state?.gates.find(({ origin }) => origin === gate);
  if (!listed) codes.add("UNTRUSTED");
  if (listed && own.revoked.keys.has(listed.key)) codes.add("REVOKED");
  // A gate is of the domain that lists it, and its name says nothing of another.
  const member = gate.split("/")[0] === own.name ? gate : own.name;
  if (!predicates.every(({ audience }) => names(audience, member))) codes.add("AUDIENCE");
  const since = own.contained.get(gate);
  const isLifted = since && listed?.released && Date.parse(since) <= Date.parse(listed.released);
  if (since === undefined || isLifted) return codes;
  const isCleanup = predicates.every((each) => each.cleanup && coversAny(each.cleanup, command));
  return isCleanup ? codes : codes.add("CONTAINED");
}

function isRevoked({ id, predicate }: PlainLink, { revoked }: PlainDomain): boolean {
  const keys = [predicate.issuer.key, predicate.principal.key];
  return revoked.links.has(id) || keys.some((key) => revoked.keys.has(key));
}

/** Each thing that runs must be one that the link names, by every digest that it gives. */
function artifactCodes({ subject, predicate }: PlainLink, where: PlainSituation): Set<Code> {
  const codes = new Set<Code>();
  const [first] = subject;
  const instead = JSON.stringify(standIn(predicate));
  if (subject.length === 1 && JSON.stringify(first?.digest) === instead) return codes;
  if (where.artifacts.length === 0) codes.add("MISSING");
  for (const measured of where.artifacts) {
    const isThis = ({ digest }: PlainLink["subject"][number]): boolean =>
      Object.entries(digest).every(
        ([name, value]) => Object.hasOwn(measured, name) && measured[name] === value,
      );
    if (subject.some(isThis)) continue;
    codes.add("DIGEST");
    const unknown = subject.some(({ digest }) =>
      Object.keys(digest).some((name) => !Object.hasOwn(measured, name)),
    );
    if (unknown) codes.add("UNSUPPORTED_DIGEST");
  }
  return codes;
}

function freshOf(domains: readonly string[], most: number, where: PlainSituation): string[] {
  return domains.filter((name) => {
    const domain = domainIn(where, name);
    const terms = termsFor(where, name);
    if (!domain || !terms) return false;
    const bound = Math.min(most, terms.maxStaleness ?? Infinity);
    return untrusted(domain, bound, terms, where.now).size === 0;
  });
}

/** Every code for which a domain's state supports no allow. */
function untrusted(
  { failure, state }: PlainDomain,
  maxStaleness: number,
  terms: { readonly maxLifetime: number; readonly skew: number },
  now: number,
): Set<Code> {
  const codes = new Set<Code>();
  if (failure) codes.add(failure);
  if (!state) return codes.add("NO_TRUST");
  const { issued, expires } = state;
  if (now >= expires.timestamp) codes.add("STALE");
  for (const role of ["root", "snapshot", "targets", "status"] as const) {
    if (now >= expires[role]) codes.add("EXPIRED");
  }
  if (issued === undefined) return codes.add("STALE");
  if (issued > now + terms.skew) codes.add("CLOCK");
  if (expires.timestamp - issued > terms.maxLifetime) codes.add("CLOCK");
  if (now - issued > maxStaleness) codes.add("STALE");
  return codes;
}

function domainIn(
  { own, others }: Pick<PlainSituation, "own" | "others">,
  name: string,
): PlainDomain | undefined {
  return name === own.name ? own : others.find((each) => each.name === name);
}

/** Under which a domain is looked at: the caller's for the own, else what the own has pinned. */
function termsFor({ own, terms }: PlainSituation, name: string): Loose {
  return name === own.name ? terms : own.state?.peers.find((peer) => peer.name === name);
}

export function covers(allowed: string, command: string): boolean {
  const segments = (text: string): string[] => text.split("/").filter(Boolean);
  return segments(allowed).every((segment, i) => segments(command)[i] === segment);
}

function coversAny(allowed: readonly string[], command: string): boolean {
  return allowed.some((each) => covers(each, command));
}

function addAll(codes: Set<Code>, more: ReadonlySet<Code>): void {
  for (const code of more) codes.add(code);
}

// From what the real functions take.

function plainDomain({ domain, failure, state, withdrawn }: TrustView): PlainDomain {
  const baseline = state?.contents.get("baseline.json");
  return {
    name: domain,
    failure: failure?.code,
    state: state && {
      issued: state.issued,
      expires: {
        root: state.metadata.root.expires,
        timestamp: state.metadata.timestamp.expires,
        snapshot: state.metadata.snapshot.expires,
        targets: state.metadata.targets.expires,
        status: state.metadata.status.expires,
      },
      issuers: state.authority.issuers,
      gates: state.authority.gates,
      peers: state.peers.peers,
      rules: state.policy.rules,
      baseline: baseline && sha256(baseline),
    },
    revoked: { links: withdrawn.authorizations, keys: withdrawn.keys },
    contained: withdrawn.contained,
  };
}

export function plainSituation(where: Rehearsal): PlainSituation {
  const { own, peers } = where.domains;
  const others = [...peers].filter(([name]) => name !== own.domain);
  return {
    now: where.now,
    gate: where.gate === NOT_CHECKED ? "not checked" : where.gate,
    own: plainDomain(own),
    others: others.flatMap(([name, view]) => (name === view.domain ? [plainDomain(view)] : [])),
    maxStaleness: where.maxStaleness,
    terms: where.terms,
    artifacts: where.artifacts,
  };
}
