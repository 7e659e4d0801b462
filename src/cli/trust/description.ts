/** Everything that a store holds of a domain, as `trust show --json` gives it. */
import { encodeHex } from "../../bytes/hex.js";
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import { decodeUtf8 } from "../../bytes/utf8.js";
import type { Kernel } from "../../kernel/kernel.js";
import { trustLogKey } from "../../sync/trust-log.js";
import { formatVkey } from "../../tlog/vkey.js";
import { delegatedSigners } from "../../trust/delegation.js";
import { signersOf } from "../../trust/root.js";
import type { VerifiedTrustState } from "../../trust/state.js";
import type { Signers } from "../../trust/threshold.js";
import { keysOf } from "../../trust/threshold.js";
import type { TrustView } from "../../trust/view.js";
import { checkGate, checkNotWithdrawn } from "../../trust/view.js";
import { ok } from "../../verdict.js";
import { jsonOfEvidence, jsonOfFailure, jsonOfJudged, jsonOfTerms, judge } from "./answer.js";
import type { Followed, StoredDomain } from "./store.js";

export type Description = ReturnType<typeof describeFollowed>;
export type StateDescription = ReturnType<typeof describeState>;

export function describeFollowed(
  kernel: Kernel,
  { domain, peerOf, terms, peer, stored }: Followed,
  followed: readonly Followed[],
  now: number,
) {
  const view = stored.ok ? ok(stored.value.view) : stored;
  const judged = judge(view, terms, now);
  const known = stored.ok ? stored.value : undefined;
  const state = known?.view.state;
  return {
    domain,
    peerOf: peerOf ?? null,
    commands: peer?.commands ?? null,
    ...jsonOfJudged(judged),
    terms: jsonOfTerms(terms),
    pinned: known
      ? { version: known.pinned.signed.version, sha256: sha256(kernel, known.pinned.bytes) }
      : null,
    state: known && state ? describeState(kernel, known.view, state, followed, now) : null,
    withdrawn: known ? describeWithdrawn(known.view) : null,
    log: known && state ? describeLog(kernel, known, state) : null,
    evidence: known ? describeEvidence(known) : [],
  };
}

function describeState(
  kernel: Kernel,
  view: TrustView,
  state: VerifiedTrustState,
  followed: readonly Followed[],
  now: number,
) {
  const { authority, policy, peers, baseline, witnesses, domain } = state;
  return {
    roles: describeRoles(state),
    issuers: authority.issuers.map((issuer) => ({ ...issuer, ...revoked(view, issuer.key) })),
    resumers: authority.resumers.map((resumer) => ({ ...resumer, ...revoked(view, resumer.key) })),
    gates: authority.gates.map(({ origin, key }) => {
      const gate = checkGate(view, origin);
      const contained = gate.ok || gate.code !== "CONTAINED" ? undefined : view.withdrawn.contained;
      return { origin, key, ...revoked(view, key), contained: contained?.get(origin) ?? null };
    }),
    logs: authority.logs,
    removed: authority.removed,
    policy: {
      rules: policy.rules.length,
      trips: policy.trips ?? [],
      sha256: contentDigest(kernel, state, "policy.json"),
    },
    baseline: baseline ?? null,
    peers: peers.peers.map((peer) => {
      const known = followed.find(
        (each) => each.domain === peer.name && (each.peerOf ?? domain) === domain,
      );
      const judged = known && judge(viewOf(known), known.terms, now);
      return {
        name: peer.name,
        commands: peer.commands,
        ...jsonOfTerms(peer),
        root: peer.root,
        url: peer.url ?? null,
        fresh: judged ? judged.failure === undefined : null,
        failure: judged?.failure ? jsonOfFailure(judged.failure) : null,
      };
    }),
    witnesses: witnesses ? (decodeUtf8(witnesses) ?? null) : null,
  };
}

function viewOf({ stored }: Followed) {
  return stored.ok ? ok(stored.value.view) : stored;
}

function revoked(view: TrustView, key: string): { readonly revoked: boolean } {
  return { revoked: !checkNotWithdrawn(view, { key }).ok };
}

function describeRoles({ metadata }: VerifiedTrustState) {
  const { root, targets, status } = metadata;
  const [delegated] = targets.signed.delegations?.roles ?? [];
  const signers: Readonly<Record<string, Signers>> = {
    root: signersOf(root, "root"),
    targets: signersOf(root, "targets"),
    ...(delegated ? { status: delegatedSigners(targets, delegated) } : {}),
    snapshot: signersOf(root, "snapshot"),
    timestamp: signersOf(root, "timestamp"),
  };
  const files = {
    root,
    targets,
    status,
    snapshot: metadata.snapshot,
    timestamp: metadata.timestamp,
  };
  return Object.entries(files).map(([role, { signed, digest, expires }]) => ({
    role,
    version: signed.version,
    digest,
    expires: formatRfc3339(expires, "s"),
    threshold: signers[role]?.role.threshold ?? 0,
    keys: signers[role] ? keyNames(signers[role]) : [],
  }));
}

/** Distinct keys in hexadecimal, behind the algorithm where that is not Ed25519. */
function keyNames(signers: Signers): string[] {
  const names = [...keysOf(signers).values()].map(
    ({ algorithm, material }) =>
      `${algorithm === "ed25519" ? "" : `${algorithm}:`}${encodeHex(material)}`,
  );
  return [...new Set(names)].sort();
}

/** What was ever seen withdrawn, also where the state no longer says so. */
function describeWithdrawn({ withdrawn }: TrustView) {
  return {
    authorizations: [...withdrawn.authorizations].sort(),
    keys: [...withdrawn.keys].sort(),
    contained: [...withdrawn.contained]
      .map(([gate, since]) => ({ gate, since }))
      .sort((a, b) => (a.gate < b.gate ? -1 : 1)),
  };
}

function describeLog(kernel: Kernel, { memory }: StoredDomain, state: VerifiedTrustState) {
  const key = trustLogKey(kernel, state.domain, state.authority);
  if (!key) return null;
  return { origin: key.name, vkey: formatVkey(key), size: memory.log?.size ?? null };
}

/** `counts`: it makes the domain untrusted now. */
function describeEvidence({ evidence, memory }: StoredDomain) {
  const distrusted = memory.distrust();
  return evidence.map((each) => ({
    ...jsonOfEvidence(each),
    counts: !each.lifted && !each.settled && distrusted.includes(`${each.role} ${each.version}`),
  }));
}

function contentDigest(
  kernel: Kernel,
  { contents }: VerifiedTrustState,
  path: string,
): string | null {
  const bytes = contents.get(path);
  return bytes ? sha256(kernel, bytes) : null;
}

function sha256(kernel: Kernel, bytes: Uint8Array): string {
  return encodeHex(kernel.sha256(bytes));
}
