import type { Kernel } from "../kernel/kernel.js";
import type { TrustStore } from "../storage/trust-store.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { DomainFiles, readRecord, recordKey } from "./files.js";
import type { ContradictionRow } from "./record.js";
import { formatRecord } from "./record.js";

/** A recorded contradiction, and whether it makes the domain untrusted now. */
export interface RecordedEvidence extends ContradictionRow {
  readonly lifted: boolean;
}

/** What the store holds against a domain. `evidence` is the digest of the file: see `readEvidence`. */
export async function listEvidence(
  store: TrustStore,
  domain: string,
): Promise<Result<readonly RecordedEvidence[]>> {
  const record = await readRecord(store, domain);
  if (!record.ok) return record;
  const { contradictions, lifted } = record.value.record;
  return ok(contradictions.map((each) => ({ ...each, lifted: lifted.includes(each.evidence) })));
}

/** An evidence file, for third parties. */
export async function readEvidence(
  kernel: Kernel,
  store: TrustStore,
  domain: string,
  digest: string,
): Promise<Result<Uint8Array>> {
  return await new DomainFiles(kernel, store, domain).require(digest);
}

/**
 * A person's decision to trust the domain again in spite of this evidence. It is remembered, and
 * concerns no other evidence. Two roots of one version cannot be lifted: pin one of them.
 */
export async function liftEvidence(
  store: TrustStore,
  domain: string,
  digest: string,
): Promise<Result<undefined>> {
  const found = await readRecord(store, domain);
  if (!found.ok) return found;
  const { bytes, record } = found.value;
  const evidence = record.contradictions.find((each) => each.evidence === digest);
  if (!evidence) {
    return failure("MISSING", `recorded evidence of ${domain} with this digest`, digest);
  }
  if (evidence.role === "root") {
    return failure("KEY", "a root that is pinned anew, since the roots contradict", digest);
  }
  const lifted = [...new Set([...record.lifted, digest])].sort();
  const swapped = await store.compareAndSwap(
    recordKey(domain),
    bytes,
    // Of two trees neither is the remembered one any more: the next checkpoint is the first again.
    formatRecord({ ...record, lifted, ...(evidence.role === "log" ? { log: null } : {}) }),
  );
  return swapped
    ? ok(undefined)
    : failure(
        "UNREACHABLE",
        "a store that nobody writes to meanwhile; try again",
        "another writer",
      );
}
