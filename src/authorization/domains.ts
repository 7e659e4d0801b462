/** What a gate knows of domains: its own, and those that it follows. */
import { someCovers } from "../trust/command.js";
import type { Authority, Issuer } from "../trust/contents/authority.js";
import type { TrustView } from "../trust/view.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";

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

/** Whether a domain lists this issuer for the command of the authorization that it made. */
export function checkListed(
  view: TrustView | undefined,
  { domain, key }: { readonly domain: string; readonly key: string },
  command: string,
): Failure | undefined {
  if (!view?.state) return failure("NO_TRUST", `a trust state of ${domain}`, "none");
  const listed = issuersOf(view).get(key);
  if (!listed) return failure("KEY", `an issuer that ${domain} lists`, key);
  if (someCovers(listed.commands, command)) return undefined;
  const expected = `a command that ${domain} lists ${listed.name} for: ${listed.commands.join(", ")}`;
  return failure("SCOPE", expected, command);
}
