/**
 * What a chain demands as a whole: windows, staleness, audiences and sets intersect, the strictest
 * level counts, and what one link alone demands is demanded.
 */
import { isWithin } from "./policy/within.js";
import type { Link } from "./link.js";
import type { FreshQuorum, Isolation, IsolationLevel } from "./predicate.js";
import { ISOLATION_LEVELS } from "./predicate.js";

export interface Demands {
  /** Domains and gates that every link names; a gate also counts where its domain is named. */
  readonly audience: readonly string[];
  /** Milliseconds since the epoch; undefined where no link names a beginning. */
  readonly notBefore: number | undefined;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  /** Milliseconds, as all below; undefined where no link limits it. */
  readonly maxStaleness: number | undefined;
  /** The least that a link states. */
  readonly recheck: number | undefined;
  /** A link states none, so that the default counts too: else one below could put it off. */
  readonly defaultRecheck: boolean;
  readonly duration: number | undefined;
  /** SHA-256 of baselines, each of which must be in force. */
  readonly baselines: readonly string[];
  readonly quorums: readonly FreshQuorum[];
  readonly isolation: Isolation | undefined;
  readonly witnessed: boolean;
}

export function demandsOf(links: readonly Link[]): Demands {
  const authorizations = links.map(({ authorization }) => authorization);
  const baselines = authorizations.flatMap(({ baseline }) => (baseline ? [baseline.sha256] : []));
  const isolations = authorizations.flatMap(({ isolation }) => (isolation ? [isolation] : []));
  const [first, ...others] = isolations;
  return {
    audience: authorizations.map(({ audience }) => audience).reduce(commonAudience),
    notBefore: greatest(links.map(({ notBefore }) => notBefore)),
    expires: Math.min(...links.map(({ expires }) => expires)),
    maxStaleness: least(authorizations.map((each) => each.maxStaleness)),
    recheck: least(authorizations.map((each) => each.recheck)),
    defaultRecheck: authorizations.some((each) => each.recheck === undefined),
    duration: least(authorizations.map((each) => each.limits?.duration)),
    baselines: [...new Set(baselines)],
    quorums: authorizations.flatMap((each) => (each.quorum ? [each.quorum] : [])),
    isolation: first && others.reduce(commonIsolation, first),
    witnessed: authorizations.some((each) => each.witnessed !== undefined),
  };
}

/** The domain that a member of an audience is of, or is: what stands before the first slash. */
export function domainOfAudience(member: string): string {
  const slash = member.indexOf("/");
  return slash < 0 ? member : member.slice(0, slash);
}

/** A gate is in its own domain, so that naming the domain names it. */
function inAudience(audience: readonly string[], member: string): boolean {
  return audience.includes(member) || audience.includes(domainOfAudience(member));
}

function commonAudience(one: readonly string[], other: readonly string[]): readonly string[] {
  const both = [
    ...one.filter((each) => inAudience(other, each)),
    ...other.filter((each) => inAudience(one, each)),
  ];
  return [...new Set(both)].sort();
}

function commonIsolation(one: Isolation, other: Isolation): Isolation {
  const common = (name: "read" | "write" | "net" | "run", both: Common) => {
    const [a, b] = [one[name], other[name]];
    return a && b ? both(a, b) : (a ?? b);
  };
  const sets = {
    read: common("read", commonPaths),
    write: common("write", commonPaths),
    net: common("net", commonHosts),
    run: common("run", (a, b) => a.filter((each) => b.includes(each))),
  };
  const given = Object.entries(sets).filter(([, each]) => each !== undefined);
  return {
    level: rankOf(one.level) >= rankOf(other.level) ? one.level : other.level,
    ...Object.fromEntries(given),
  };
}

type Names = readonly string[];
type Common = (one: Names, other: Names) => Names;

/** A path in the other set, or below one of it. */
function commonPaths(one: Names, other: Names): Names {
  const below = (a: Names, b: Names) => a.filter((each) => b.some((root) => isWithin(each, root)));
  return [...new Set([...below(one, other), ...below(other, one)])].sort();
}

function commonHosts(one: Names, other: Names): Names {
  const covered = (a: Names, b: Names) =>
    a.filter((each) => b.some((allowed) => coversHost(allowed, each)));
  return [...new Set([...covered(one, other), ...covered(other, one)])].sort();
}

/** A host without a port stands for all of its ports. */
export function coversHost(allowed: string, host: string): boolean {
  return allowed === host || allowed === host.replace(/:[0-9]+$/, "");
}

/** From the weakest level to the strongest. */
export function rankOf(level: IsolationLevel): number {
  return ISOLATION_LEVELS.indexOf(level);
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length > 0 ? Math.min(...given) : undefined;
}

function greatest(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length > 0 ? Math.max(...given) : undefined;
}
