/**
 * May this run begin, or go on? Synchronous and pure: an admitted authorization, a request, and a
 * situation in which all is known. Whatever is missing denies.
 */
import type { AdmittedAuthorization } from "../authorization/admitted.js";
import type { Charge } from "../authorization/charges.js";
import type { Permission } from "../authorization/check.js";
import { checkRequest } from "../authorization/check.js";
import { viewOfDomain } from "../authorization/domains.js";
import type { AuthorizationRequest } from "../authorization/request.js";
import type { Situation } from "../authorization/situation.js";
import type { TrustVersions } from "../lineage/entry/gate.js";
import type { EntryIsolation } from "../lineage/entry/run.js";
import { coversCommand, someCovers } from "../trust/command.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { TrustView } from "../trust/view.js";
import type { Code, Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Measured } from "./environment.js";
import { checkMeasured } from "./environment.js";
import { checkIsolation } from "./isolation.js";
import { isStopped } from "./lifecycle.js";
import type { GateState } from "./state.js";
import { isOlder } from "./state/domain-record.js";
import { versionsOf } from "./trust-versions.js";

export interface GateSituation extends Situation {
  /** The gate, as its log says. */
  readonly state: GateState;
  /** The key that the gate signs its log with: Ed25519, in hexadecimal. */
  readonly key: string;
  /** Why the gate itself can decide nothing: its log, its clock or its kernel. */
  readonly failure: Failure | undefined;
  /** What the gate runs in. */
  readonly measured: Measured;
  /** How the effect is confined, as it is. */
  readonly isolation: EntryIsolation;
  /** The runs that caused this one, and what caused them. */
  readonly ancestors: readonly string[];
  /** The run, where it was allowed before and is decided on again: what it charged is charged. */
  readonly run: string | undefined;
  /** Whether the gate can ask a witness of a peer domain for its cosignature. */
  readonly peerWitnessed: boolean;
}

/** The answer, with its code and its bound. */
export type GateDecision = Made & (Allowance | Denial);

interface Made {
  /** Milliseconds since the epoch: the time that it was made for, which its entry says. */
  readonly now: number;
}

export interface Allowance {
  readonly outcome: "allow";
  readonly permission: Permission;
  /** The last millisecond at which the answer would be the same without newer trust. */
  readonly validUntil: number;
}

export interface Denial {
  readonly outcome: "deny";
  readonly code: Code;
  readonly expected: string;
  readonly found: string;
  /** The domain's trip that is reached. */
  readonly rule: string | undefined;
}

export function decide(
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  given: GateSituation,
): GateDecision {
  // What is over by the log stays so, where the clock is behind it by less than the skew.
  const { state } = given;
  const now = Math.max(given.now, state.time);
  return { ...answer(authorization, request, given, now), now };
}

function answer(
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  given: GateSituation,
  now: number,
): Allowance | Denial {
  const before = checkGateItself(authorization, request, given);
  if (before) return deny(before);
  const situation = now === given.now ? given : { ...given, now };
  const checked = checkRequest(authorization, request, situation);
  if (!checked.ok) return deny(checked);
  const permission = checked.value;
  const after =
    checkSigner(permission, situation) ??
    checkSeen(authorization, situation) ??
    checkMeasured(situation.domains.own.state?.baseline, situation.measured) ??
    checkIsolation(permission.isolation, situation.isolation) ??
    checkWitnessed(permission, situation) ??
    (situation.run === undefined ? checkCharges(permission.charges, situation.state) : undefined);
  if (after) return deny(after);
  const tripped = checkTrips(request.command, situation);
  if (tripped) return tripped;
  return boundByDuration(permission, situation);
}

function deny({ code, expected, found }: Failure, rule?: string): Denial {
  return { outcome: "deny", code, expected, found, rule };
}

/** The gate must be whole, and neither it nor what caused the run may be stopped, but for clean-up. */
function checkGateItself(
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  { failure: broken, state, ancestors, now, terms }: GateSituation,
): Failure | undefined {
  if (broken) return broken;
  if (now + terms.skew < state.time) {
    const expected = "a clock that is not behind the last entry of the gate's log";
    return failure("CLOCK", expected, `${state.time - now} ms behind`);
  }
  if (state.mode === "revoked") return failure("REVOKED", "a gate that is not revoked", "revoked");
  const stopped = state.mode === "contained" ? "the gate" : stoppedAncestor(state, ancestors);
  if (stopped === undefined || isCleanup(authorization, request)) return undefined;
  return failure("CONTAINED", "nothing contained, or a clean-up command of every link", stopped);
}

function stoppedAncestor(state: GateState, ancestors: readonly string[]): string | undefined {
  for (const run of ancestors) {
    const record = state.runs.get(run);
    if (state.revoked.has(run) || (record && isStopped(record.state))) return `run ${run}`;
  }
  return undefined;
}

function isCleanup({ links }: AdmittedAuthorization, { command }: AuthorizationRequest): boolean {
  return links.every(({ authorization: { cleanup = [] } }) => someCovers(cleanup, command));
}

function checkSigner({ gate }: Permission, { key }: GateSituation): Failure | undefined {
  if (gate?.key === key) return undefined;
  return failure("KEY", `the key that the domain lists for this gate: ${gate?.key}`, key);
}

/** What the log says of domains binds also where the store of trust was set back. */
function checkSeen(
  authorization: AdmittedAuthorization,
  { state, domains }: GateSituation,
): Failure | undefined {
  if (state.domains.size === 0) return undefined;
  const { own } = domains;
  const issuers = viewOfDomain(domains, authorization.issuer.domain);
  return (
    checkSeenIn(own, authorization, state) ??
    (issuers === own ? undefined : checkSeenIn(issuers, authorization, state))
  );
}

function checkSeenIn(
  view: TrustView | undefined,
  { links, keys }: AdmittedAuthorization,
  state: GateState,
): Failure | undefined {
  const seen = view && state.domains.get(view.domain);
  if (!view || !seen) return undefined;
  if (view.state && seen.trust && isReplaced(view.state, seen.trust)) {
    const expected = `a trust state of ${view.domain} not older than timestamp ${seen.trust.timestamp}`;
    return failure("ROLLBACK", expected, `${view.state.metadata.timestamp.signed.version}`);
  }
  const link =
    seen.authorizations.size > 0 && links.find((each) => seen.authorizations.has(each.sha256));
  const key = seen.keys.size > 0 && keys.find((each) => seen.keys.has(each));
  if (!link && !key) return undefined;
  const found = link ? `authorization ${link.sha256}` : `key ${key}`;
  return failure("REVOKED", `nothing that ${view.domain} has ever withdrawn`, found);
}

/** Mostly it is the newest, by its digest: nothing else is looked at then. */
function isReplaced(state: VerifiedTrustState, newest: TrustVersions): boolean {
  return state.digest !== newest.digest && isOlder(versionsOf(state), newest);
}

/** The cosignature itself is waited for when the intent is durable, and before the effect begins. */
function checkWitnessed(
  { witnessed }: Permission,
  { peerWitnessed }: GateSituation,
): Failure | undefined {
  if (!witnessed || peerWitnessed) return undefined;
  return failure("QUORUM", "a peer's cosignature on the intent", "a gate that can ask no peer");
}

function checkCharges(charges: readonly Charge[], state: GateState): Failure | undefined {
  for (const { link, counter, amount, most } of charges) {
    const used = state.used(link, nameOf(counter));
    if (used + amount <= most) continue;
    const what = counter === "uses" ? "uses" : `in total at ${counter.argument}`;
    return failure("LIMIT", `at most ${most} ${what}`, `${used} and ${amount} more`);
  }
  return undefined;
}

/** A counter's name in entries. No selector is `uses`: each begins with a dot. */
export function nameOf(counter: Charge["counter"]): string {
  return counter === "uses" ? counter : counter.argument;
}

/** A run that would be one use too many, or has lasted too long, by the domain's own policy. */
function checkTrips(command: string, { state, now, run }: GateSituation): Denial | undefined {
  for (const record of state.trips) {
    const { id, of, most, command: counted } = record.trip;
    if (of !== "uses" || run !== undefined || !coversCommand(counted, command)) continue;
    if (record.within(now) < most) continue;
    return deny(failure("LIMIT", `at most ${most} uses`, `one more, by trip ${id}`), id);
  }
  return undefined;
}

/** The bound, which is no later than the end of the longest that the run may last. */
function boundByDuration(
  permission: Permission,
  { state, now, run }: GateSituation,
): Allowance | Denial {
  const since = (run === undefined ? undefined : state.runs.get(run)?.since) ?? now;
  let { validUntil } = permission;
  let most = permission.duration ?? Number.POSITIVE_INFINITY;
  let rule: string | undefined;
  for (const { trip } of state.trips) {
    if (trip.of !== "duration" || trip.most >= most) continue;
    if (!coversCommand(trip.command, permission.request.command)) continue;
    [most, rule] = [trip.most, trip.id];
  }
  if (now - since >= most) {
    return deny(failure("LIMIT", `a run of at most ${most} ms`, `${now - since} ms`), rule);
  }
  validUntil = Math.min(validUntil, since + most - 1);
  return { outcome: "allow", permission, validUntil };
}
