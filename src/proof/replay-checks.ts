/** Entries that rest on more than the one before: a policy, a state, a resumer's word. */
import type { Permission } from "../authorization/check.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import { checkResume } from "../gate/resume-statement.js";
import type { GateFold, GateState } from "../gate/state.js";
import type { Kernel } from "../kernel/kernel.js";
import { timeOf } from "../lineage/entry.js";
import type { Linked } from "../lineage/entry/common.js";
import type { Resume } from "../lineage/entry/drift.js";
import type { Policy, Start, State } from "../lineage/entry/gate.js";
import type { LocalPolicy, Trip } from "../trust/contents/policy.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { CONTENTS } from "../trust/state.js";
import type { TrustView } from "../trust/view.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Moment } from "./run-inputs.js";
import type { Withdrawals } from "./domain-replay.js";
import type { Trusted } from "./trusted.js";

/** A `state` entry says what the entries before come to. */
export function checkState(
  kernel: Kernel,
  fold: GateFold,
  { digest, size }: State,
): Failure | undefined {
  const bytes = encodeUtf8(formatCanonical(fold.toJson()));
  const found = encodeHex(kernel.sha256(bytes));
  if (found === digest && bytes.length === size) return undefined;
  return failure("LOG", `the state ${found} of ${bytes.length} bytes`, `${digest} of ${size}`);
}

/** The policy that trips are taken from is that of the domain's state. */
export function checkPolicyEntry(
  { state }: TrustView,
  { policy, baseline, trips }: Policy,
): Failure | undefined {
  if (!state) return failure("POLICY", "a state of the domain that has this policy", "none");
  const expected = {
    policy: digestOf(state, CONTENTS.policy),
    baseline: digestOf(state, CONTENTS.baseline),
    trips: state.policy.trips ?? [],
  };
  const [wanted, found] = [expected, { policy, baseline, trips }].map((each) =>
    formatCanonical(each as unknown as Json),
  );
  if (wanted === found) return undefined;
  return failure("POLICY", `the policy of the state ${state.digest}`, "another");
}

/** Before it decides, a gate has written down which policy its domain has. */
export function checkPolicyKnown(
  { state, failure: distrusted }: TrustView,
  { policy, trips }: GateState,
): Failure | undefined {
  if (!state || distrusted) return undefined;
  const expected = digestOf(state, CONTENTS.policy);
  if (expected !== policy?.policy) {
    return failure("POLICY", `an entry of the policy ${expected}`, policy?.policy ?? "none");
  }
  // A state that the gate has kept says itself what is counted.
  const same = compared.get(trips) === state.policy || hasTrips(trips, state.policy.trips ?? []);
  if (same) compared.set(trips, state.policy);
  return same ? undefined : failure("POLICY", `the trips of the policy ${expected}`, "others");
}

/** Trips of a log that are those of a policy: the same few, decision after decision. */
const compared = new WeakMap<GateState["trips"], LocalPolicy>();

function hasTrips(trips: GateState["trips"], of: readonly Trip[]): boolean {
  const texts = [trips.map(({ trip }) => trip), of].map((each) =>
    formatCanonical(each as unknown as Json),
  );
  return texts[0] === texts[1];
}

/** A start speaks of the gate whose log it stands in, by a key that the domain has listed for it. */
export function checkStart(
  { gate }: Start,
  { origin, domain }: { readonly origin: string; readonly domain: string },
  trusted: Trusted,
): Failure | undefined {
  if (gate.origin !== origin) return failure("ORIGIN", origin, gate.origin);
  const states = trusted.statesOf(domain);
  if (states.length === 0) return failure("NO_TRUST", `a state of ${domain}`, "none");
  const isListed = states.some(({ authority }) =>
    authority.gates.some((each) => each.origin === origin && each.key === gate.key),
  );
  return isListed
    ? undefined
    : failure("KEY", `a key that ${domain} lists for ${origin}`, gate.key);
}

function digestOf({ metadata }: VerifiedTrustState, path: string): string | null {
  return metadata.targets.signed.targets[path]?.hashes["sha256"] ?? null;
}

/** A resumer's word answers the latest drift; without one that holds, the gate went on by itself. */
export function checkResumed(
  kernel: Kernel,
  entry: Resume & Linked,
  { gate, state, domains }: Moment,
): Failure | undefined {
  const limits = state.started?.limits;
  const drift = entry.run === null ? state.drift : state.runs.get(entry.run)?.drift;
  if (!limits || drift === undefined) return failure("DECISION", "a drift to answer", "none");
  const { maxStaleness } = limits;
  const written = formatCanonical(entry.statement as unknown as Json);
  const freshness = { now: timeOf(entry), maxStaleness, terms: limits };
  const terms = { gate, run: entry.run, drift, domains, freshness };
  const checked = checkResume(kernel, encodeUtf8(written), terms);
  if (checked.ok) {
    const made = formatCanonical(checked.value.statement as unknown as Json);
    // Key ids are hints to a verifier, and words of a gate that wrote them down.
    if (made === written) return undefined;
    return failure("DECISION", `a word under the key that signed it: ${made}`, written);
  }
  const { code, expected, found } = checked;
  return failure("DECISION", `a resumer's word: ${expected}`, `${found} (${code})`);
}

/** Whoever uses trust of at most this age has heard of what was published longer ago than that. */
export function checkWithdrawn(
  { authorization, evidence }: Permission,
  own: string,
  time: number,
  withdrawals: ReadonlyMap<string, Withdrawals>,
  skew: number,
): Failure | undefined {
  const { issuer, links, keys } = authorization;
  // No other domain has a say in it.
  for (const domain of new Set([issuer.domain, own])) {
    const withdrawn = withdrawals.get(domain);
    if (!withdrawn) continue;
    const used = evidence.find((each) => each.domain === domain);
    const bound = used ? used.validUntil - time + used.age : 0;
    for (const what of [...links.map(({ sha256 }) => sha256), ...keys]) {
      const published = withdrawn.get(what);
      if (published === undefined || time <= published + bound + skew) continue;
      const expected = `nothing that ${domain} had withdrawn more than ${bound} ms ago`;
      return failure("REVOKED", expected, `${what}, ${time - published} ms ago`);
    }
  }
  return undefined;
}
