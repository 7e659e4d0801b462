/** A description of a domain for people. */
import { parsePolicy } from "../../tlog/policy.js";
import type { Kernel } from "../../kernel/kernel.js";
import { encodeUtf8 } from "../../bytes/utf8.js";
import type { Trip } from "../../trust/contents/policy.js";
import { bold, describe, dim } from "../print.js";
import { damaged, formatAge } from "./answer.js";
import type { Description, StateDescription } from "./description.js";
import { formatDuration } from "../domain/durations.js";
import { count, formatTable, indent } from "./table.js";

/** Of digests that `--json` has whole. */
const SHOWN_DIGITS = 16;

export function formatDescription(kernel: Kernel, domain: Description): string[] {
  const { terms, pinned, state, log } = domain;
  const by = domain.peerOf === null ? "pinned here" : `peer of ${domain.peerOf}`;
  const lines: (readonly [string, string])[] = [["freshness", formatFreshness(domain)]];
  lines.push(["terms", formatTerms(terms)]);
  if (domain.commands) lines.push(["accepted for", domain.commands.join(", ")]);
  if (pinned) lines.push(["pinned root", `version ${pinned.version}, sha256 ${pinned.sha256}`]);
  if (domain.digest) lines.push(["state", `sha256 ${domain.digest}`]);
  if (state) lines.push(["policy", formatPolicy(state)], ["baseline", formatBaseline(state)]);
  if (state) lines.push(["witnesses", formatWitnesses(kernel, state)]);
  if (log) {
    const size = log.size === null ? "no checkpoint seen" : `checkpoint of size ${log.size}`;
    lines.push(["log", `${size}, ${log.vkey}`]);
  }
  lines.push(["withdrawn", formatWithdrawn(domain)]);
  return [
    `${bold(domain.domain)}  ${dim(by)}`,
    ...indent(formatTable(lines)),
    ...(pinned ? [] : indent(damaged(domain.domain))),
    ...(state ? indent(formatState(state)) : []),
    ...indent(formatEvidence(domain)),
  ];
}

function formatFreshness({ trusted, fresh, failure, age, validUntil, limit }: Description): string {
  if (failure) return describe(failure);
  if (!trusted || !fresh || validUntil === null) return "unknown";
  return `fresh: ${formatAge(age ?? undefined)}, valid until ${validUntil} (${limit})`;
}

function formatTerms({ maxStaleness, maxLifetime, skew }: Description["terms"]): string {
  return [
    `at most ${formatDuration(maxStaleness)} old`,
    `timestamps valid for at most ${formatDuration(maxLifetime)}`,
    `clock at most ${formatDuration(skew)} ahead`,
  ].join(", ");
}

function formatPolicy({ policy }: StateDescription): string {
  const { rules, trips, sha256 } = policy;
  return `${count(rules, "rule")}, ${count(trips.length, "trip")}, sha256 ${sha256}`;
}

function formatTrip({ of, most, within }: Trip): string {
  return within === undefined
    ? `a run of more than ${formatDuration(most)}`
    : `more than ${most} ${of} in ${formatDuration(within)}`;
}

function formatBaseline({ baseline }: StateDescription): string {
  if (!baseline) return "none";
  const { kernels, environment } = baseline;
  return `${count(kernels.length, "kernel")}, ${environment.length} of the environment`;
}

/** The file is whatever the domain signed: only what parses is printed. */
function formatWitnesses(kernel: Kernel, { witnesses }: StateDescription): string {
  if (witnesses === null) return "none";
  const policy = parsePolicy(kernel, encodeUtf8(witnesses));
  if (!policy.ok) return `not a usable policy: ${policy.code}`;
  return policy.value.witnesses.map(({ key }) => key.name).join(", ") || "none";
}

function formatWithdrawn({ withdrawn }: Description): string {
  if (!withdrawn) return "unknown";
  const { authorizations, keys, contained } = withdrawn;
  return [
    count(authorizations.length, "authorization"),
    count(keys.length, "key"),
    `${count(contained.length, "gate")} contained at some time`,
  ].join(", ");
}

function formatState(state: StateDescription): string[] {
  const { roles, issuers, resumers, gates, policy, peers } = state;
  const section = (title: string, rows: readonly (readonly string[])[]): string[] =>
    rows.length === 0 ? ["", `${title}: none`] : ["", `${title}:`, ...indent(formatTable(rows))];
  const said = (key: string, revoked: boolean) => [revoked ? "REVOKED" : "", dim(key)];
  return [
    ...section(
      "roles",
      roles.map(({ role, version, expires, threshold, keys, digest }) => [
        role,
        `version ${version}`,
        `${threshold} of ${count(keys.length, "key")}`,
        `until ${expires}`,
        dim(`${digest.slice(0, SHOWN_DIGITS)}...`),
      ]),
    ),
    ...section(
      "issuers",
      issuers.map(({ name, key, commands, revoked }) => [
        name,
        commands.join(", "),
        ...said(key, revoked),
      ]),
    ),
    ...section(
      "resumers",
      resumers.map(({ name, key, revoked }) => [name, ...said(key, revoked)]),
    ),
    ...section(
      "gates",
      gates.map(({ origin, key, revoked, contained }) => [
        origin,
        contained === null ? (revoked ? "" : "open") : `CONTAINED since ${contained}`,
        ...said(key, revoked),
      ]),
    ),
    ...section(
      "trips",
      policy.trips.map((trip) => [trip.id, trip.command, formatTrip(trip)]),
    ),
    ...section(
      "peers",
      peers.map(({ name, commands, maxStaleness, url, fresh, failure }) => [
        name,
        commands.join(", "),
        `at most ${formatDuration(maxStaleness)} old`,
        fresh ? "fresh" : (failure?.code ?? "not followed by this store"),
        url ?? "no url",
      ]),
    ),
  ];
}

function formatEvidence({ evidence }: Description): string[] {
  if (evidence.length === 0) return [];
  const rows = evidence.map(({ digest, role, version, lifted, settled, counts }) => [
    digest,
    `two of ${role} ${version}`,
    lifted
      ? "lifted"
      : settled
        ? "settled by the pin"
        : counts
          ? "COUNTS"
          : "keys no longer in force",
  ]);
  return ["", "evidence of equivocation:", ...indent(formatTable(rows))];
}
