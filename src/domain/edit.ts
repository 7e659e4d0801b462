/** Changes to a draft, as pure functions. Whatever they give is checked again when it is published. */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Authority, Gate, Issuer } from "../trust/contents/authority.js";
import type { Baseline } from "../trust/contents/baseline.js";
import type { Peer } from "../trust/contents/peers.js";
import type { LocalPolicy } from "../trust/contents/policy.js";
import { sortBy } from "../trust/contents/sorted.js";
import { CONTENTS } from "../trust/state.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { Draft } from "./draft.js";
import { contentsOf } from "./draft.js";

type Keyed = { readonly key: string };

/** A new issuer, or other commands or another name for its key. */
export function addIssuer(draft: Draft, issuer: Issuer): Result<Draft> {
  const issuers = sortBy([...draft.authority.issuers, issuer], ({ key }) => key);
  return usable(draft, issuer) ?? edited(draft, { issuers });
}

/** By name or by key; the key is never accepted again. */
export function removeIssuer(draft: Draft, which: string): Result<Draft> {
  const rest = without(draft.authority.issuers, which, ({ name }) => name);
  return rest.ok ? edited(draft, { issuers: rest.value }) : rest;
}

export function addResumer(draft: Draft, resumer: Authority["resumers"][number]): Result<Draft> {
  const resumers = sortBy([...draft.authority.resumers, resumer], ({ key }) => key);
  return usable(draft, resumer) ?? edited(draft, { resumers });
}

export function removeResumer(draft: Draft, which: string): Result<Draft> {
  const rest = without(draft.authority.resumers, which, ({ name }) => name);
  return rest.ok ? edited(draft, { resumers: rest.value }) : rest;
}

/** A new gate. Another key for an origin that is there is refused: remove that gate first. */
export function addGate(draft: Draft, gate: Gate): Result<Draft> {
  const there = draft.authority.gates.find(({ origin }) => origin === gate.origin);
  if (there && there.key !== gate.key) {
    return failure("MALFORMED", `${gate.origin} with its key ${there.key}`, gate.key);
  }
  const gates = sortBy([...draft.authority.gates, { ...there, ...gate }], ({ origin }) => origin);
  return usable(draft, gate) ?? edited(draft, { gates });
}

export function removeGate(draft: Draft, which: string): Result<Draft> {
  const rest = without(draft.authority.gates, which, ({ origin }) => origin);
  return rest.ok ? edited(draft, { gates: rest.value }) : rest;
}

/** Lifts every containment of the gate up to `released`, a time of RFC 3339. */
export function releaseGate(draft: Draft, origin: string, released: string): Result<Draft> {
  const gate = draft.authority.gates.find((each) => each.origin === origin);
  return gate
    ? addGate(draft, { ...gate, released })
    : absent(origin, draft.authority.gates.length);
}

/** A new peer, or other terms for one that is there; `root` are the bytes of its pinned root. */
export function addPeer(draft: Draft, peer: Peer, root: Uint8Array): Result<Draft> {
  const peers = { peers: sortBy([...draft.peers.peers, peer], ({ name }) => name) };
  return ok({ ...draft, peers, peerRoots: new Map([...draft.peerRoots, [peer.name, root]]) });
}

export function removePeer(draft: Draft, name: string): Result<Draft> {
  const rest = draft.peers.peers.filter((peer) => peer.name !== name);
  if (rest.length === draft.peers.peers.length) return absent(name, rest.length);
  const peerRoots = new Map([...draft.peerRoots].filter(([each]) => each !== name));
  return ok({ ...draft, peers: { peers: rest }, peerRoots });
}

/** A C2SP tlog-policy, or no witnesses. */
export function setWitnesses(draft: Draft, witnesses: Uint8Array | undefined): Result<Draft> {
  return ok({ ...draft, witnesses });
}

/** Another policy; a baseline that is there names it from now on. */
export function setPolicy(kernel: Kernel, draft: Draft, policy: LocalPolicy): Result<Draft> {
  return setBaseline(kernel, { ...draft, policy }, draft.baseline);
}

/** What a run must start from, the policy of the draft with it; or no such demand. */
export function setBaseline(
  kernel: Kernel,
  draft: Draft,
  measured: Omit<Baseline, "policy"> | undefined,
): Result<Draft> {
  if (!measured) return ok({ ...draft, baseline: undefined });
  const { kernels, environment } = measured;
  const names = new Set(environment.map(({ name }) => name));
  if (names.size < environment.length) {
    return failure("MALFORMED", "each name of the environment once", `${environment.length} names`);
  }
  const policy = contentsOf(draft).get(CONTENTS.policy) as Uint8Array;
  const baseline: Baseline = {
    kernels: sortBy(kernels, (digest) => digest),
    policy: encodeHex(kernel.sha256(policy)),
    environment: sortBy(environment, ({ name }) => name),
  };
  return ok({ ...draft, baseline });
}

function edited(draft: Draft, change: Partial<Authority>): Result<Draft> {
  return ok({ ...draft, authority: { ...draft.authority, ...change } });
}

/** A key that was removed once is revoked for ever. */
function usable({ authority }: Draft, { key }: Keyed): Failure | undefined {
  if (!authority.removed.includes(key)) return undefined;
  return failure("REVOKED", "a key that was never removed; make a new one", key);
}

function without<Item extends Keyed>(
  items: readonly Item[],
  which: string,
  nameOf: (item: Item) => string,
): Result<Item[]> {
  const byKey = items.filter(({ key }) => key === which);
  const found = byKey.length > 0 ? byKey : items.filter((item) => nameOf(item) === which);
  if (found.length > 1) {
    const keys = found.map(({ key }) => key).join(", ");
    return failure("MALFORMED", `one key by its name, or give the key: ${keys}`, `${found.length}`);
  }
  return found.length === 1
    ? ok(items.filter((item) => item !== found[0]))
    : absent(which, items.length);
}

function absent(which: string, count: number): Failure {
  return failure(
    "MISSING",
    `one of the ${count} that are there, by name or key`,
    abbreviate(which),
  );
}
