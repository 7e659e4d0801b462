/**
 * What a thief can publish: the public folder of a domain is taken apart, changed, and signed by
 * whatever keys are given. Nothing here is by src/trust/, so that nothing refuses to write what no
 * reader may accept.
 */
import { createHash } from "node:crypto";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Signer } from "../../src/tlog/signer.js";
import type { TestDomain } from "../domain/fixture.js";
import { keyOf } from "../domain/fixture.js";
import { canonical } from "./model.js";

/** JSON that a test changes as it likes. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Loose = any;

export interface Envelope {
  signed: Loose;
  signatures: { keyid: string; sig: string }[];
}

const signers = new Map<string, Signer>();

/** `keyOf`, once for each name and round. */
export function signerOf(name: string, round = 0): Signer {
  const label = `${name}#${round}`;
  const signer = signers.get(label) ?? keyOf(name, round);
  signers.set(label, signer);
  return signer;
}

export function publicKeyOf({ key }: Signer): string {
  return Buffer.from(key.publicKey).toString("hex");
}

export function keyRecord(publicKey: string): Loose {
  return { keytype: "ed25519", scheme: "ed25519", keyval: { public: publicKey } };
}

export function keyIdOf(publicKey: string): string {
  return sha256(Buffer.from(canonical(keyRecord(publicKey)) as string));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** SHA-256 of the signed part: what two files of one role and version must agree on. */
export function digestOf(signed: Loose): string {
  return sha256(Buffer.from(canonical(signed) as string));
}

export async function signatureBy(signer: Signer, signed: Loose): Promise<string> {
  const message = canonical(signed) ?? JSON.stringify(signed);
  return Buffer.from(await signer.sign(Buffer.from(message))).toString("hex");
}

export async function sign(signed: Loose, by: readonly Signer[]): Promise<Envelope> {
  const signatures: Envelope["signatures"] = [];
  for (const signer of by) {
    const keyid = keyIdOf(publicKeyOf(signer));
    signatures.push({ keyid, sig: await signatureBy(signer, signed) });
  }
  return { signatures, signed };
}

export function toBytes(value: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify(value)));
}

export function toJson(bytes: Uint8Array): Loose {
  return JSON.parse(Buffer.from(bytes).toString("utf8"));
}

/** The keys of a domain of test/domain/fixture.ts, by role; `round` as its rotation counted. */
export function keysOf(domain: string, rounds: Partial<Record<string, number>> = {}) {
  const three = (role: string): Signer[] =>
    [1, 2, 3].map((i) => signerOf(`${domain}/${role}-${i}`, rounds[role] ?? 0));
  const timestamp = rounds["timestamp"]
    ? signerOf(`${domain}/timestamp-1`, rounds["timestamp"])
    : signerOf(`${domain}/timestamp`);
  return {
    root: three("root"),
    targets: three("targets"),
    timestamp: [timestamp],
    snapshot: [timestamp],
    status: [signerOf(`${domain}/status`, rounds["status"] ?? 0)],
    log: signerOf(`${domain}/trust`),
  };
}

export type Keys = Pick<
  ReturnType<typeof keysOf>,
  "root" | "targets" | "timestamp" | "snapshot" | "status"
>;

export interface Change {
  /** Target files, by path: what is returned, or what is left of what is given. */
  readonly contents?: Readonly<Record<string, (json: Loose) => Loose>>;
  readonly targets?: (signed: Loose) => void;
  readonly status?: (signed: Loose) => void;
  readonly snapshot?: (signed: Loose) => void;
  readonly timestamp?: (signed: Loose) => void;
}

export class Forgery {
  private constructor(
    readonly storage: MemoryStorage,
    /** Milliseconds: when timestamps are issued. */
    public now: number,
  ) {}

  /** The public folder as it is now. */
  static async of(domain: TestDomain): Promise<Forgery> {
    return new Forgery(await domain.snapshot(), domain.now);
  }

  async copy(): Promise<Forgery> {
    const storage = new MemoryStorage();
    const walk = async (folder: string): Promise<void> => {
      for (const name of await this.storage.list(folder)) {
        const path = folder === "" ? name : `${folder}/${name}`;
        const bytes = await this.storage.read(path, 1 << 24);
        if (bytes) await storage.write(path, bytes);
        else await walk(path);
      }
    };
    await walk("");
    return new Forgery(storage, this.now);
  }

  async read(path: string): Promise<Uint8Array> {
    const bytes = await this.storage.read(path, 1 << 24);
    if (!bytes) throw new Error(`${path} is not there`);
    return bytes;
  }

  async json(path: string): Promise<Loose> {
    return toJson(await this.read(path));
  }

  async write(path: string, value: unknown): Promise<void> {
    await this.storage.write(path, value instanceof Uint8Array ? value : toBytes(value));
  }

  /** The metadata that the timestamp leads to, and the newest root. */
  async current(): Promise<Record<"root" | keyof Omit<Change, "contents">, Envelope>> {
    const names = await this.storage.list("metadata");
    const roots = names.flatMap((name) => /^(\d+)\.root\.json$/.exec(name)?.[1] ?? []).map(Number);
    const root = await this.json(`metadata/${Math.max(...roots)}.root.json`);
    const timestamp = await this.json("metadata/timestamp.json");
    const { version } = timestamp.signed.meta["snapshot.json"];
    const snapshot = await this.json(`metadata/${version}.snapshot.json`);
    const of = async (role: string): Promise<Envelope> =>
      this.json(`metadata/${snapshot.signed.meta[`${role}.json`].version}.${role}.json`);
    return { root, timestamp, snapshot, targets: await of("targets"), status: await of("status") };
  }

  /**
   * Publishes a change: each file that it touches gets the next version, the files above name it, and
   * all of these are signed by the keys of their role in `by`; a role without keys is not signed.
   */
  async publish(by: Partial<Keys>, change: Change = {}): Promise<Envelope> {
    const { targets, status, snapshot, timestamp } = await this.current();
    const touched = new Set<string>();
    for (const [path, edit] of Object.entries(change.contents ?? {})) {
      const role = path.startsWith("status/") ? status : targets;
      const before = role.signed.targets[path];
      const json = before ? await this.json(targetPath(path, before.hashes.sha256)) : {};
      const edited = edit(json) ?? json;
      const bytes = edited instanceof Uint8Array ? edited : toBytes(edited);
      await this.write(targetPath(path, sha256(bytes)), bytes);
      role.signed.targets[path] = { length: bytes.length, hashes: { sha256: sha256(bytes) } };
      touched.add(role === status ? "status" : "targets");
    }
    for (const [name, { signed }] of Object.entries({ targets, status })) {
      const edit = change[name as "targets" | "status"];
      if (!edit && !touched.has(name)) continue;
      signed.version++;
      edit?.(signed);
      const bytes = toBytes(await sign(signed, by[name as "targets" | "status"] ?? []));
      await this.write(`metadata/${signed.version}.${name}.json`, bytes);
      snapshot.signed.meta[`${name}.json`] = metaOf(signed, bytes);
      touched.add("snapshot");
    }
    if (change.snapshot || touched.has("snapshot")) {
      snapshot.signed.version++;
      change.snapshot?.(snapshot.signed);
      const bytes = toBytes(await sign(snapshot.signed, by.snapshot ?? []));
      await this.write(`metadata/${snapshot.signed.version}.snapshot.json`, bytes);
      timestamp.signed.meta["snapshot.json"] = metaOf(snapshot.signed, bytes);
    }
    timestamp.signed.version++;
    timestamp.signed.issued = new Date(this.now).toISOString();
    timestamp.signed.expires = new Date(this.now + 60_000).toISOString();
    change.timestamp?.(timestamp.signed);
    const envelope = await sign(timestamp.signed, by.timestamp ?? []);
    await this.write("metadata/timestamp.json", envelope);
    return envelope;
  }

  /** Another root after the newest, which the timestamp need not name. */
  async rotate(by: readonly Signer[], edit: (signed: Loose) => void = () => {}): Promise<Envelope> {
    const { root } = await this.current();
    root.signed.version++;
    edit(root.signed);
    const envelope = await sign(root.signed, by);
    await this.write(`metadata/${root.signed.version}.root.json`, envelope);
    return envelope;
  }
}

/** Puts other keys into a role of a root. */
export function replaceKeys(
  root: Loose,
  role: "root" | "timestamp" | "snapshot" | "targets",
  keys: readonly Signer[],
  threshold: number,
): void {
  const publicKeys = keys.map(publicKeyOf);
  for (const key of publicKeys) root.keys[keyIdOf(key)] = keyRecord(key);
  root.roles[role] = { keyids: publicKeys.map(keyIdOf), threshold };
}

export function metaOf(signed: Loose, bytes: Uint8Array): Loose {
  return { version: signed.version, length: bytes.length, hashes: { sha256: sha256(bytes) } };
}

export function targetPath(path: string, digest: string): string {
  const slash = path.lastIndexOf("/") + 1;
  return `targets/${path.slice(0, slash)}${digest}.${path.slice(slash)}`;
}
