/** Sets of metadata as two domains publish them over a while: what the mutations begin with. */
import {
  addGate,
  addIssuer,
  addPeer,
  addResumer,
  releaseGate,
  removeIssuer,
} from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { rotateStatus } from "../../src/domain/rotate.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import type { TrustStore } from "../../src/storage/trust-store.js";
import type { Signer } from "../../src/tlog/signer.js";
import { ok } from "../../src/verdict.js";
import type { TestDomain } from "../domain/fixture.js";
import { hexKey, makeDomain } from "../domain/fixture.js";
import { frozen, TERMS, TestReader } from "../sync/fixture.js";
import { rotateRole } from "../sync/history.js";
import type { Envelope } from "./forge.js";
import { Forgery, keysOf, publicKeyOf, sha256, signerOf, targetPath, toBytes } from "./forge.js";
import type { FileSet } from "./model.js";

/** A set as it was published, taken apart, and a store that a reader of it keeps. */
export interface Published {
  readonly name: string;
  readonly domain: string;
  readonly roots: readonly Envelope[];
  readonly timestamp: Envelope;
  readonly snapshot: Envelope;
  readonly targets: Envelope;
  readonly status: Envelope;
  readonly set: FileSet;
  readonly folder: MemoryStorage;
  readonly store: TrustStore;
  /** All files, by SHA-256. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

async function publishedBy(domain: TestDomain, step: string): Promise<Published> {
  const forgery = await Forgery.of(domain);
  const { root, ...roles } = await forgery.current();
  const roots: Envelope[] = [];
  for (let version = 1; version <= root.signed.version; version++) {
    roots.push(await forgery.json(`metadata/${version}.root.json`));
  }
  const contents = new Map<string, Uint8Array>();
  const named = { ...roles.targets.signed.targets, ...roles.status.signed.targets };
  for (const path of Object.keys(named)) {
    contents.set(path, await forgery.read(targetPath(path, named[path].hashes.sha256)));
  }
  const set = {
    roots: roots.map(toBytes),
    timestamp: toBytes(roles.timestamp),
    snapshot: toBytes(roles.snapshot),
    targets: toBytes(roles.targets),
    status: toBytes(roles.status),
    contents,
  };
  const { timestamp, snapshot, targets, status } = set;
  const all = [...set.roots, timestamp, snapshot, targets, status, ...contents.values()];
  const reader = await TestReader.of(domain);
  await reader.sync(domain.now, frozen(forgery.storage, "s"));
  return {
    name: `${domain.name} ${step}`,
    domain: domain.name,
    roots,
    ...roles,
    set,
    folder: forgery.storage,
    store: reader.store,
    files: new Map(all.map((bytes) => [sha256(bytes), bytes])),
  };
}

/** With issuers, peers, gates, a baseline, revocations, and rotations of every role. */
export async function publishedSets(): Promise<Published[]> {
  const sets: Published[] = [];
  const a = await makeDomain("a.example");
  const b = await makeDomain("b.example");
  for (const domain of [a, b]) sets.push(await publishedBy(domain, "begun"));
  for (const peer of [b, await makeDomain("c.example")]) {
    const root = await peer.read("metadata/1.root.json");
    const pinned = { version: 1, sha256: sha256(root) };
    const commands = peer === b ? ["/pay", "/read"] : ["/"];
    const url = "https://x.example/trust";
    await a.edit((draft) =>
      addPeer(draft, { ...TERMS, name: peer.name, commands, root: pinned, url }, root),
    );
  }
  for (const name of ["one", "two"]) {
    const key = hexKey(`a/${name}`);
    await a.edit((draft) => addIssuer(draft, { name, key, commands: ["/pay", "/read"] }));
  }
  await a.edit((draft) => addResumer(draft, { name: "night shift", key: hexKey("a/resumer") }));
  await a.edit((draft) => addGate(draft, { origin: "a.example/g", key: hexKey("a/gate") }));
  await a.edit((draft) => releaseGate(draft, "a.example/g", "2026-06-01T12:00:00.5Z"));
  const rules = [{ command: "/pay", policy: [["<=", ".amount", 1000.5]] }];
  const baseline = {
    kernels: [hexKey("kernel"), hexKey("another")].sort(),
    policy: sha256(toBytes({ rules })),
    environment: [{ name: "node", sha256: hexKey("node") }],
  };
  const witnesses = new TextEncoder().encode("quorum none\n");
  await a.edit((draft) => ok({ ...draft, policy: { rules }, baseline, witnesses }));
  await a.publish();
  sets.push(await publishedBy(a, "published"));
  await a.change((open) =>
    withdraw(open, {
      authorizations: [{ sha256: hexKey("grant"), expires: "2026-07-01T00:00:00Z" }],
      keys: [{ key: hexKey("holder"), expires: "9999-12-31T23:59:59Z" }],
      contain: ["a.example/g"],
    }),
  );
  sets.push(await publishedBy(a, "with withdrawals"));
  await rotateRole(a, "root");
  await a.publish((draft) => removeIssuer(draft, "one"));
  sets.push(await publishedBy(a, "after another root"));
  await rotateRole(a, "timestamp");
  sets.push(await publishedBy(a, "after another timestamp key"));
  const next = signerOf("a.example/status", ++a.round);
  a.ring.add(next);
  await a.change((open) => rotateStatus(open, next.key.publicKey));
  await a.change(refresh);
  sets.push(await publishedBy(a, "after another status key"));
  const key = hexKey("b/issuer");
  await b.publish((draft) => addIssuer(draft, { name: "b", key, commands: ["/"] }));
  await rotateRole(b, "targets");
  sets.push(await publishedBy(b, "after other targets keys"));
  return sets;
}

/** Every key that ever signed for these domains, and a stranger's, by public key. */
export function everySigner(): ReadonlyMap<string, Signer> {
  const signers = new Map<string, Signer>();
  for (const name of ["a.example", "b.example", "thief.example"]) {
    for (let round = 0; round <= 3; round++) {
      const rounds = { root: round, targets: round, timestamp: round, status: round };
      const { root, targets, timestamp, status } = keysOf(name, rounds);
      for (const signer of [...root, ...targets, ...timestamp, ...status]) {
        signers.set(publicKeyOf(signer), signer);
      }
    }
  }
  return signers;
}
