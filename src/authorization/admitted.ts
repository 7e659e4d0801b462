/** A chain whose signatures and links hold. It says nothing of the time, which decides at each request. */
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { freezeDeep } from "../bytes/frozen.js";
import type { Link } from "./link.js";
import type { Demands } from "./demands.js";
import { demandsOf } from "./demands.js";
import type { AuthorizationIssuer, AuthorizationPrincipal } from "./predicate.js";

/** Immutable; made by `admitAuthorization` alone. */
export interface AdmittedAuthorization {
  /** From the issuer's to the one that is used. */
  readonly links: readonly Link[];
  /** The identity of the one that is used. */
  readonly sha256: string;
  /** Who made the first. */
  readonly issuer: AuthorizationIssuer;
  /** Who may act. */
  readonly principal: AuthorizationPrincipal;
  /** Of every signer and principal of the chain, each once, in hexadecimal. */
  readonly keys: readonly string[];
  /** Who signed each link, root first. */
  readonly signers: readonly string[];
  /** What may be done: the narrowest of the chain. */
  readonly command: string;
  /** What the chain demands as a whole. */
  readonly demands: Demands;
  /** The links whose uses or totals a gate counts. */
  readonly counted: readonly Link[];
  /** Algorithms, by in-toto's names, that artifacts must be measured by. */
  readonly digestAlgorithms: readonly string[];
}

const admitted = new WeakSet<AdmittedAuthorization>();

/** Why no gate could take links that follow from each other as one chain. */
export function checkWhole(links: readonly Link[], demands: Demands): Failure | undefined {
  if (demands.audience.length === 0) {
    return failure("AUDIENCE", "an audience that all links have in common", "none");
  }
  if (demands.notBefore !== undefined && demands.notBefore >= demands.expires) {
    return failure("EXPIRED", "a time at which all links are valid", "none");
  }
  if (demands.baselines.length > 1) {
    return failure("BASELINE", "one baseline in all links", demands.baselines.join(", "));
  }
  return checkCounted(links);
}

/** What `admitAuthorization` makes of links that it has verified; nobody else calls it. */
export function admit(links: readonly [Link, ...Link[]]): Result<AdmittedAuthorization> {
  const [first] = links;
  const leaf = links.at(-1) as Link;
  const demands = demandsOf(links);
  const bad = checkWhole(links, demands);
  if (bad) return bad;
  const signers = links.map(({ authorization }) => authorization.issuer.key);
  const principals = links.map(({ authorization }) => authorization.principal.key);
  const algorithms = links.flatMap(({ artifacts }) => (artifacts ?? []).flatMap(Object.keys));
  const value: AdmittedAuthorization = {
    links: Object.freeze([...links]),
    sha256: leaf.sha256,
    issuer: first.authorization.issuer,
    principal: leaf.authorization.principal,
    keys: Object.freeze([...new Set([...signers, ...principals])]),
    signers: Object.freeze(signers),
    command: leaf.authorization.command,
    demands: freezeDeep(demands),
    counted: Object.freeze(links.filter(isCounted)),
    digestAlgorithms: Object.freeze([...new Set(algorithms)].sort()),
  };
  Object.freeze(value);
  admitted.add(value);
  return ok(value);
}

/**
 * What is counted is counted at one gate: two would each allow the whole. So the audience must be one
 * gate down to the link that counts; a link below could be made for several, one each.
 */
function checkCounted(links: readonly Link[]): Failure | undefined {
  for (const [i, link] of links.entries()) {
    if (!isCounted(link)) continue;
    const { audience } = demandsOf(links.slice(0, i + 1));
    if (audience.length === 1 && audience[0]?.includes("/")) continue;
    const expected = `exactly one gate in the audience of link ${i + 1}, which counts uses or totals`;
    return failure("LIMIT", expected, audience.join(", "));
  }
  return undefined;
}

function isCounted({ authorization: { limits } }: Link): boolean {
  return limits?.uses !== undefined || limits?.totals !== undefined;
}

/** Throws on an object that `admitAuthorization` did not make. */
export function requireAdmitted(authorization: AdmittedAuthorization): void {
  if (!admitted.has(authorization)) {
    throw new TypeError("an authorization is admitted by admitAuthorization");
  }
}
