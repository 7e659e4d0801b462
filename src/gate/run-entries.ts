/** The entries of a run, from what was decided. */
import type { AdmittedAuthorization } from "../authorization/admitted.js";
import type { Permission } from "../authorization/check.js";
import type { Link } from "../authorization/link.js";
import type { Possession } from "../authorization/possession.js";
import type { AuthorizationRequest } from "../authorization/request.js";
import type { DigestSet } from "../attestation/statement.js";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeHex } from "../bytes/hex.js";
import { formatRfc3339 } from "../bytes/rfc3339.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { EntryName, RunState, SignedStatement } from "../lineage/entry/common.js";
import type {
  Admission,
  ArgumentDigest,
  Decision,
  EntryCharge,
  EntryIsolation,
  Measurement,
} from "../lineage/entry/run.js";
import type { GateDecision } from "./decide.js";
import { nameOf } from "./decide.js";
import type { Measured } from "./environment.js";
import type { GateState } from "./state.js";
import type { KnownDomains } from "../authorization/domains.js";
import { viewOfDomain } from "../authorization/domains.js";
import { formatEntry } from "../lineage/entry.js";
import type { TrustView } from "../trust/view.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import { nameTrust } from "./trust-entries.js";
import { messageOf } from "./message.js";

export function admissionOf(
  run: string,
  { sha256, issuer, principal }: AdmittedAuthorization,
  request: AuthorizationRequest,
  rest: {
    readonly chain: string;
    readonly digests: readonly ArgumentDigest[];
    readonly parents: readonly EntryName[];
  },
): Admission {
  return {
    kind: "admission",
    run,
    state: "authorized",
    authorization: sha256,
    chain: rest.chain,
    issuer: { domain: issuer.domain, key: issuer.key },
    principal: { id: principal.id, key: principal.key },
    command: request.command,
    arguments: rest.digests,
    parents: rest.parents,
  };
}

export function measurementOf(
  run: string,
  { source, kernel, parts }: Measured,
  artifacts: readonly DigestSet[],
  isolation: EntryIsolation,
): Measurement {
  return {
    kind: "measurement",
    run,
    state: "trusted",
    source,
    kernel,
    environment: parts.map(({ name, sha256 }) => ({ name, sha256 })),
    artifacts: artifacts.map((digests) => ({ ...digests })),
    isolation: withoutAbsent(isolation),
  };
}

/** JSON has no undefined. */
function withoutAbsent(isolation: EntryIsolation): EntryIsolation {
  const present = Object.entries(isolation).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as EntryIsolation;
}

/** What a decision on a run is written down with. */
export interface Decided {
  readonly run: string;
  readonly state: RunState;
  readonly number: number;
  readonly decision: GateDecision;
  readonly command: string | null;
  readonly authorization: AdmittedAuthorization | undefined;
  readonly domains: KnownDomains;
  readonly gateState: GateState;
  readonly ancestors: readonly string[];
  readonly possession: Possession | undefined;
  /** Of this run: most decisions on it read what the one before has read. */
  readonly readDigest?: ReadDigest | undefined;
}

/** The SHA-256, in hexadecimal, of what a decision has read; remembers the last. */
export class ReadDigest {
  #text = "";
  #digest = "";

  of(kernel: Kernel, text: string): string {
    if (text !== this.#text) {
      this.#text = text;
      this.#digest = encodeHex(kernel.sha256(encodeUtf8(text)));
    }
    return this.#digest;
  }
}

export function decisionOf(kernel: Kernel, decided: Decided): Decision {
  const { run, state, number, decision, command, possession } = decided;
  const allow = decision.outcome === "allow" ? decision : undefined;
  const deny = decision.outcome === "deny" ? decision : undefined;
  const read = readOf(decided, allow?.permission);
  return {
    kind: "decision",
    run,
    state,
    number,
    outcome: decision.outcome,
    code: deny?.code ?? null,
    rule: deny?.rule ?? null,
    command,
    stateDigest: (decided.readDigest ?? new ReadDigest()).of(kernel, read),
    trust: trustOf(decided).map((view) => nameTrust(kernel, view, decision.now)),
    validUntil: allow ? formatRfc3339(allow.validUntil, "ms") : null,
    recheck: allow ? Math.ceil(allow.permission.recheck) : null,
    // The proof is the envelope's canonical JSON, made by `checkPossession`.
    possession: possession ? (JSON.parse(possession.proof) as SignedStatement) : null,
  };
}

/** The views that a decision looks at: the own domain's, the issuer's, those that quorums name. */
function trustOf({ domains, authorization }: Decided): TrustView[] {
  const names = new Set([domains.own.domain]);
  if (authorization) {
    names.add(authorization.issuer.domain);
    for (const quorum of authorization.demands.quorums)
      for (const each of quorum.domains) names.add(each);
  }
  const views: TrustView[] = [];
  let looked = 0;
  for (const name of names) {
    if (++looked > MOST_TRUST) break;
    const view = viewOfDomain(domains, name);
    if (view) views.push(view);
  }
  return views;
}

/** Names that an entry has room for. */
const MOST_TRUST = 128;

/**
 * What `decide` reads of the gate's state, in canonical JSON: the same for whoever folds the same log.
 * Ids, digests and modes hold nothing that JSON escapes.
 */
function readOf(
  { gateState, authorization, command, ancestors, run, decision }: Decided,
  permission?: Permission,
): string {
  const above = ancestors.map((each) => {
    const state = gateState.revoked.has(each) ? "revoked" : gateState.runs.get(each)?.state;
    return `["${each}",${state === undefined ? "null" : `"${state}"`}]`;
  });
  const used = (link: string, counter: string): string =>
    `["${link}",${formatCanonical(counter)},${gateState.used(link, counter)}]`;
  const counters = permission
    ? permission.charges.map(({ link, counter }) => used(link, nameOf(counter)))
    : (authorization?.counted ?? []).map(({ sha256 }) => used(sha256, "uses"));
  const trips =
    command === null
      ? []
      : gateState.trips.map(
          (each) => `[${formatCanonical(each.trip.id)},${each.within(decision.now)}]`,
        );
  return (
    `{"ancestors":[${above.join()}],"counters":[${counters.join()}],"mode":"${gateState.mode}",` +
    `"run":${gateState.runs.get(run)?.since ?? null},"trips":[${trips.join()}]}`
  );
}

/** What the intent charges: every link's counter, until the link is over. */
export function chargesOf({ charges, authorization }: Permission): EntryCharge[] {
  return charges.map(({ link, counter, amount }) => {
    const counts = authorization.counted.find(({ sha256 }) => sha256 === link) as Link;
    return { link, counter: nameOf(counter), amount, expires: counts.authorization.expires };
  });
}

/** TOO_LARGE where the intent of a run with these charges is more than an entry holds. */
export function checkIntent(
  run: string,
  charges: readonly EntryCharge[],
  now: number,
): Failure | undefined {
  // Without them it is always as long.
  if (charges.length === 0) return undefined;
  const leaf = "0".repeat(64);
  const linked = { prev: leaf, time: formatRfc3339(now, "ms") };
  try {
    const intent = { kind: "intent", run, state: "executing", decision: leaf, charges } as const;
    const formatted = formatEntry({ ...intent, ...linked });
    return formatted.ok ? undefined : formatted;
  } catch (error) {
    const found = messageOf(error);
    return failure("TOO_LARGE", "an intent that fits into an entry", found);
  }
}
