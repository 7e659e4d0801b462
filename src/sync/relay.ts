/**
 * What a store holds of a domain, served to others unchanged. Whoever syncs from a relay verifies as
 * with any source: the relay is not trusted, and needs no key.
 */
import { equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { TrustStore } from "../storage/trust-store.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import { metadataPath, rootPath, targetPath, TIMESTAMP_PATH } from "../trust/repository.js";
import { STATUS_ROLE } from "../trust/state.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { DomainFiles, recordKey } from "./files.js";
import { currentState, openMemory } from "./open.js";
import { verifyPin } from "./pin.js";
import { MAX_STORED_BYTES, parseRecord } from "./record.js";
import type { Answer, Source } from "./source.js";

/**
 * The files of a domain's newest state by path, as the domain published them, in the order in which
 * they may appear: the timestamp last.
 */
export async function relayFiles(
  kernel: Kernel,
  store: TrustStore,
  domain: string,
): Promise<Result<ReadonlyMap<string, Uint8Array>>> {
  const bytes = await store.get(recordKey(domain), MAX_STORED_BYTES);
  if (!bytes) return failure("NO_TRUST", `a record of ${domain} in the store`, "none");
  return await filesOfRecord(kernel, store, domain, bytes);
}

async function filesOfRecord(
  kernel: Kernel,
  store: TrustStore,
  domain: string,
  bytes: Uint8Array,
): Promise<Result<ReadonlyMap<string, Uint8Array>>> {
  const record = parseRecord(bytes);
  if (!record.ok) return record;
  const files = new DomainFiles(kernel, store, domain);
  const first = await files.require(record.value.roots[0] as string);
  if (!first.ok) return first;
  const pinned = await verifyPin(kernel, first.value);
  if (!pinned.ok) return pinned;
  const memory = await openMemory(kernel, files, pinned.value, bytes);
  if (!memory.ok) return memory;
  const state = await currentState(kernel, memory.value, files);
  if (!state) return failure("NO_TRUST", `a state of ${domain} in the store`, "none");
  if (!state.ok) return state;

  const { root, timestamp, snapshot, targets, status } = state.value.metadata;
  const served = new Map<string, Uint8Array>();
  for (const each of memory.value.roots) served.set(rootPath(each.signed.version), each.bytes);
  for (const role of [targets, status]) {
    for (const [path, target] of Object.entries(role.signed.targets)) {
      const content = state.value.contents.get(path);
      if (content) served.set(targetPath(root, path, target), content);
    }
  }
  served.set(metadataPath(root, "targets", targets.signed.version), targets.bytes);
  served.set(metadataPath(root, STATUS_ROLE, status.signed.version), status.bytes);
  served.set(metadataPath(root, "snapshot", snapshot.signed.version), snapshot.bytes);
  const checkpoint = memory.value.log && (await files.read(memory.value.log.file));
  if (checkpoint) served.set(`log/${CHECKPOINT}`, checkpoint);
  served.set(TIMESTAMP_PATH, timestamp.bytes);
  return ok(served);
}

/** Whatever the store holds when it is asked. */
export function relaySource(kernel: Kernel, store: TrustStore, name: string): Source {
  // All of it is verified once a record, and not once a file: a reader asks for every root.
  const known = new Map<
    string,
    { readonly record: Uint8Array; readonly files: Result<ReadonlyMap<string, Uint8Array>> }
  >();
  return {
    name,
    async read(domain, path, { limit }): Promise<Answer> {
      const record = await store.get(recordKey(domain), MAX_STORED_BYTES);
      if (!record) return { ok: true, status: "absent" };
      let last = known.get(domain);
      if (!last || !equalBytes(last.record, record)) {
        last = { record, files: await filesOfRecord(kernel, store, domain, record) };
        // A file that is missing may be there again.
        if (last.files.ok) known.set(domain, last);
      }
      const served = last.files;
      if (!served.ok) return served.code === "NO_TRUST" ? { ok: true, status: "absent" } : served;
      const bytes = served.value.get(path);
      if (!bytes) return { ok: true, status: "absent" };
      if (bytes.length <= limit) return { ok: true, status: "found", bytes };
      return failure("TOO_LARGE", `at most ${limit} bytes at ${path}`, `${bytes.length}`);
    },
  };
}
