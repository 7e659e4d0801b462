/** A domain that the demonstration makes, and what is asked of it. */
import { join } from "node:path";
import { encodeHex } from "../../bytes/hex.js";
import type { Draft } from "../../domain/draft.js";
import { initDomain } from "../../domain/init.js";
import type { KeyRing } from "../../domain/key-ring.js";
import { DEFAULT_LIFETIMES } from "../../domain/lifetimes.js";
import type { OpenDomain } from "../../domain/publish.js";
import { editDraft, publish, withDomain } from "../../domain/publish.js";
import { rotate } from "../../domain/rotate.js";
import type { Kernel } from "../../kernel/kernel.js";
import { FileStorage } from "../../storage/files.js";
import { readFolder } from "../../storage/folder.js";
import { MemoryStorage } from "../../storage/memory.js";
import type { Storage } from "../../storage/storage.js";
import type { TrustStore } from "../../storage/trust-store.js";
import { folderSource } from "../../sync/folder-source.js";
import type { DomainSync } from "../../sync/sync.js";
import { sync } from "../../sync/sync.js";
import type { Signer } from "../../tlog/signer.js";
import { trustLogOrigin } from "../../trust/contents/authority.js";
import type { Peer, Terms } from "../../trust/contents/peers.js";
import { rootPath } from "../../trust/repository.js";
import { MAX_FILE_BYTES } from "../../trust/schema.js";
import type { Result } from "../../verdict.js";
import { generateKey, signerOf } from "../key-file.js";
import { describe } from "../print.js";

export const PAY = "pay.example";
export const SHIP = "ship.example";

/** How the domains of the demonstration accept each other, and are pinned. */
export const TERMS: Omit<Terms, "commands"> = {
  maxStaleness: 30_000,
  maxLifetime: 120_000,
  skew: 1_000,
};

/** Where a domain is kept: below `out`, or in memory. */
export function storageIn(out: string | undefined, name: string): Storage {
  return out === undefined ? new MemoryStorage() : new FileStorage(join(out, name));
}

/** Syncs a store from the folders of these domains, and gives what it knows then, by domain. */
export async function followDomains(
  kernel: Kernel,
  store: TrustStore,
  domains: readonly DemoDomain[],
  now: number,
): Promise<Map<string, DomainSync>> {
  const pins = await Promise.all(
    domains.map(async (domain) => ({ root: await domain.pinnedRoot(), terms: TERMS })),
  );
  const sources = new Map(
    domains.map(({ name, storage }) => [name, [folderSource(readFolder(storage, "public"), name)]]),
  );
  const results = await sync(kernel, store, sources, pins, now);
  return new Map([...results].map(([name, result]) => [name, required(result)]));
}

/** A domain whose keys were made for this run and are gone with it. */
export class DemoDomain {
  readonly #signers: Map<string, Signer> = new Map();

  private constructor(
    readonly kernel: Kernel,
    readonly name: string,
    readonly storage: Storage,
    readonly clock: { now: number },
  ) {}

  static async make(
    kernel: Kernel,
    name: string,
    storage: Storage,
    clock: { now: number },
  ): Promise<DemoDomain> {
    const domain = new DemoDomain(kernel, name, storage, clock);
    const three = (role: string): Uint8Array[] => [1, 2, 3].map((n) => domain.#key(`${role}-${n}`));
    const keys = {
      root: { keys: three("root"), threshold: 2 },
      targets: { keys: three("targets"), threshold: 2 },
      timestamp: domain.#key("timestamp"),
      status: domain.#key("status"),
      log: domain.#key("trust"),
    };
    const made = initDomain(
      kernel,
      storage,
      domain.#ring,
      name,
      keys,
      DEFAULT_LIFETIMES,
      clock.now,
    );
    required(await made);
    return domain;
  }

  async change(body: (open: OpenDomain) => Promise<Result<unknown>>): Promise<void> {
    this.clock.now += 1_000;
    required(await withDomain(this.kernel, this.storage, this.#ring, this.clock.now, body));
  }

  async edit(edit: (draft: Draft) => Result<Draft>): Promise<void> {
    required(await editDraft(this.storage, edit));
  }

  /** Publishes the draft, after this edit of it. */
  async publish(edit?: (draft: Draft) => Result<Draft>): Promise<void> {
    if (edit) await this.edit(edit);
    await this.change(publish);
  }

  async rotateRoot(): Promise<void> {
    const round = this.#signers.size;
    const keys = [1, 2, 3].map((n) => this.#key(`root-${round}-${n}`));
    await this.change((open) => rotate(open, "root", { keys, threshold: 2 }));
  }

  /** Itself as a peer of another, which accepts it for one command and what lies below. */
  asPeer(root: Uint8Array, command: string): Peer {
    const sha256 = encodeHex(this.kernel.sha256(root));
    return { ...TERMS, commands: [command], name: this.name, root: { version: 1, sha256 } };
  }

  async pinnedRoot(): Promise<Uint8Array> {
    return (await this.storage.read(`public/${rootPath(1)}`, MAX_FILE_BYTES)) as Uint8Array;
  }

  readonly #ring: KeyRing = {
    find: async (publicKey) => this.#signers.get(encodeHex(publicKey)),
  };

  #key(role: string): Uint8Array {
    const name = role === "trust" ? trustLogOrigin(this.name) : `${this.name}/${role}`;
    const made = generateKey(this.kernel, name, "ed25519");
    this.#signers.set(encodeHex(made.key.publicKey), signerOf(made));
    return made.key.publicKey;
  }
}

/** The demo made this itself, so that a failure is a defect of ours. */
export function required<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`the demo's own work does not hold: ${describe(result)}`);
  return result.value;
}
