/** Opening what is stored of a domain. The store is trusted for what it remembers, not for what it says. */
import type { Kernel } from "../kernel/kernel.js";
import type { TrustStore } from "../storage/trust-store.js";
import type { ReadFile } from "../trust/repository.js";
import { verifyTimestamp } from "../trust/roles.js";
import type { VerifiedRoot } from "../trust/root.js";
import { verifyNextRoot } from "../trust/root.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { verifyState } from "../trust/state.js";
import type { TrustView } from "../trust/view.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { verifySide } from "./evidence.js";
import { DomainFiles, recordKey } from "./files.js";
import { Memory } from "./memory.js";
import { verifyPin } from "./pin.js";
import type { TrustRecord } from "./record.js";
import { MAX_STORED_BYTES, parseRecord, parseWithdrawn } from "./record.js";

/** What is remembered of the domain of `pinned`; empty where there is no record. */
export async function openMemory(
  kernel: Kernel,
  files: DomainFiles,
  pinned: VerifiedRoot,
  record: Uint8Array | undefined,
): Promise<Result<Memory>> {
  files.add(pinned.bytes);
  if (!record) return ok(new Memory(kernel, [pinned]));
  const parsed = parseRecord(record);
  if (!parsed.ok) return parsed;
  const stored = await files.require(parsed.value.withdrawn);
  const withdrawn = stored.ok ? parseWithdrawn(stored.value) : stored;
  if (!withdrawn.ok) return withdrawn;
  if (parsed.value.domain !== pinned.signed.domain) {
    return failure(
      "MALFORMED",
      `a record of ${pinned.signed.domain}`,
      `one of ${parsed.value.domain}`,
    );
  }
  const [first, ...rest] = parsed.value.roots;
  if (first !== files.add(pinned.bytes)) {
    const anew = pinAnew(parsed.value, pinned);
    const memory = new Memory(kernel, [pinned], { record: anew, withdrawn: withdrawn.value });
    await dropRetired(kernel, memory, files);
    return ok(memory);
  }
  const roots = [pinned];
  for (const digest of rest) {
    const bytes = await files.require(digest);
    if (!bytes.ok) return bytes;
    const next = await verifyNextRoot(kernel, roots.at(-1) as VerifiedRoot, bytes.value);
    if (!next.ok) return next;
    roots.push(next.value);
  }
  return ok(new Memory(kernel, roots, { record: parsed.value, withdrawn: withdrawn.value }));
}

/**
 * Another root is pinned. What its keys have signed stays, and with it the versions and contradictions
 * under keys in force; two roots of one version are settled by a pin that is one of them or follows.
 */
function pinAnew(record: TrustRecord, { signed }: VerifiedRoot): TrustRecord {
  return {
    ...record,
    validators: {},
    contradictions: record.contradictions.map((each) =>
      each.role === "root" ? { ...each, settled: signed.version >= Number(each.version) } : each,
    ),
  };
}

/** Drops what the root in force does not vouch for: it is another one than before. */
export async function dropRetired(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
): Promise<void> {
  const retired = new Set<string>();
  for (const { role, row } of memory.rows()) {
    const bytes = await files.read(row.file);
    const verified = bytes && (await verifySide(kernel, memory.root, { role }, bytes));
    if (!verified?.ok) retired.add(row.file);
  }
  memory.drop(retired);
}

/** The newest state of the memory, verified again from its files; undefined where there is none. */
export async function currentState(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
): Promise<Result<VerifiedTrustState> | undefined> {
  const current = memory.current();
  if (!current) return undefined;
  const bytes = await files.require(current.timestamp.file);
  if (!bytes.ok) return bytes;
  const timestamp = await verifyTimestamp(kernel, memory.root, bytes.value);
  if (!timestamp.ok) return timestamp;
  return await verifyState(kernel, memory.root, timestamp.value, fromFiles(files));
}

/** Reads by digest alone: all that our own repositories name has one. */
export function fromFiles(files: DomainFiles): ReadFile {
  return async (path, _limit, sha256) => {
    if (sha256 === undefined) return failure("DIGEST", `a digest of ${path}`, "none");
    return ok(await files.read(sha256));
  };
}

/** The newest state, and whether the domain may be trusted at all. */
export async function viewOf(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
): Promise<TrustView> {
  const { domain, withdrawn } = memory;
  const state = await currentState(kernel, memory, files);
  return {
    domain,
    withdrawn,
    state: state?.ok ? state.value : undefined,
    contradictions: memory.distrust(),
    failure: distrust(memory) ?? (state && !state.ok ? state : undefined),
  };
}

function distrust(memory: Memory): Failure | undefined {
  const contradictions = memory.distrust();
  if (contradictions.length === 0) return undefined;
  const expected = `one statement of ${memory.domain} a role and version`;
  return failure("EQUIVOCATION", expected, `two of ${contradictions.join(", ")}`);
}

/** What a store holds of a pinned domain. */
export interface StoredTrust {
  readonly pinned: VerifiedRoot;
  /** Undefined where nothing was stored yet. */
  readonly record: Uint8Array | undefined;
  readonly memory: Memory;
  readonly files: DomainFiles;
}

/** The view of a pinned domain, from the store alone. */
export async function openTrust(
  kernel: Kernel,
  store: TrustStore,
  pinnedRoot: Uint8Array,
): Promise<Result<TrustView>> {
  const opened = await openStored(kernel, store, pinnedRoot);
  return opened.ok ? ok(await viewOf(kernel, opened.value.memory, opened.value.files)) : opened;
}

export async function openStored(
  kernel: Kernel,
  store: TrustStore,
  pinnedRoot: Uint8Array,
): Promise<Result<StoredTrust>> {
  const pinned = await verifyPin(kernel, pinnedRoot);
  if (!pinned.ok) return pinned;
  const domain = pinned.value.signed.domain as string;
  const files = new DomainFiles(kernel, store, domain);
  const record = await store.get(recordKey(domain), MAX_STORED_BYTES);
  const memory = await openMemory(kernel, files, pinned.value, record);
  if (!memory.ok) return memory;
  return ok({ pinned: pinned.value, record, memory: memory.value, files });
}
