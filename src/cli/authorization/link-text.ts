/** An authorization for people: every demand that it makes, one a line. */
import type { Link } from "../../authorization/link.js";
import type { Authorization, Isolation, Limits } from "../../authorization/predicate.js";
import { formatDuration } from "../domain/durations.js";
import { dim } from "../print.js";
import { formatJson, printable } from "../printable.js";
import { formatTable } from "../trust/table.js";

/** A label, and the lines beside it. */
export type Row = readonly [label: string, lines: readonly string[]];

/** What a link that was just made is shown with. */
export interface Surroundings {
  /** Milliseconds since the epoch: what is left until the expiry is said too. */
  readonly now: number;
  /** The links that it narrows. */
  readonly above: readonly Link[];
}

export function formatLink(link: Link, made?: Surroundings): string[] {
  return formatRows([...identityRows(link), ...rowsOf(link, made)]);
}

/** The link that ends first, and before this one, so that its expiry counts. */
export function endingFirst(
  link: Link,
  above: readonly Link[],
): { readonly number: number; readonly expires: string; readonly link: Link } | undefined {
  const first = Math.min(...above.map(({ expires }) => expires));
  const at = above.findIndex(({ expires }) => expires === first);
  const found = above[at];
  if (!found || link.expires <= first) return undefined;
  return { number: at + 1, expires: found.authorization.expires, link: found };
}

/** Rows whose texts may have several lines; those without are left out. */
export function formatRows(rows: readonly Row[]): string[] {
  return formatTable(
    rows.flatMap(([label, lines]) => lines.map((line, i) => [i === 0 ? label : "", line])),
  );
}

function identityRows(link: Link): Row[] {
  const { sha256, authorization } = link;
  const { issuer, principal, parents = [] } = authorization;
  return [
    ["identity", [sha256]],
    ["parent", parents.map((parent) => parent.sha256)],
    ["issuer", [formatIssuer(link), dim(issuer.key)]],
    ["principal", [principal.id, dim(principal.key)]],
  ];
}

/** Only the first link is by whom the domain lists. */
export function formatIssuer({ authorization: { issuer, parents } }: Link): string {
  return parents ? `${issuer.domain}, by the holder of the link before` : issuer.domain;
}

function rowsOf(link: Link, made: Surroundings | undefined): Row[] {
  const { authorization, artifacts = [] } = link;
  const { command, audience, policy, notBefore, baseline } = authorization;
  const { maxStaleness, recheck, isolation, limits, quorum, cleanup, witnessed } = authorization;
  return [
    ["command", [command]],
    ["audience", audience],
    ["from", notBefore === undefined ? [] : [notBefore]],
    ["until", untilOf(link, made)],
    ["policy", policy.length === 0 ? [formatNoPolicy(link)] : policy.map(formatJson)],
    ["limits", limits ? formatLimits(limits) : []],
    ["staleness", maxStaleness === undefined ? [] : [`at most ${formatDuration(maxStaleness)}`]],
    ["recheck", recheck === undefined ? [] : [`every ${formatDuration(recheck)}`]],
    ["baseline", baseline ? [baseline.sha256] : []],
    ["quorum", quorum ? [formatQuorum(quorum)] : []],
    ["isolation", isolation ? formatIsolation(isolation) : []],
    ["cleanup", cleanup ? [cleanup.join(", ")] : []],
    ["witnessed", witnessed ? ["the intent, by a peer, before the effect"] : []],
    ["artifact", artifacts.flatMap((digests) => Object.entries(digests).flat())],
  ];
}

/** What a policy without a predicate allows. */
export function formatNoPolicy({ authorization: { parents } }: Link): string {
  return parents ? "no more than the links above demand" : "any arguments";
}

/** The time that counts. */
function untilOf(link: Link, made: Surroundings | undefined): string[] {
  if (!made) return [link.authorization.expires];
  const first = endingFirst(link, made.above);
  if (!first) return [`${link.authorization.expires}${leftOf(link, made.now)}`];
  return [
    `${first.expires}${leftOf(first.link, made.now)}`,
    dim(`as link ${first.number} ends then; this one states ${link.authorization.expires}`),
  ];
}

function leftOf({ expires }: Link, now: number): string {
  const left = formatDuration(expires - now);
  return dim(expires > now ? `  in ${left}` : `  ${left} ago`);
}

export function formatQuorum({ k, domains }: NonNullable<Authorization["quorum"]>): string {
  return `${k} of ${domains.join(", ")} fresh`;
}

export function formatLimits({ uses, duration, delegations, totals = [] }: Limits): string[] {
  return [
    ...(uses === undefined ? [] : [uses === 1 ? "one use" : `${uses} uses`]),
    ...totals.map(({ argument, most }) => `${printable(argument)} at most ${most} in all`),
    ...(duration === undefined ? [] : [`a run lasts at most ${formatDuration(duration)}`]),
    ...(delegations === undefined ? [] : [formatDelegations(delegations)]),
  ];
}

function formatDelegations(most: number): string {
  if (most === 0) return "nobody may narrow it for another";
  return most === 1 ? "one may narrow it" : `${most} may narrow it, one below the other`;
}

/** The level, then what each set allows; a set that is absent limits nothing. */
export function formatIsolation({ level, ...sets }: Isolation): string[] {
  const lines = (["read", "write", "net", "run"] as const).flatMap((name) => {
    const set = sets[name];
    if (set === undefined) return [];
    return [`${name.padEnd(5)}  ${set.length === 0 ? "nothing" : set.map(printable).join(", ")}`];
  });
  return [level, ...lines];
}
