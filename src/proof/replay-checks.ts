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
import type { Policy } from "../lineage/entry/gate.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { CONTENTS } from "../trust/state.js";
import type { TrustView } from "../trust/view.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Moment } from "./decisions.js";
import type { Withdrawals } from "./domain-replay.js";

/** A `state` entry says what the entries before come to. */
export function checkState(kernel: Kernel, fold: GateFold, digest: string): Failure | undefined {
  const found = encodeHex(kernel.sha256(encodeUtf8(formatCanonical(fold.toJson()))));
  return found === digest ? undefined : failure("LOG", `the state ${found}`, digest);
}

/** The policy that trips are taken from is that of the domain's state. */
export function checkPolicyEntry(
  { state }: TrustView,
  { policy, baseline, trips }: Policy,
): Failure | undefined {
  if (!state) return undefined;
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
  { policy }: GateState,
): Failure | undefined {
  if (!state || distrusted) return undefined;
  const expected = digestOf(state, CONTENTS.policy);
  if (expected === policy?.policy) return undefined;
  return failure("POLICY", `an entry of the policy ${expected}`, policy?.policy ?? "none");
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
  time: number,
  withdrawals: Withdrawals,
  skew: number,
): Failure | undefined {
  const { issuer, links, keys } = authorization;
  const used = evidence.find(({ domain }) => domain === issuer.domain) ?? evidence[0];
  const bound = used ? used.validUntil - time + used.age : 0;
  for (const what of [...links.map(({ sha256 }) => sha256), ...keys]) {
    const published = withdrawals.get(what);
    if (published === undefined || time <= published + bound + skew) continue;
    const expected = `nothing that was withdrawn more than ${bound} ms ago`;
    return failure("REVOKED", expected, `${what}, ${time - published} ms ago`);
  }
  return undefined;
}
