import { formatRfc3339 } from "../../bytes/rfc3339.js";
import type { Exposure, ExposedKey } from "../../trust/exposure.js";
import { exposureOf } from "../../trust/exposure.js";
import type { VerifiedTrustState } from "../../trust/state.js";
import type { TrustView } from "../../trust/view.js";
import type { Command } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { bold, describe } from "../print.js";
import { jsonOfFailure } from "./answer.js";
import { formatDuration } from "../domain/durations.js";
import { durationOf } from "./pin-options.js";
import type { Followed } from "./store.js";
import { openFollowed, pick, requireDomainName, requireStore } from "./store.js";
import { count, formatTable, indent } from "./table.js";

export const trustExposure: Command = {
  name: "trust exposure",
  usage: "trust exposure STORE [--domain NAME] [--max-staleness DURATION]",
  summary:
    "List every key and peer that could make a domain's gates allow something, and how long.",
  help: `  STORE                     the folder of a trust store, from "writ sync"
  --domain NAME             whose gates (default: the domain that was pinned first)
  --max-staleness DURATION  the bound of its gates on its own state (default: the one it is pinned
                            with)
  --json                    one JSON object: command, outcome, code, domain, keys, peers,
                            worstStaleness, stolenTimestampEnds, count, failure. Durations are milliseconds`,
  options: { domain: { type: "string" }, "max-staleness": { type: "string" } },
  run: async (args) => {
    const [folder] = args.exactly("STORE") as [string];
    const name = args.text("domain");
    const staleness = durationOf(args, "max-staleness");
    const store = await requireStore(folder);
    const kernel = await loadKernel();
    const followed = await openFollowed(kernel, store);
    const own = pick(followed, name === undefined ? undefined : requireDomainName(name));
    if (!own) {
      const names = followed.map(({ domain }) => domain).join(", ");
      throw new UsageError(`${folder} follows ${names}; not ${name}`);
    }
    const { view, state } = requireState(own);
    const peers = new Map(
      followed
        .filter(({ peerOf }) => peerOf === own.domain || peerOf === undefined)
        .flatMap(({ domain, stored }) =>
          stored.ok && stored.value.view.state ? [[domain, stored.value.view.state]] : [],
        ),
    );
    const exposure = exposureOf(
      state,
      view.withdrawn.keys,
      staleness ?? own.terms.maxStaleness,
      peers,
    );
    const { failure } = view;
    const note = failure
      ? `${own.domain} is not trusted now, so they allow nothing: ${describe(failure)}\n`
      : "";
    const json = { ...jsonOf(exposure), failure: failure ? jsonOfFailure(failure) : null };
    return { outcome: "DONE", json, text: note + format(exposure) };
  },
};

function requireState({ domain, stored }: Followed): {
  readonly view: TrustView;
  readonly state: VerifiedTrustState;
} {
  if (!stored.ok) throw new UsageError(`nothing is known of ${domain}: ${describe(stored)}`);
  const { view } = stored.value;
  const { state, failure } = view;
  if (state) return { view, state };
  const why = failure ? describe(failure) : "it was never synced";
  throw new UsageError(`the store holds no state of ${domain}: ${why}`);
}

function jsonOf(exposure: Exposure): Readonly<Record<string, unknown>> {
  return {
    code: null,
    ...exposure,
    peers: exposure.peers.map((peer) => ({ ...peer, issuers: peer.issuers ?? null })),
    stolenTimestampEnds: formatRfc3339(exposure.stolenTimestampEnds, "s"),
  };
}

function format(exposure: Exposure): string {
  const { domain, keys, peers, worstStaleness, stolenTimestampEnds } = exposure;
  const roles = [...new Set(keys.map(({ role }) => role))];
  const byPeer = peers.map(({ name, maxStaleness, issuers, commands }) => [
    name,
    commands.join(", "),
    `at most ${formatDuration(maxStaleness)} old`,
    issuers === undefined ? "issuers unknown" : count(issuers, "issuer"),
  ]);
  const commands = peers.reduce((sum, peer) => sum + peer.commands.length, 0);
  const ofPeers = `${count(commands, "command")} of ${count(peers.length, "peer")}`;
  return [
    `What could make gates of ${bold(domain)} allow something: ${exposure.count}`,
    `  ${count(keys.length, "key")}, counted by role, and ${ofPeers}; narrowing lowers it`,
    "",
    ...roles.flatMap((role) => formatRole(keys.filter((key) => key.role === role))),
    peers.length === 0 ? "peers: none" : "peers: what their issuers authorize is accepted for",
    ...indent(formatTable(byPeer)),
    "",
    `Keys intact, a gate cut off: a withdrawn permission goes on for at most ${formatDuration(worstStaleness)}.`,
    `Timestamp key stolen, a gate cut off: until ${formatRfc3339(stolenTimestampEnds, "s")} at the latest.`,
    "",
  ].join("\n");
}

/** The keys of one role: together they can do one thing, or each alone its own. */
function formatRole(keys: readonly ExposedKey[]): string[] {
  const [{ role, threshold, effect }] = keys as [ExposedKey];
  if (role === "issuer" || role === "resumer" || role === "gate") {
    const rows = keys.map((key) => [key.key, key.name, key.effect]);
    return [`${role}s: each key alone can`, ...indent(formatTable(rows)), ""];
  }
  const rows = keys.map(({ key, name }) => [key, name]);
  return [
    `${role}: ${threshold} of ${count(keys.length, "key")} can ${effect}`,
    ...indent(formatTable(rows)),
    "",
  ];
}
