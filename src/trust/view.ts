/**
 * What a reader knows of a domain: its newest state, and what was ever seen withdrawn. The latter
 * binds for ever, also where the state no longer says so.
 */
import { formatCanonical } from "../bytes/canonical.js";
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { someCovers } from "./command.js";
import type { Peer } from "./contents/peers.js";
import type { Freshness, FreshnessDemand } from "./freshness.js";
import { judgeFreshness } from "./freshness.js";
import { millisecondsOf } from "./schema.js";
import type { VerifiedTrustState } from "./state.js";

export interface Withdrawn {
  /** SHA-256 of payloads, in hexadecimal. */
  readonly authorizations: ReadonlySet<string>;
  /** Ed25519 keys, in hexadecimal: revoked, or removed from the domain's authority. */
  readonly keys: ReadonlySet<string>;
  /** Gates by origin, with the time (RFC 3339) of their latest containment. */
  readonly contained: ReadonlyMap<string, string>;
}

export interface TrustView {
  readonly domain: string;
  /** The newest state that verifies from the pinned root; undefined where there is none. */
  readonly state: VerifiedTrustState | undefined;
  /** Why there is none, or why the domain is not trusted although there is one. */
  readonly failure: Failure | undefined;
  readonly withdrawn: Withdrawn;
  /** What the domain signed in two ways under keys in force, as role and version: `timestamp 17`. */
  readonly contradictions: readonly string[];
}

export interface Trusted {
  readonly state: VerifiedTrustState;
  readonly freshness: Freshness;
}

/** The state, if it may support an allow at `now`: there, not contradicted, and fresh. */
export function checkTrusted(view: TrustView, demand: FreshnessDemand): Result<Trusted> {
  const { state } = view;
  if (view.failure) return view.failure;
  if (!state) return failure("NO_TRUST", `a trust state of ${view.domain}`, "none");
  const freshness = judgeFreshness(state, demand);
  return freshness.failure ?? ok({ state, freshness });
}

/** REVOKED for a key or an authorization that was ever seen withdrawn. */
export function checkNotWithdrawn(
  { domain, withdrawn }: Pick<TrustView, "domain" | "withdrawn">,
  what: { readonly key: string } | { readonly authorization: string },
): Result<undefined> {
  const found =
    "key" in what ? withdrawn.keys.has(what.key) : withdrawn.authorizations.has(what.authorization);
  if (!found) return ok(undefined);
  const name = "key" in what ? `key ${what.key}` : `authorization ${what.authorization}`;
  return failure("REVOKED", `one that ${domain} has not withdrawn`, name);
}

/** Since when a gate is contained, or undefined where it never was, or was released since. */
function containedSince({ state, withdrawn }: TrustView, origin: string): string | undefined {
  const since = withdrawn.contained.get(origin);
  if (since === undefined) return undefined;
  const released = state?.authority.gates.find((gate) => gate.origin === origin)?.released;
  const lifted = released !== undefined && millisecondsOf(since) <= millisecondsOf(released);
  return lifted ? undefined : since;
}

/** The key of a gate that the domain lists and has not contained or withdrawn. */
export function checkGate(view: TrustView, origin: string): Result<string> {
  const gate = view.state?.authority.gates.find((each) => each.origin === origin);
  if (!gate) return failure("UNTRUSTED", `a gate that ${view.domain} lists`, origin);
  if (view.withdrawn.keys.has(gate.key)) {
    const withdrawn = checkNotWithdrawn(view, { key: gate.key });
    if (!withdrawn.ok) return withdrawn;
  }
  const since = containedSince(view, origin);
  if (since === undefined) return ok(gate.key);
  return failure("CONTAINED", `${origin} not contained by ${view.domain}`, `since ${since}`);
}

/**
 * The terms under which `own` accepts `domain` for `command`: what it pinned itself, and never what
 * its peers pinned.
 */
export function checkAccepted(
  own: VerifiedTrustState,
  domain: string,
  command: string,
): Result<Peer> {
  const peer = peerOf(own, domain);
  if (!peer) {
    const names = own.peers.peers.map(({ name }) => name).join(", ");
    return failure("UNTRUSTED", `a peer of ${own.domain}: ${names || "it has none"}`, domain);
  }
  if (someCovers(peer.commands, command)) return ok(peer);
  const expected = `a command that ${own.domain} accepts ${domain} for: ${peer.commands.join(", ")}`;
  return failure("UNTRUSTED", expected, command);
}

/** The peer of that name, where the domain has one. */
export function peerOf({ peers }: VerifiedTrustState, domain: string): Peer | undefined {
  for (const peer of peers.peers) if (peer.name === domain) return peer;
  return undefined;
}

/**
 * SHA-256, in hexadecimal, over all of a view that decisions depend on: two readers with one digest
 * decide alike. Where two chains of roots contradict each other, which of them a reader holds says
 * nothing, and only the contradiction counts.
 */
export function viewDigest(kernel: Kernel, view: TrustView): string {
  const { domain, state, withdrawn, contradictions } = view;
  const contained = [...withdrawn.contained.keys()].flatMap((gate) => {
    const since = containedSince(view, gate);
    return since === undefined ? [] : [[gate, since] as const];
  });
  const parted = contradictions.some((each) => each.startsWith("root "));
  const text = formatCanonical({
    domain,
    contradictions,
    ...(parted
      ? {}
      : {
          state: state?.digest ?? null,
          authorizations: [...withdrawn.authorizations].sort(),
          keys: [...withdrawn.keys].sort(),
          contained: Object.fromEntries(contained),
        }),
  });
  return encodeHex(kernel.sha256(encodeUtf8(text)));
}
