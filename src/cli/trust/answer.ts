/** What is known of a domain at a given time, for people and as JSON. */
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import type { RecordedEvidence } from "../../sync/lift.js";
import type { SourceReport } from "../../sync/merge.js";
import type { Pin } from "../../sync/pin.js";
import type { Freshness } from "../../trust/freshness.js";
import { judgeFreshness } from "../../trust/freshness.js";
import type { VerifiedTrustState } from "../../trust/state.js";
import type { TrustView } from "../../trust/view.js";
import { checkTrusted } from "../../trust/view.js";
import type { Failure, Result } from "../../verdict.js";
import type { Ending } from "../command.js";
import { bold, describe, dim } from "../print.js";
import { formatDuration } from "../domain/durations.js";
import type { Followed } from "./store.js";
import { formatTable, indent } from "./table.js";

/** Whether a domain's state supports an allow at a time, how old it is, and until when it does. */
export interface Judged {
  readonly view: TrustView | undefined;
  readonly freshness: Freshness | undefined;
  /** Why it supports no allow; undefined if it does. */
  readonly failure: Failure | undefined;
}

export interface Answer extends Pick<Followed, "domain" | "peerOf" | "terms"> {
  readonly view: Result<TrustView>;
  readonly sources: readonly SourceReport[];
  /** Whether anything was stored. */
  readonly changed: boolean;
  readonly evidence: readonly RecordedEvidence[];
}

export function judge(view: Result<TrustView>, terms: Pin["terms"], now: number): Judged {
  if (!view.ok) return { view: undefined, freshness: undefined, failure: view };
  const demand = { now, maxStaleness: terms.maxStaleness, terms };
  const { state } = view.value;
  const trusted = checkTrusted(view.value, demand);
  return {
    view: view.value,
    freshness: state && judgeFreshness(state, demand),
    failure: trusted.ok ? undefined : trusted,
  };
}

/** REFUTED: a domain contradicts itself. INCOMPLETE: one is stale, or there is no state of it. */
export function outcomeOf(answers: readonly Answer[], now: number): Ending["outcome"] {
  const codes = answers.map(({ view, terms }) => judge(view, terms, now).failure?.code);
  if (codes.includes("EQUIVOCATION")) return "REFUTED";
  const held = codes.length > 0 && codes.every((code) => code === undefined);
  return held ? "DONE" : "INCOMPLETE";
}

export function versionsOf({ metadata }: VerifiedTrustState): Record<string, number> {
  const { root, targets, status, snapshot, timestamp } = metadata;
  return Object.fromEntries(
    Object.entries({ root, targets, status, snapshot, timestamp }).map(([role, { signed }]) => [
      role,
      signed.version,
    ]),
  );
}

/** The members that `sync` and `trust show` have in common. */
export function jsonOfJudged({ view, freshness, failure }: Judged) {
  const state = view?.state;
  return {
    trusted: state !== undefined && view?.failure === undefined,
    fresh: failure === undefined,
    failure: failure ? jsonOfFailure(failure) : null,
    versions: state ? versionsOf(state) : null,
    digest: state?.digest ?? null,
    issued: state?.issued === undefined ? null : formatRfc3339(state.issued, "ms"),
    age: freshness?.age ?? null,
    validUntil: freshness ? formatRfc3339(freshness.validUntil, "ms") : null,
    limit: freshness?.limit ?? null,
  };
}

export function jsonOfFailure({ code, expected, found }: Failure) {
  return { code, expected, found };
}

export function jsonOfTerms({ maxStaleness, maxLifetime, skew }: Pin["terms"]) {
  return { maxStaleness, maxLifetime, skew };
}

export function jsonOfEvidence({ evidence, role, version, lifted, settled }: RecordedEvidence) {
  return { digest: evidence, role, version, lifted, settled };
}

export function jsonOfAnswer(answer: Answer, now: number) {
  const { domain, peerOf, terms, sources, changed, evidence } = answer;
  return {
    domain,
    peerOf: peerOf ?? null,
    ...jsonOfJudged(judge(answer.view, terms, now)),
    terms: jsonOfTerms(terms),
    changed,
    sources: sources.map(({ source, status, failure, log }) => ({
      source,
      status,
      failure: failure ? jsonOfFailure(failure) : null,
      log: typeof log === "string" ? log : null,
      logFailure: typeof log === "object" ? jsonOfFailure(log) : null,
    })),
    evidence: evidence.map(jsonOfEvidence),
  };
}

/** `fresh: 2 s old, valid until ...`, or the code and why. */
export function formatJudged(
  { freshness, failure }: Judged,
  { maxStaleness }: Pin["terms"],
): string {
  if (failure) return describe(failure).replace(failure.code, bold);
  if (!freshness) return "";
  const { age, validUntil, limit } = freshness;
  const why =
    limit === "maxStaleness" ? `${formatDuration(maxStaleness)} after issue` : `${limit} expires`;
  return `${bold("fresh")}: ${formatAge(age)}, valid until ${formatRfc3339(validUntil, "s")} (${why})`;
}

export function formatAge(age: number | undefined): string {
  if (age === undefined) return "of unknown age";
  return age >= 0 ? `${formatDuration(age)} old` : `issued ${formatDuration(age)} from now`;
}

export function formatAnswer(answer: Answer, now: number): string[] {
  const { domain, peerOf, terms, sources, evidence } = answer;
  const judged = judge(answer.view, terms, now);
  const state = judged.view?.state;
  const lines = [];
  if (state) {
    const versions = Object.entries(versionsOf(state)).map(
      ([role, version]) => `${role} ${version}`,
    );
    lines.push(`state   ${versions.join(", ")}`, dim(`sha256  ${state.digest}`));
  }
  const table = sources.map((report) => [report.source, formatReport(report)]);
  if (!answer.view.ok) lines.push(...damaged(domain));
  else if (table.length > 0) lines.push(...formatTable(table));
  else lines.push(`no source: name one with --from ${domain}=SOURCE`);
  if (judged.failure?.code === "EQUIVOCATION") {
    const open = evidence.filter(({ lifted, settled }) => !lifted && !settled);
    for (const { evidence: digest, role, version } of open) {
      lines.push(`evidence of two of ${role} ${version}: ${digest}`);
    }
    lines.push(`see "writ trust evidence" for third parties, "writ trust lift" to trust it again`);
  }
  const head = `${bold(domain)}${peerOf === undefined ? "" : dim(` (peer of ${peerOf})`)}`;
  return [`${head}  ${formatJudged(judged, terms)}`, ...indent(lines)];
}

/** What to do about a record that cannot be used. */
export function damaged(domain: string): string[] {
  return [
    `the store is damaged: restore it, or remove its folder ${domain} and pin the domain again,`,
    "which forgets what was withdrawn and is no longer listed, and any evidence",
  ];
}

function formatReport({ status, failure, log }: SourceReport): string {
  const said: string[] = [status];
  if (failure) said.push(describe(failure));
  if (typeof log === "string") said.push(`log ${log}`);
  if (typeof log === "object") said.push(`log not followed: ${describe(log)}`);
  return said.join(", ");
}
