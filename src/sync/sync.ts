/**
 * Synchronising trust: asks every source of every pinned domain, puts what verifies into the store,
 * and answers with the newest state that there is. The result depends on what was seen, and not on
 * where or in which order.
 */
import type { Kernel } from "../kernel/kernel.js";
import { equalBytes } from "../bytes/concat.js";
import type { TrustStore } from "../storage/trust-store.js";
import type { Freshness } from "../trust/freshness.js";
import { judgeFreshness } from "../trust/freshness.js";
import type { VerifiedRoot } from "../trust/root.js";
import type { TrustView } from "../trust/view.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { DomainFiles, MAX_RECORD_BYTES, recordKey } from "./files.js";
import type { Memory } from "./memory.js";
import type { SourceReport } from "./merge.js";
import { merge } from "./merge.js";
import { openMemory, viewOf } from "./open.js";
import type { Pin } from "./pin.js";
import { verifyPin } from "./pin.js";
import { pull } from "./pull.js";
import { formatRecord } from "./record.js";
import type { Source } from "./source.js";
import { logReader } from "./source.js";

export interface DomainSync {
  readonly view: TrustView;
  /** At the given time, under the pinned terms; undefined where there is no state. */
  readonly freshness: Freshness | undefined;
  readonly sources: readonly SourceReport[];
  /** Whether anything was stored. */
  readonly changed: boolean;
}

/** Sources by the domain that they are asked for. */
export type Sources = ReadonlyMap<string, readonly Source[]>;

/** How often another writer may get in between before this gives up. */
const MAX_TRIES = 16;

/**
 * Syncs every pinned domain, by name. `now`, in milliseconds, only tells how fresh the answers are.
 * A pin that is no root of a named domain is a failure of its own; the others are not held up.
 */
export async function sync(
  kernel: Kernel,
  store: TrustStore,
  sources: Sources,
  pins: readonly Pin[],
  now: number,
): Promise<ReadonlyMap<string, Result<DomainSync>>> {
  const results = new Map<string, Result<DomainSync>>();
  for (const [i, pin] of pins.entries()) {
    const root = await verifyPin(kernel, pin.root);
    if (!root.ok) {
      results.set(`pin ${i + 1}`, root);
      continue;
    }
    const domain = root.value.signed.domain as string;
    if (results.has(domain)) throw new TypeError(`${domain} is pinned twice`);
    const own = sources.get(domain) ?? [];
    results.set(domain, await syncDomain(kernel, store, root.value, own, pin.terms, now));
  }
  return results;
}

async function syncDomain(
  kernel: Kernel,
  store: TrustStore,
  pinned: VerifiedRoot,
  sources: readonly Source[],
  terms: Pin["terms"],
  now: number,
): Promise<Result<DomainSync>> {
  const domain = pinned.signed.domain as string;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await store.get(recordKey(domain), MAX_RECORD_BYTES);
    const files = new DomainFiles(kernel, store, domain);
    const opened = await openMemory(kernel, files, pinned, before);
    if (!opened.ok) return opened;
    const memory = opened.value;
    const named = new Set(before ? memory.files() : []);
    const pulls = await Promise.all(sources.map((source) => pull(kernel, memory, files, source)));
    const logs = sources.map((source) => logReader(domain, source));
    const reports: SourceReport[] = [];
    for (const [i, each] of pulls.entries()) {
      const ownFirst = [...logs.slice(i), ...logs.slice(0, i)];
      reports.push(await merge(kernel, memory, files, each, ownFirst));
    }
    const changed = await save(store, memory, files, before);
    if (changed === undefined) continue;
    if (changed) await files.drop(memory.files(), named);
    const view = await viewOf(kernel, memory, files);
    const freshness =
      view.state && judgeFreshness(view.state, { now, maxStaleness: terms.maxStaleness, terms });
    return ok({ view, freshness, sources: reports, changed });
  }
  return failure(
    "INTERNAL",
    "a store in which this writer gets its turn",
    `${MAX_TRIES} lost races`,
  );
}

/** True if the memory was stored, false if it is as before, undefined if another writer came first. */
async function save(
  store: TrustStore,
  memory: Memory,
  files: DomainFiles,
  before: Uint8Array | undefined,
): Promise<boolean | undefined> {
  const record = formatRecord(memory.toRecord());
  if (before && equalBytes(before, record)) return false;
  if (record.length > MAX_RECORD_BYTES) {
    throw new RangeError(`the record of ${memory.domain} has ${record.length} bytes`);
  }
  await files.save(memory.files());
  const swapped = await store.compareAndSwap(recordKey(memory.domain), before, record);
  return swapped ? true : undefined;
}
