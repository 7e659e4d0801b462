/** Domains made from fixed seeds in memory: the same bytes in every run. */
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { encodeHex } from "../../src/bytes/hex.js";
import type { DomainKeys } from "../../src/domain/init.js";
import { initDomain } from "../../src/domain/init.js";
import type { KeyRing } from "../../src/domain/key-ring.js";
import type { Lifetimes } from "../../src/domain/lifetimes.js";
import { DEFAULT_LIFETIMES } from "../../src/domain/lifetimes.js";
import type { OpenDomain } from "../../src/domain/publish.js";
import { editDraft, publish, withDomain } from "../../src/domain/publish.js";
import type { Draft } from "../../src/domain/draft.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Storage } from "../../src/storage/storage.js";
import type { Signer } from "../../src/tlog/signer.js";
import { makeVerifierKey } from "../../src/tlog/vkey.js";
import { trustLogOrigin } from "../../src/trust/contents/authority.js";
import type { Result } from "../../src/verdict.js";
import { kernel } from "../kernel.js";

/** Milliseconds: when the first of everything happens. */
export const START = Date.parse("2026-06-01T12:00:00Z");

export function must<T>(result: Result<T>): T {
  if (!result.ok) {
    throw new Error(`${result.code}: expected ${result.expected}, found ${result.found}`);
  }
  return result.value;
}

/** A signer whose seed is the hash of its name; `round` makes another key under the same name. */
export function keyOf(name: string, round = 0): Signer {
  const seed = createHash("sha256").update(`${name}#${round}`).digest();
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    key: makeVerifierKey(kernel, name, "ed25519", new Uint8Array(spki.subarray(-32))),
    sign: async (message) => new Uint8Array(sign(null, message, key)),
  };
}

export function hexKey(name: string, round = 0): string {
  return encodeHex(keyOf(name, round).key.publicKey);
}

/** Holds what was added. */
export class TestRing implements KeyRing {
  readonly #signers = new Map<string, Signer>();

  add(...signers: readonly Signer[]): this {
    for (const signer of signers) this.#signers.set(encodeHex(signer.key.publicKey), signer);
    return this;
  }

  /** Holds all that another ring holds. */
  share(other: TestRing): void {
    for (const signer of other.#signers.values()) this.add(signer);
  }

  forget(...signers: readonly Signer[]): void {
    for (const signer of signers) this.#signers.delete(encodeHex(signer.key.publicKey));
  }

  async find(publicKey: Uint8Array): Promise<Signer | undefined> {
    return this.#signers.get(encodeHex(publicKey));
  }
}

export function roleSigners(domain: string, role: string, round = 0, count = 3): Signer[] {
  return Array.from({ length: count }, (_, i) => keyOf(`${domain}/${role}-${i + 1}`, round));
}

export class TestDomain {
  readonly ring = new TestRing();
  /** Milliseconds; moves only when a test moves it. */
  now = START;
  round = 0;

  constructor(
    readonly name: string,
    readonly storage: Storage,
  ) {}

  /** Runs a change at `now`, and moves on by a second. */
  async change<T>(body: (domain: OpenDomain) => Promise<Result<T>>): Promise<T> {
    const result = await withDomain(kernel, this.storage, this.ring, this.now, body);
    this.now += 1000;
    return must(result);
  }

  async edit(edit: (draft: Draft) => Result<Draft>): Promise<void> {
    must(await editDraft(this.storage, edit));
  }

  async publish(edit?: (draft: Draft) => Result<Draft>) {
    if (edit) await this.edit(edit);
    return await this.change(publish);
  }

  async read(path: string): Promise<Uint8Array> {
    const bytes = await this.storage.read(`public/${path}`, 1 << 24);
    if (!bytes) throw new Error(`${path} is not there`);
    return bytes;
  }

  /** Copies the public folder as it is now. */
  async snapshot(): Promise<MemoryStorage> {
    const copy = new MemoryStorage();
    const walk = async (folder: string): Promise<void> => {
      for (const name of await this.storage.list(folder)) {
        const path = `${folder}/${name}`;
        const bytes = await this.storage.read(path, 1 << 24);
        if (bytes) await copy.write(path.slice("public/".length), bytes);
        else await walk(path);
      }
    };
    await walk("public");
    return copy;
  }
}

export async function makeDomain(
  name: string,
  { storage = new MemoryStorage() as Storage, lifetimes = {} as Partial<Lifetimes> } = {},
): Promise<TestDomain> {
  const domain = new TestDomain(name, storage);
  const [root, targets] = [roleSigners(name, "root"), roleSigners(name, "targets")];
  const [timestamp, status] = [keyOf(`${name}/timestamp`), keyOf(`${name}/status`)];
  const log = keyOf(trustLogOrigin(name));
  domain.ring.add(...root, ...targets, timestamp, status, log);
  const publicKeys = (signers: readonly Signer[]) => signers.map(({ key }) => key.publicKey);
  const keys: DomainKeys = {
    root: { keys: publicKeys(root), threshold: 2 },
    targets: { keys: publicKeys(targets), threshold: 2 },
    timestamp: timestamp.key.publicKey,
    status: status.key.publicKey,
    log: log.key.publicKey,
  };
  const all = { ...DEFAULT_LIFETIMES, ...lifetimes };
  must(await initDomain(kernel, storage, domain.ring, name, keys, all, domain.now));
  domain.now += 1000;
  return domain;
}
