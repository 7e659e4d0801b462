/**
 * Changing what a domain has published. Each function takes the storage's lock, ends what a crash
 * left, and publishes the whole of a new state or nothing.
 */
import { formatRfc3339 } from "../bytes/rfc3339.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Storage } from "../storage/storage.js";
import { parsePolicy } from "../tlog/policy.js";
import { keysIn, trustLogOrigin } from "../trust/contents/authority.js";
import { sortBy } from "../trust/contents/sorted.js";
import type { Status } from "../trust/contents/status.js";
import { keysOf } from "../trust/threshold.js";
import { delegatedSigners } from "../trust/delegation.js";
import { TIMESTAMP_PATH } from "../trust/repository.js";
import { millisecondsOf } from "../trust/schema.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Composition } from "./compose.js";
import { compose, composeTimestamp } from "./compose.js";
import type { Draft } from "./draft.js";
import { checkDraft, contentsOf, readDraft, writeDraft } from "./draft.js";
import { publishFiles, recover } from "./journal.js";
import type { KeyRing } from "./key-ring.js";
import type { Lifetimes } from "./lifetimes.js";
import { readLifetimes } from "./lifetimes.js";
import type { Published } from "./published.js";
import { readPublished } from "./published.js";
import { rehearse } from "./rehearsal.js";

/** A domain that is locked, whole, and open for one change. */
export interface OpenDomain extends Published {
  readonly kernel: Kernel;
  readonly storage: Storage;
  readonly ring: KeyRing;
  readonly lifetimes: Lifetimes;
  readonly now: number;
}

/** `now` is the time, or tells it once the lock is held: waiting for a lock takes time. */
export async function withDomain<T>(
  kernel: Kernel,
  storage: Storage,
  ring: KeyRing,
  now: number | (() => number),
  change: (domain: OpenDomain) => Promise<Result<T>>,
): Promise<Result<T>> {
  const unlock = await storage.lock();
  try {
    await recover(storage);
    const published = await readPublished(kernel, storage);
    if (!published.ok) return published;
    const lifetimes = await readLifetimes(storage);
    if (!lifetimes.ok) return lifetimes;
    return await change({
      ...published.value,
      kernel,
      storage,
      ring,
      lifetimes: lifetimes.value,
      now: typeof now === "number" ? now : now(),
    });
  } finally {
    await unlock();
  }
}

/** Edits the draft; nothing is published. */
export async function editDraft(
  storage: Storage,
  edit: (draft: Draft) => Result<Draft>,
): Promise<Result<Draft>> {
  const unlock = await storage.lock();
  try {
    const draft = await readDraft(storage);
    if (!draft.ok) return draft;
    const edited = edit(draft.value);
    if (!edited.ok) return edited;
    const bad = checkDraft(edited.value);
    if (bad) return bad;
    await writeDraft(storage, edited.value);
    return edited;
  } finally {
    await unlock();
  }
}

/**
 * Signs the draft with the offline targets keys and publishes it. A key that was published before and
 * is in the draft no longer is revoked for ever.
 */
export async function publish(domain: OpenDomain): Promise<Result<Published>> {
  const draft = await readDraft(domain.storage);
  if (!draft.ok) return draft;
  const checked = withRemoved(domain, draft.value);
  if (!checked.ok) return checked;
  const published = await publishState(domain, {
    change: "publish",
    targets: { contents: contentsOf(checked.value), statusKey: statusKeyOf(domain.state) },
  });
  // Only now: what was not published removed no key.
  if (published.ok) await writeDraft(domain.storage, checked.value);
  return published;
}

/** The draft with every key among the removed that is published and no longer listed. */
function withRemoved({ kernel, state }: OpenDomain, draft: Draft): Result<Draft> {
  const listed = keysIn(draft.authority);
  const dropped = [...keysIn(state.authority)].filter((key) => !listed.has(key));
  const removed = sortBy(
    [...state.authority.removed, ...draft.authority.removed, ...dropped],
    (key) => key,
  );
  const again = removed.find((key) => listed.has(key));
  if (again) return failure("REVOKED", "keys that were never removed", again);
  const origin = trustLogOrigin(state.domain);
  const log = (logs: Draft["authority"]["logs"]) => logs.find((each) => each.origin === origin);
  if (log(draft.authority.logs)?.key !== log(state.authority.logs)?.key) {
    return failure("KEY", `the log ${origin} under the key it has`, "another key, or none");
  }
  if (draft.witnesses) {
    const policy = parsePolicy(kernel, draft.witnesses);
    if (!policy.ok) return policy;
  }
  return ok({ ...draft, authority: { ...draft.authority, removed } });
}

export interface Withdrawal {
  /** Authorizations, by the SHA-256 of their payload, and until when they must be listed. */
  readonly authorizations?: Status["authorizations"];
  readonly keys?: Status["keys"];
  /** Origins of gates. */
  readonly contain?: readonly string[];
}

/** Revokes and contains, with the online status key, at once. No revocation is ever shortened. */
export async function withdraw(
  domain: OpenDomain,
  { authorizations = [], keys = [], contain = [] }: Withdrawal,
): Promise<Result<Published>> {
  const { state, now } = domain;
  const unknown = contain.find(
    (origin) => !state.authority.gates.some((gate) => gate.origin === origin),
  );
  if (unknown !== undefined) return failure("MISSING", "a gate of this domain", unknown);
  const since = formatRfc3339(now, "ms");
  const status: Status = {
    authorizations: sortBy(
      lastingMost([...state.status.authorizations, ...authorizations]),
      ({ sha256 }) => sha256,
    ),
    keys: sortBy(lastingMost([...state.status.keys, ...keys]), ({ key }) => key),
    contained: sortBy(
      [...state.status.contained, ...contain.map((gate) => ({ gate, since }))],
      ({ gate }) => gate,
    ),
  };
  const change = contain.length > 0 ? "contain" : "revoke";
  return await publishState(domain, { change, status: pruneStatus(state, status, now) });
}

/** The longest last, which is the one of its name that `sortBy` keeps. */
function lastingMost<Item extends { readonly expires: string }>(items: Item[]): Item[] {
  return items.sort((a, b) => millisecondsOf(a.expires) - millisecondsOf(b.expires));
}

/** Revocations past their expiry go, and containments that the authority has lifted. */
function pruneStatus({ authority }: VerifiedTrustState, status: Status, now: number): Status {
  const lasts = ({ expires }: { expires: string }): boolean => millisecondsOf(expires) > now;
  const released = new Map(authority.gates.map((gate) => [gate.origin, gate.released]));
  return {
    authorizations: status.authorizations.filter(lasts),
    keys: status.keys.filter(lasts),
    contained: status.contained.filter(({ gate, since }) => {
      const until = released.get(gate);
      return until === undefined || millisecondsOf(since) > millisecondsOf(until);
    }),
  };
}

/**
 * A new timestamp. Where the status or the snapshot is past half of its life, which the same online
 * keys sign, they are renewed with it.
 */
export async function refresh(domain: OpenDomain): Promise<Result<Published>> {
  const { kernel, storage, ring, lifetimes, root, state, now } = domain;
  const { metadata } = state;
  const due = (["status", "snapshot"] as const).some(
    (role) => metadata[role].expires - now < lifetimes[role] / 2,
  );
  if (due) {
    const status = pruneStatus(state, state.status, now);
    return await publishState(domain, { change: "renew", status });
  }
  const index = metadata.timestamp.signed.log?.index ?? 0;
  const composition = { now, lifetimes, roots: [root] };
  const timestamp = await composeTimestamp(kernel, ring, composition, metadata, index);
  if (!timestamp.ok) return timestamp;
  await publishFiles(storage, [{ path: TIMESTAMP_PATH, bytes: timestamp.value.bytes }]);
  return await readPublished(kernel, storage);
}

/** Publishes a state under the root in force. */
export async function publishState(
  domain: OpenDomain,
  change: Pick<Composition, "change" | "targets" | "status">,
): Promise<Result<Published>> {
  const { kernel, storage, ring, lifetimes, root, state, now } = domain;
  const composed = await compose(kernel, storage, ring, {
    ...change,
    now,
    lifetimes,
    before: state.metadata,
    roots: [root],
    logKey: logKeyOf(state),
  });
  if (!composed.ok) return composed;
  const { writes } = composed.value;
  const rehearsed = await rehearse(kernel, storage, root, writes);
  if (!rehearsed.ok) return rehearsed;
  await publishFiles(storage, writes);
  return await readPublished(kernel, storage);
}

/** The key of the domain's own log, in hexadecimal. */
export function logKeyOf({ authority, domain }: VerifiedTrustState): string {
  const origin = trustLogOrigin(domain);
  return authority.logs.find((log) => log.origin === origin)?.key ?? "";
}

/** The key of the role that revokes and contains. */
export function statusKeyOf({ metadata }: VerifiedTrustState): Uint8Array {
  const [role] = metadata.targets.signed.delegations?.roles ?? [];
  const keys = role ? [...keysOf(delegatedSigners(metadata.targets, role)).values()] : [];
  return keys[0]?.material ?? new Uint8Array();
}
