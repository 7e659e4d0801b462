/** One round of a domain: what its sources and the store come to. */
import { equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { TrustStore } from "../storage/trust-store.js";
import { recordKey } from "../sync/files.js";
import { openTrust } from "../sync/open.js";
import { verifyPin } from "../sync/pin.js";
import { pinnedDomains, pinnedRoot } from "../sync/pins.js";
import type { Pin } from "../sync/pin.js";
import { MAX_STORED_BYTES } from "../sync/record.js";
import type { Source } from "../sync/source.js";
import { sync } from "../sync/sync.js";
import type { TrustView } from "../trust/view.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/** A domain that the gate's operator trusts by its root. */
export interface DomainPin extends Pin {
  readonly domain: string;
}

export interface TrustRound {
  readonly view: TrustView;
  /** Why no source gave what it should; undefined where one did, or there is none. */
  readonly unanswered: Failure | undefined;
}

/** How often a record may be replaced while it is read. */
const MAX_TRIES = 8;

/**
 * Asks the sources of a domain, and stores what verifies. Without a source it only reads the store,
 * and writes nothing: another process syncs it.
 */
export async function runRound(
  kernel: Kernel,
  store: TrustStore,
  { domain, root, terms }: DomainPin,
  sources: readonly Source[],
  now: number,
): Promise<Result<TrustRound>> {
  const pinned = await verifyPin(kernel, root);
  if (!pinned.ok) return pinned;
  const named = pinned.value.signed.domain as string;
  if (named !== domain) return failure("KEY", `a pinned root of ${domain}`, `one of ${named}`);
  if (sources.length === 0) {
    const view = await readStored(kernel, store, domain, root);
    return view.ok ? ok({ view: view.value, unanswered: undefined }) : view;
  }
  const results = await sync(kernel, store, new Map([[domain, sources]]), [{ root, terms }], now);
  const synced = results.get(domain) ?? failure("INTERNAL", `an answer for ${domain}`, "none");
  if (!synced.ok) return synced;
  const { view, sources: reports } = synced.value;
  const heard = reports.some(({ status }) => status !== "failed");
  return ok({ view, unanswered: heard ? undefined : reports[0]?.failure });
}

/** The view that the store holds. Its writer may drop a file that the record named a moment before. */
async function readStored(
  kernel: Kernel,
  store: TrustStore,
  domain: string,
  root: Uint8Array,
): Promise<Result<TrustView>> {
  for (let tries = 1; ; tries++) {
    const before = await store.get(recordKey(domain), MAX_STORED_BYTES);
    const view = await openTrust(kernel, store, root);
    const gone = view.ok ? view.value.failure : view;
    if (gone?.code !== "MISSING" || tries === MAX_TRIES) return view;
    const after = await store.get(recordKey(domain), MAX_STORED_BYTES);
    if (before === after || (before && after && equalBytes(before, after))) return view;
  }
}

/** The pins that the store itself remembers; a domain without a readable root is left out. */
export async function storedPins(kernel: Kernel, store: TrustStore): Promise<Result<DomainPin[]>> {
  const known = await pinnedDomains(store);
  if (!known.ok) return known;
  const pins: DomainPin[] = [];
  for (const { domain, terms } of known.value) {
    const root = await pinnedRoot(kernel, store, domain);
    if (root.ok) pins.push({ domain, root: root.value, terms });
  }
  return ok(pins);
}
