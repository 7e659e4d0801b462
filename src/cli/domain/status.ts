import { join } from "node:path";
import { encodeHex } from "../../bytes/hex.js";
import { readDraft } from "../../domain/draft.js";
import { PUBLIC } from "../../domain/layout.js";
import type { Lifetimes } from "../../domain/lifetimes.js";
import type { Published } from "../../domain/published.js";
import { rootPath } from "../../trust/repository.js";
import type { VerifiedRoot } from "../../trust/root.js";
import { millisecondsOf } from "../../trust/schema.js";
import type { VerifiedTrustState } from "../../trust/state.js";
import { keysOf } from "../../trust/threshold.js";
import type { Command } from "../command.js";
import { bold, dim } from "../print.js";
import type { Change } from "./changes.js";
import { changeLine, changesOf, contentLines } from "./changes.js";
import { DomainFolder, NOW_HELP, NOW_OPTION, signersOfRole } from "./domain-folder.js";
import { formatDuration } from "./durations.js";
import { expiryLines, lifetimesOf } from "./expiry.js";
import { publishedJson, timeOf } from "./published.js";
import { listed } from "./revoke.js";

export const domainStatus: Command = {
  name: "domain status",
  usage: "domain status DIR",
  summary: "Show what is published, what the draft changes, and what expires when.",
  help: `  DIR                       the domain's folder
${NOW_HELP}
  --json                    one JSON object: as of "writ domain publish", and pin, roles, authority,
                            policy, peers, baseline, revoked, contained, changes, warnings, interrupted
Takes no lock and no key, and writes nothing.`,
  options: NOW_OPTION,
  run: async (args) => {
    const [dir] = args.exactly("DIR") as [string];
    const domain = await DomainFolder.open(args, dir);
    const interrupted = await domain.interrupted();
    const published = await domain.read();
    const draft = domain.require("the draft cannot be read", await readDraft(domain.storage));
    const { state } = published;
    const now = domain.now();
    const warnings = expiryLines(dir, published, await lifetimesOf(domain), now);
    if (interrupted) {
      warnings.push(`a publication was interrupted: the next command that publishes ends it`);
    }
    const changes = changesOf(draft, state);
    const roles = rolesOf(published);
    const pin = pinOf(domain, published);
    const contained = containedIn(state);
    return {
      outcome: "DONE",
      json: {
        ...publishedJson(published),
        pin,
        roles: roles.map((role) => ({ ...role, expires: timeOf(role.expires) })),
        authority: state.authority,
        policy: state.policy,
        peers: state.peers.peers,
        baseline: state.baseline ?? null,
        revoked: { authorizations: state.status.authorizations, keys: state.status.keys },
        contained,
        changes,
        warnings,
        interrupted,
      },
      text: [
        bold(state.domain),
        `state     ${state.digest}`,
        `pin       ${pin.sha256}  ${pin.file}`,
        "",
        ...roles.map((role) => roleLine(role, now)),
        "",
        ...contentLines(state),
        ...withdrawnLines(state, contained),
        "",
        ...changeLines(changes, dir),
        ...warnings.map((line) => `${bold("!")} ${line}`),
        "",
      ].join("\n"),
    };
  },
};

interface RoleStatus {
  readonly role: keyof Lifetimes;
  readonly version: number;
  readonly expires: number;
  readonly keys: readonly string[];
  readonly threshold: number;
}

function rolesOf(published: Published): RoleStatus[] {
  return (["root", "targets", "status", "snapshot", "timestamp"] as const).map((role) => {
    const { signed, expires } = published.state.metadata[role];
    const signers = signersOfRole(published, role);
    const keys = new Set([...keysOf(signers).values()].map(({ material }) => encodeHex(material)));
    const { threshold } = signers.role;
    return { role, version: signed.version, expires, keys: [...keys].sort(), threshold };
  });
}

function roleLine({ role, version, expires, keys, threshold }: RoleStatus, now: number): string {
  const left = formatDuration(expires - now);
  const when = expires > now ? `${left} left` : bold(`expired ${left} ago`);
  const by = keys.length === 1 ? "1 key" : `${threshold} of ${keys.length} keys`;
  return `${role.padEnd(9)} ${String(version).padStart(5)}  until ${timeOf(expires)}  ${when}  ${dim(by)}`;
}

function pinOf(
  { folder, kernel }: DomainFolder,
  { roots }: Published,
): { readonly file: string; readonly sha256: string } {
  const sha256 = encodeHex(kernel.sha256((roots[0] as VerifiedRoot).bytes));
  return { file: join(folder, PUBLIC, rootPath(1)), sha256 };
}

/** Containments that no release has lifted. */
function containedIn({ authority, status }: VerifiedTrustState) {
  const released = new Map(authority.gates.map((gate) => [gate.origin, gate.released]));
  return status.contained.filter(({ gate, since }) => {
    const until = released.get(gate);
    return until === undefined || millisecondsOf(since) > millisecondsOf(until);
  });
}

function withdrawnLines(
  { status, authority }: VerifiedTrustState,
  contained: VerifiedTrustState["status"]["contained"],
): string[] {
  return [
    ...contained.map(({ gate, since }) => `contained ${gate}  since ${since}`),
    ...status.keys.map(({ key, expires }) => `revoked   key ${key}  ${listed(expires)}`),
    ...status.authorizations.map(
      ({ sha256, expires }) => `revoked   authorization ${sha256}  ${listed(expires)}`,
    ),
    ...authority.removed.map((key) => `removed   key ${key}`),
  ];
}

function changeLines(changes: readonly Change[], dir: string): string[] {
  if (changes.length === 0) return ["The draft changes nothing."];
  return [`The draft changes this, with "writ domain publish ${dir}":`, ...changes.map(changeLine)];
}
