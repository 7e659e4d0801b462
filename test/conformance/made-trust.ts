/** A domain's history, made for the suite from fixed seeds and times. */
import { encodeHex } from "../../src/bytes/hex.js";
import { formatRfc3339 } from "../../src/bytes/rfc3339.js";
import {
  addGate,
  addIssuer,
  addPeer,
  addResumer,
  releaseGate,
  removeIssuer,
  removePeer,
} from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { rotateStatus } from "../../src/domain/rotate.js";
import { ok } from "../../src/verdict.js";
import type { TestDomain } from "../domain/fixture.js";
import { hexKey, keyOf, makeDomain } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { forkOf, rotateRole } from "../sync/history.js";
import type { MadeState, MadeTrust } from "./suite/data.js";

const GATE = "a.example/gate";

type Change = readonly [what: string, make: (domain: TestDomain) => Promise<unknown>];

const CHANGES: readonly Change[] = [
  [
    "two issuers",
    async (a) => {
      await a.edit((draft) => addIssuer(draft, issuer("ops", ["/pay", "/read"])));
      await a.publish((draft) => addIssuer(draft, issuer("audit", ["/"])));
    },
  ],
  [
    "a peer",
    async (a) => {
      const peer = await makeDomain("b.example");
      const root = await peer.read("metadata/1.root.json");
      const terms = { commands: ["/pay"], maxStaleness: 30_000, maxLifetime: 120_000, skew: 500 };
      const pinned = { version: 1, sha256: encodeHex(kernel.sha256(root)) };
      await a.publish((draft) => addPeer(draft, { ...terms, name: peer.name, root: pinned }, root));
    },
  ],
  ["a refresh", (a) => a.change(refresh)],
  ["root keys", (a) => rotateRole(a, "root")],
  [
    "a gate and a resumer",
    async (a) => {
      await a.edit((draft) => addGate(draft, { origin: GATE, key: hexKey("gate") }));
      await a.publish((draft) => addResumer(draft, { name: "on call", key: hexKey("on-call") }));
    },
  ],
  [
    "revocations",
    (a) =>
      a.change((open) =>
        withdraw(open, {
          authorizations: [{ sha256: hexKey("authorization"), expires: "2026-06-02T00:00:00Z" }],
          keys: [{ key: hexKey("holder"), expires: "9999-12-31T23:59:59Z" }],
        }),
      ),
  ],
  ["root keys again", (a) => rotateRole(a, "root")],
  ["containment", (a) => a.change((open) => withdraw(open, { contain: [GATE] }))],
  ["timestamp key", (a) => rotateRole(a, "timestamp")],
  ["an issuer less", (a) => a.publish((draft) => removeIssuer(draft, "ops"))],
  ["targets keys", (a) => rotateRole(a, "targets")],
  [
    "status key",
    async (a) => {
      const next = keyOf("a.example/status", 1);
      a.ring.add(next);
      await a.change((open) => rotateStatus(open, next.key.publicKey));
    },
  ],
  ["root keys a third time", (a) => rotateRole(a, "root")],
  [
    "the gate released",
    (a) => {
      const released = formatRfc3339(a.now, "ms");
      return a.publish((draft) => releaseGate(draft, GATE, released));
    },
  ],
  [
    "a policy",
    (a) => {
      const rules = [{ command: "/pay", policy: [["<=", ".amount", 1000]] }];
      const witnesses = new TextEncoder().encode("quorum none\n");
      return a.publish((draft) => ok({ ...draft, policy: { rules }, witnesses }));
    },
  ],
  ["the peer less", (a) => a.publish((draft) => removePeer(draft, "b.example"))],
  ["a last refresh", (a) => a.change(refresh)],
];

/** What else a thief of all keys could have published in the place of a change. */
const FORKS: readonly { readonly after: string; readonly make: Change[1] }[] = [
  { after: "a refresh", make: (a) => rotateRole(a, "targets") },
  { after: "revocations", make: (a) => a.change((open) => withdraw(open, { contain: [GATE] })) },
  {
    after: "timestamp key",
    make: (a) => a.publish((draft) => addIssuer(draft, issuer("thief", ["/"]))),
  },
];

export async function madeTrust(): Promise<MadeTrust> {
  const domain = await makeDomain("a.example");
  let before = await folderOf(domain);
  const states = [stateOf("the beginning", domain, new Map(), before)];
  const forks: { from: number; state: MadeState }[] = [];
  for (const [what, make] of CHANGES) {
    for (const fork of FORKS.filter(({ after }) => after === states.at(-1)?.what)) {
      const other = await forkOf(domain);
      // Another generation of keys than the true one's.
      other.round += 100;
      await fork.make(other);
      const state = stateOf(`another after ${fork.after}`, other, before, await folderOf(other));
      forks.push({ from: states.length - 1, state });
    }
    await make(domain);
    const after = await folderOf(domain);
    states.push(stateOf(what, domain, before, after));
    before = after;
  }
  if (forks.length !== FORKS.length) throw new Error("a fork has no place in the history");
  return { domain: domain.name, states, forks };
}

function issuer(name: string, commands: readonly string[]) {
  return { name, key: hexKey(name), commands };
}

/** Files are added or replaced; none ever goes. */
function stateOf(
  what: string,
  { now }: TestDomain,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): MadeState {
  const gone = [...before.keys()].filter((path) => !after.has(path));
  if (gone.length > 0) throw new Error(`${what} removes ${gone.join()}`);
  const changed = [...after].filter(([path, bytes]) => before.get(path) !== bytes);
  return { what, now, files: Object.fromEntries(changed) };
}

/** The public folder: base64 by path. */
export async function folderOf(domain: TestDomain): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const walk = async (folder: string): Promise<void> => {
    for (const name of [...(await domain.storage.list(folder))].sort()) {
      const path = `${folder}/${name}`;
      const bytes = await domain.storage.read(path, 1 << 24);
      if (bytes) files.set(path.slice("public/".length), Buffer.from(bytes).toString("base64"));
      else await walk(path);
    }
  };
  await walk("public");
  return files;
}
