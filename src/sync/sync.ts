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
import { DomainFiles, recordKey } from "./files.js";
import type { Memory } from "./memory.js";
import type { SourceReport } from "./merge.js";
import { merge } from "./merge.js";
import { openMemory, viewOf } from "./open.js";
import type { Pin } from "./pin.js";
import { verifyPin } from "./pin.js";
import { pull } from "./pull.js";
import { filesOf, formatRecord, formatWithdrawn, MAX_STORED_BYTES, parseRecord } from "./record.js";
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
  const roots = await Promise.all(pins.map((pin) => verifyPin(kernel, pin.root)));
  const names = roots.map((root, i) =>
    root.ok ? (root.value.signed.domain ?? "") : `pin ${i + 1}`,
  );
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new TypeError(`${twice} is pinned twice`);
  const results = await Promise.all(
    pins.map(async ({ terms }, i) => {
      const root = roots[i] as Result<VerifiedRoot>;
      const own = sources.get(names[i] as string) ?? [];
      return root.ok ? await syncDomain(kernel, store, root.value, own, terms, now) : root;
    }),
  );
  return new Map(names.map((name, i) => [name, results[i] as Result<DomainSync>]));
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
  let doubted = false;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await store.get(recordKey(domain), MAX_STORED_BYTES);
    const files = new DomainFiles(kernel, store, domain);
    if (tries > 0 && isPinnedAnew(files.add(pinned.bytes), before)) {
      return failure("KEY", `${domain} under the root it was pinned by`, "pinned anew meanwhile");
    }
    const opened = await openMemory(kernel, files, pinned, before);
    if (!opened.ok) return opened;
    const memory = opened.value;
    if (doubted) memory.doubt();
    const pulls = await Promise.all(sources.map((source) => pull(kernel, memory, files, source)));
    const logs = sources.map((source) => logReader(domain, source));
    const reports: SourceReport[] = [];
    for (const [i, each] of pulls.entries()) {
      const ownFirst = [...logs.slice(i), ...logs.slice(0, i)];
      reports.push(await merge(kernel, memory, files, each, ownFirst));
    }
    const saved = await save(store, memory, files, before);
    if (!saved.ok) return saved;
    if (saved.value === "lost") continue;
    const view = await viewOf(kernel, memory, files);
    if (memory.current() && !view.state && !doubted) {
      // A file of the newest state is gone from the store: once more, as if it had not been seen.
      doubted = true;
      continue;
    }
    const freshness =
      view.state && judgeFreshness(view.state, { now, maxStaleness: terms.maxStaleness, terms });
    return ok({ view, freshness, sources: reports, changed: saved.value === "stored" });
  }
  return failure(
    "INTERNAL",
    "a store in which this writer gets its turn",
    `${MAX_TRIES} lost races`,
  );
}

/** True if the record that another writer left goes from another root than this one's. */
function isPinnedAnew(pinned: string, record: Uint8Array | undefined): boolean {
  const parsed = record && parseRecord(record);
  return parsed?.ok === true && parsed.value.roots[0] !== pinned;
}

/** `lost`: another writer came first. The files that the new record does not name go at last. */
async function save(
  store: TrustStore,
  memory: Memory,
  files: DomainFiles,
  before: Uint8Array | undefined,
): Promise<Result<"stored" | "unchanged" | "lost">> {
  const withdrawn = formatWithdrawn(memory.withdrawn);
  const record = memory.toRecord(files.add(withdrawn));
  const bytes = formatRecord(record);
  const length = Math.max(withdrawn.length, bytes.length);
  if (length > MAX_STORED_BYTES) {
    const expected = `at most ${MAX_STORED_BYTES} bytes to remember of ${memory.domain}`;
    return failure("TOO_LARGE", expected, `${length}`);
  }
  const readable = parseRecord(bytes);
  if (!readable.ok) return failure("INTERNAL", "a record that opens again", readable.expected);
  const named = filesOf(record);
  // Also where the record is the same: a file of it may have been gone.
  const added = await files.save(named);
  if (before && equalBytes(before, bytes)) return ok("unchanged");
  if (!(await store.compareAndSwap(recordKey(memory.domain), before, bytes))) {
    const winner = await store.get(recordKey(memory.domain), MAX_STORED_BYTES);
    const kept = winner && parseRecord(winner);
    if (kept?.ok) await files.drop(filesOf(kept.value), added);
    return ok("lost");
  }
  const old = before && parseRecord(before);
  if (old?.ok) await files.drop(named, filesOf(old.value));
  return ok("stored");
}
