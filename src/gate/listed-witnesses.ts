/** The witnesses that domains list, by trust that is fresh now. */
import type { KnownDomains } from "../authorization/domains.js";
import { equalBytes } from "../bytes/concat.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Trusted, TrustView } from "../trust/view.js";
import { checkTrusted, peerOf } from "../trust/view.js";
import type { Result } from "../verdict.js";
import { failure } from "../verdict.js";
import type { GateCore } from "./core.js";
import { witnessesOf } from "./witness.js";

type Core = Pick<GateCore, "options" | "now">;

/** The own domain's state or a peer's, if it is fresh by what is pinned with it. */
export function trustedOf(core: Core, { own }: KnownDomains, view: TrustView): Result<Trusted> {
  const { maxStaleness, terms } = core.options;
  const { now } = core;
  if (view.domain === own.domain) return checkTrusted(view, { now, maxStaleness, terms });
  const peer = own.state && peerOf(own.state, view.domain);
  if (!peer) return failure("UNTRUSTED", `a peer of ${own.domain}`, view.domain);
  const bound = Math.min(maxStaleness, peer.maxStaleness);
  return checkTrusted(view, { now, maxStaleness: bound, terms: peer });
}

/** None where the domain's state is not fresh, or its policy is none. */
export function listedBy(
  core: Core,
  domains: KnownDomains,
  view: TrustView,
): readonly VerifierKey[] {
  const known = trustedOf(core, domains, view);
  if (!known.ok) return [];
  const listed = witnessesOf(core.options.kernel, known.value.state);
  return listed.ok ? listed.value : [];
}

/**
 * Whether this is the key of a peer's witness: a peer lists it, whose state is fresh, and the own domain
 * does not.
 */
export function isPeersWitness(core: Core, domains: KnownDomains, key: VerifierKey): boolean {
  const { own, peers } = domains;
  const owns = own.state && witnessesOf(core.options.kernel, own.state);
  if (!owns?.ok) return false;
  const isKey = ({ publicKey }: VerifierKey): boolean => equalBytes(publicKey, key.publicKey);
  if (owns.value.some(isKey)) return false;
  // Under its name: verifiers find a signature line by name and key id.
  return [...peers.values()].some((view) =>
    listedBy(core, domains, view).some((each) => each.name === key.name && isKey(each)),
  );
}
