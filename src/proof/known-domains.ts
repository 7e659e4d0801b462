/** What a gate knew of domains, entry after entry, as its log and the states that it names say. */
import type { KnownDomains } from "../authorization/domains.js";
import { formatCanonical } from "../bytes/canonical.js";
import { tellDigest } from "../gate/trust-entries.js";
import { versionsOf } from "../gate/trust-versions.js";
import type { Trust, TrustVersions } from "../lineage/entry/gate.js";
import { millisecondsOf } from "../trust/schema.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { TrustView } from "../trust/view.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Trusted } from "./trusted.js";

interface Seen {
  authorizations: ReadonlySet<string>;
  keys: ReadonlySet<string>;
  contained: ReadonlyMap<string, string>;
}

const NOTHING: Seen = { authorizations: new Set(), keys: new Set(), contained: new Map() };

/**
 * The views that decisions are made on. What a gate says it has seen withdrawn is taken, and what the
 * states themselves withdraw, whether it says so or not.
 */
export class ReplayedDomains {
  readonly #trusted: Trusted;
  readonly #own: string;
  readonly #views = new Map<string, TrustView>();
  #domains: KnownDomains | undefined;

  constructor(trusted: Trusted, own: string) {
    this.#trusted = trusted;
    this.#own = own;
  }

  get domains(): KnownDomains {
    if (!this.#domains) {
      const peers = new Map(this.#views);
      peers.delete(this.#own);
      this.#domains = { own: this.#views.get(this.#own) ?? unknown(this.#own), peers };
    }
    return this.#domains;
  }

  /** Takes an entry in; a failure where the state that it names is not one that is trusted here. */
  apply({ domain, trust, view: digest, code, authorizations, keys }: Trust): Failure | undefined {
    const before = this.#views.get(domain) ?? unknown(domain);
    const named = trust ? this.#trusted.state(trust.digest) : undefined;
    const state = named?.ok ? named.value : undefined;
    const wrong =
      named && !named.ok ? named : trust && state ? checkNamed(domain, trust, state) : undefined;
    const current = wrong ? undefined : state;
    const withdrawn = extend(before.withdrawn, { authorizations, keys }, current);
    const view: TrustView = {
      domain,
      state: current,
      failure: code === null ? undefined : failure(code, `trust in ${domain}`, "the gate had none"),
      withdrawn,
      // What contradicts each other is not in the log; what follows from it is the code.
      contradictions: [],
    };
    tellDigest(view, digest);
    this.#views.set(domain, view);
    this.#domains = undefined;
    return wrong;
  }
}

/** An entry says of a state what the state says of itself: versions that lie would bring old ones back. */
function checkNamed(
  domain: string,
  trust: TrustVersions,
  state: VerifiedTrustState,
): Failure | undefined {
  if (state.domain !== domain) return failure("ORIGIN", `a state of ${domain}`, state.domain);
  const [expected, found] = [versionsOf(state), trust].map((each) => formatCanonical({ ...each }));
  if (expected === found) return undefined;
  return failure("DIGEST", `the versions of the state ${state.digest}: ${expected}`, `${found}`);
}

function unknown(domain: string): TrustView {
  const why = failure("NO_TRUST", `a trust state of ${domain}`, "none");
  return { domain, state: undefined, failure: why, withdrawn: NOTHING, contradictions: [] };
}

/** Sets are copied only where something is new: most entries bring a timestamp alone. */
function extend(
  before: Seen,
  said: { readonly authorizations: readonly string[]; readonly keys: readonly string[] },
  state: TrustView["state"],
): Seen {
  const status = state?.status;
  const authorizations = added(before.authorizations, [
    ...said.authorizations,
    ...(status?.authorizations.map(({ sha256 }) => sha256) ?? []),
  ]);
  const keys = added(before.keys, [
    ...said.keys,
    ...(status?.keys.map(({ key }) => key) ?? []),
    ...(state?.authority.removed ?? []),
  ]);
  const newer = (status?.contained ?? []).filter(({ gate, since }) => {
    const known = before.contained.get(gate);
    return known === undefined || millisecondsOf(since) > millisecondsOf(known);
  });
  const contained =
    newer.length === 0
      ? before.contained
      : new Map([...before.contained, ...newer.map(({ gate, since }) => [gate, since] as const)]);
  return { authorizations, keys, contained };
}

function added(before: ReadonlySet<string>, more: readonly string[]): ReadonlySet<string> {
  return more.every((each) => before.has(each)) ? before : new Set([...before, ...more]);
}
