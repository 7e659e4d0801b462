/** The files of a domain in a trust store: by digest, beside one record that names them. */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { TrustStore } from "../storage/trust-store.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { TrustRecord } from "./record.js";
import { MAX_STORED_BYTES, parseRecord } from "./record.js";

export function recordKey(domain: string): string {
  return `${domain}/record`;
}

/** The record of a domain, as it is stored and as it reads; NO_TRUST where there is none. */
export async function readRecord(
  store: TrustStore,
  domain: string,
): Promise<Result<{ readonly bytes: Uint8Array; readonly record: TrustRecord }>> {
  const bytes = await store.get(recordKey(domain), MAX_STORED_BYTES);
  if (!bytes) return failure("NO_TRUST", `a record of ${domain} in the store`, "none");
  const record = parseRecord(bytes);
  return record.ok ? ok({ bytes, record: record.value }) : record;
}

/** Reads files that are stored, and those that wait to be. */
export class DomainFiles {
  readonly kernel: Kernel;
  readonly #store: TrustStore;
  readonly #domain: string;
  readonly #pending = new Map<string, Uint8Array>();

  constructor(kernel: Kernel, store: TrustStore, domain: string) {
    this.kernel = kernel;
    this.#store = store;
    this.#domain = domain;
  }

  /** Keeps a file until `save`; gives its digest. */
  add(bytes: Uint8Array): string {
    const digest = encodeHex(this.kernel.sha256(bytes));
    this.#pending.set(digest, bytes);
    return digest;
  }

  /** The file with this digest, checked against it. */
  async read(digest: string): Promise<Uint8Array | undefined> {
    return this.#pending.get(digest) ?? (await this.#stored(digest));
  }

  async require(digest: string): Promise<Result<Uint8Array>> {
    const bytes = await this.read(digest);
    return bytes
      ? ok(bytes)
      : failure("MISSING", `the stored file ${digest}`, "none, or a damaged one");
  }

  /**
   * Stores what waits, is named and is not there, and gives the digests. A file is stored before the
   * record that names it: what a crash in between leaves stays until the same file is named again.
   */
  async save(named: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const added = new Set<string>();
    for (const [digest, bytes] of this.#pending) {
      if (!named.has(digest) || (await this.#stored(digest))) continue;
      await this.#store.put(this.#key(digest), bytes);
      added.add(digest);
    }
    return added;
  }

  /**
   * Removes what the record before named and the new one does not. Should another process name such
   * a file again at the same moment, it finds it missing, trusts nothing, and fetches it anew.
   */
  async drop(named: ReadonlySet<string>, before: ReadonlySet<string>): Promise<void> {
    for (const digest of before) {
      if (!named.has(digest)) await this.#store.remove(this.#key(digest));
    }
  }

  async #stored(digest: string): Promise<Uint8Array | undefined> {
    const stored = await this.#store.get(this.#key(digest), MAX_STORED_BYTES);
    return stored && encodeHex(this.kernel.sha256(stored)) === digest ? stored : undefined;
  }

  #key(digest: string): string {
    return `${this.#domain}/files/${digest}`;
  }
}
