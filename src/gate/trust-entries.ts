/** What a gate has to write of the trust that it follows before it decides on it. */
import type { KnownDomains } from "../authorization/domains.js";
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { EntryBody } from "../lineage/entry.js";
import type { TrustName } from "../lineage/entry/run.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { CONTENTS } from "../trust/state.js";
import type { TrustView } from "../trust/view.js";
import { viewDigest } from "../trust/view.js";
import type { GateState } from "./state.js";
import type { DomainRecord } from "./state/domain-record.js";
import { isOlder } from "./state/domain-record.js";
import { versionsOf } from "./trust-versions.js";

/** Digests that one entry has room for. */
const MOST_DIGESTS = 256;

/** The entries that say what of `domains` the log does not say yet. */
export function trustEntries(
  kernel: Kernel,
  state: GateState,
  { own, peers }: KnownDomains,
): EntryBody[] {
  const views = [own, ...[...peers.values()].filter(({ domain }) => domain !== own.domain)];
  return [
    ...views.flatMap((view) => entriesOf(kernel, view, state.domains.get(view.domain))),
    ...policyEntry(kernel, own.state, state),
  ];
}

function entriesOf(kernel: Kernel, view: TrustView, record: DomainRecord | undefined): EntryBody[] {
  const trust = view.state ? versionsOf(view.state) : null;
  // A state that was replaced is not written down again: who decides on it is denied.
  if (trust && record?.trust && isOlder(trust, record.trust)) return [];
  const digest = digestOf(kernel, view);
  const code = view.failure?.code ?? (view.state ? null : "NO_TRUST");
  const same = record?.view === digest && record.code === code;
  if (same && (!trust || record.trust?.digest === trust.digest)) return [];
  const authorizations = news(view.withdrawn.authorizations, record?.authorizations);
  const keys = news(view.withdrawn.keys, record?.keys);
  const entries: EntryBody[] = [];
  for (
    let from = 0;
    from === 0 || from < Math.max(authorizations.length, keys.length);
    from += MOST_DIGESTS
  ) {
    entries.push({
      kind: "trust",
      domain: view.domain,
      trust,
      view: digest,
      code,
      authorizations: authorizations.slice(from, from + MOST_DIGESTS),
      keys: keys.slice(from, from + MOST_DIGESTS),
    });
  }
  return entries;
}

function news(all: ReadonlySet<string>, known: ReadonlySet<string> | undefined): string[] {
  return [...all].filter((each) => !known?.has(each)).sort();
}

function policyEntry(
  kernel: Kernel,
  own: VerifiedTrustState | undefined,
  { policy, domains }: GateState,
): EntryBody[] {
  const bytes = own?.contents.get(CONTENTS.policy);
  if (!own || !bytes) return [];
  const record = domains.get(own.domain);
  if (record?.trust && isOlder(versionsOf(own), record.trust)) return [];
  const { targets } = own.metadata.targets.signed;
  const digest = targets[CONTENTS.policy]?.hashes["sha256"] ?? encodeHex(kernel.sha256(bytes));
  const baseline = targets[CONTENTS.baseline]?.hashes["sha256"] ?? null;
  if (policy?.policy === digest && policy.baseline === baseline) return [];
  return [{ kind: "policy", policy: digest, baseline, trips: own.policy.trips ?? [] }];
}

const digests = new WeakMap<TrustView, string>();

/** Of all of a view that decisions depend on; computed once a view. */
function digestOf(kernel: Kernel, view: TrustView): string {
  let digest = digests.get(view);
  if (digest === undefined) {
    digest = viewDigest(kernel, view);
    digests.set(view, digest);
  }
  return digest;
}

/** For whoever reads a log: what its entry said of a view, which may rest on more than entries hold. */
export function tellDigest(view: TrustView, digest: string): void {
  digests.set(view, digest);
}

/** How an entry names what it rests on of a domain. */
export function nameTrust(kernel: Kernel, view: TrustView, now: number): TrustName {
  const { domain, state } = view;
  const age = state?.issued === undefined ? null : now - state.issued;
  return {
    domain,
    digest: state?.digest ?? null,
    version: state?.metadata.timestamp.signed.version ?? 0,
    view: digestOf(kernel, view),
    age: age === null ? null : Math.round(age),
  };
}
