/** What a gate knows of domains: its own, and those that it follows. */
import type { Issuer } from "../trust/contents/authority.js";
import type { Authority } from "../trust/contents/authority.js";
import type { TrustView } from "../trust/view.js";

export interface KnownDomains {
  /** The gate's own domain. */
  readonly own: TrustView;
  /** By name; a view of the own domain in it is not used. */
  readonly peers: ReadonlyMap<string, TrustView>;
}

export function viewOfDomain({ own, peers }: KnownDomains, domain: string): TrustView | undefined {
  if (domain === own.domain) return own;
  const view = peers.get(domain);
  return view?.domain === domain ? view : undefined;
}

const byKey = new WeakMap<Authority, ReadonlyMap<string, Issuer>>();

/** The issuers that a domain lists, by key in hexadecimal. */
export function issuersOf({ state }: TrustView): ReadonlyMap<string, Issuer> {
  if (!state) return NONE;
  let issuers = byKey.get(state.authority);
  if (!issuers) {
    issuers = new Map(state.authority.issuers.map((issuer) => [issuer.key, issuer]));
    byKey.set(state.authority, issuers);
  }
  return issuers;
}

const NONE: ReadonlyMap<string, Issuer> = new Map();
