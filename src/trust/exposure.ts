/**
 * What a domain's gates rest on: every key and every peer that could make them allow something, what
 * it could do alone, and how long a withdrawn permission can go on working.
 */
import { encodeHex } from "../bytes/hex.js";
import { coversCommand } from "./command.js";
import { delegatedSigners } from "./delegation.js";
import { signersOf } from "./root.js";
import type { VerifiedTrustState } from "./state.js";
import type { Signers } from "./threshold.js";
import { keysOf } from "./threshold.js";

export interface Exposure {
  readonly domain: string;
  /** One line a key and role; a key that stands in two roles stands here twice. */
  readonly keys: readonly ExposedKey[];
  readonly peers: readonly ExposedPeer[];
  /**
   * Milliseconds that a withdrawn permission can go on working at a gate that cannot sync, while all
   * keys are intact: the longest of the domain's own bound and those of its peers.
   */
  readonly worstStaleness: number;
  /**
   * When it ends at the latest where the timestamp key is stolen and the gate hears no honest source:
   * the earliest expiry of status, targets and root, in milliseconds since the epoch.
   */
  readonly stolenTimestampEnds: number;
  /** Keys, and commands of peers: what narrowing lowers. */
  readonly count: number;
}

export interface ExposedKey {
  readonly role:
    "root" | "targets" | "timestamp" | "snapshot" | "status" | "issuer" | "resumer" | "gate";
  readonly name: string;
  /** Hexadecimal, behind the algorithm where that is not Ed25519. */
  readonly key: string;
  /** How many keys of the role must act together. */
  readonly threshold: number;
  /** What `threshold` of these keys can bring about. */
  readonly effect: string;
}

export interface ExposedPeer {
  readonly name: string;
  readonly commands: readonly string[];
  readonly maxStaleness: number;
  /** The peer's own issuers for these commands, where its state is known. */
  readonly issuers: number | undefined;
}

const EFFECTS = {
  root: "replace every other key of the domain",
  targets: "name issuers, gates, peers, policy and baseline",
  timestamp: "keep an old state looking fresh, until another role expires",
  snapshot: "combine old files, until another role expires",
  status: "revoke and contain, and hide new revocations from those who saw none",
} as const;

/**
 * `withdrawn`: keys that can do nothing any more (see `TrustView`). `maxStaleness`: the bound that the
 * domain's gates put on their own state, in milliseconds.
 */
export function exposureOf(
  own: VerifiedTrustState,
  withdrawn: ReadonlySet<string>,
  maxStaleness: number,
  peers: ReadonlyMap<string, VerifiedTrustState>,
): Exposure {
  const { root, targets, status } = own.metadata;
  const keys: ExposedKey[] = [];
  for (const role of ["root", "targets", "timestamp", "snapshot"] as const) {
    keys.push(...keysOfRole(role, signersOf(root, role)));
  }
  const [delegated] = targets.signed.delegations?.roles ?? [];
  if (delegated) keys.push(...keysOfRole("status", delegatedSigners(targets, delegated)));
  const active = <Item extends { readonly key: string }>(items: readonly Item[]) =>
    items.filter(({ key }) => !withdrawn.has(key));
  const { authority } = own;
  const [issuers, resumers] = [active(authority.issuers), active(authority.resumers)];
  const gates = active(authority.gates);
  for (const { name, key, commands } of issuers) {
    const effect = `authorize ${commands.join(", ")}`;
    keys.push({ role: "issuer", name, key, threshold: 1, effect });
  }
  for (const { name, key } of resumers) {
    const effect = "let a contained gate go on";
    keys.push({ role: "resumer", name, key, threshold: 1, effect });
  }
  for (const { origin, key } of gates) {
    const effect = "decide, and say what was decided";
    keys.push({ role: "gate", name: origin, key, threshold: 1, effect });
  }
  const exposedPeers = own.peers.peers.map((peer) => ({
    name: peer.name,
    commands: peer.commands,
    maxStaleness: peer.maxStaleness,
    issuers: issuersFor(peers.get(peer.name), peer.commands),
  }));
  const commands = exposedPeers.reduce((sum, peer) => sum + peer.commands.length, 0);
  return {
    domain: own.domain,
    keys,
    peers: exposedPeers,
    worstStaleness: Math.max(maxStaleness, ...exposedPeers.map((peer) => peer.maxStaleness)),
    stolenTimestampEnds: Math.min(status.expires, targets.expires, root.expires),
    count: keys.length + commands,
  };
}

/** How many issuers of a peer may authorize something of what it is accepted for. */
function issuersFor(
  state: VerifiedTrustState | undefined,
  commands: readonly string[],
): number | undefined {
  const revoked = new Set(state?.status.keys.map(({ key }) => key));
  return state?.authority.issuers.filter(
    (issuer) =>
      !revoked.has(issuer.key) &&
      issuer.commands.some((own) =>
        commands.some((each) => coversCommand(own, each) || coversCommand(each, own)),
      ),
  ).length;
}

function keysOfRole(role: keyof typeof EFFECTS, signers: Signers): ExposedKey[] {
  const distinct = new Map([...keysOf(signers).values()].map((key) => [key.identity, key]));
  const { threshold } = signers.role;
  return [...distinct.values()].map(({ algorithm, material }, i) => ({
    role,
    name: `${role}-${i + 1}`,
    key: `${algorithm === "ed25519" ? "" : `${algorithm}:`}${encodeHex(material)}`,
    threshold,
    effect: EFFECTS[role],
  }));
}
