import { beforeAll, describe, expect, test } from "vitest";
import type { EntryName } from "../../src/lineage/entry/common.js";
import { isSame, Lineage, placeOf } from "../../src/lineage/graph.js";
import { keptPath, keptTrustPath, readTrustList } from "../../src/lineage/kept.js";
import type { Why, WhyEvidence } from "../../src/lineage/why.js";
import { why } from "../../src/lineage/why.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import type { NoteSignature } from "../../src/tlog/note.js";
import { formatNote } from "../../src/tlog/note.js";
import type { Signer } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { witnesses } from "../tlog/fixture.js";
import { filesOf } from "../tlog/stored.js";
import { threeDomains } from "./three-domains.js";

const [peer, nobody] = witnesses as [Signer, Signer];

let world: Awaited<ReturnType<typeof threeDomains>>;
let roots: ReadonlyMap<string, Uint8Array>;

beforeAll(async () => {
  world = await threeDomains();
  const { a, b, c } = world;
  roots = new Map(
    [a, b, c].map(({ domain, state }) => [domain.name, state.metadata.root.bytes] as const),
  );
});

const gates = () => [world.a, world.b, world.c];

function evidence(change: Partial<WhyEvidence> = {}): WhyEvidence {
  return {
    lineage: new Lineage(world.placed),
    log: (origin) => {
      const gate = gates().find((each) => each.origin === origin);
      return gate && { storage: gate.storage, domain: gate.domain.name };
    },
    roots: (domain) => [roots.get(domain) ?? new Uint8Array()],
    witnesses: [peer.key],
    verifiers: NO_VERIFIERS,
    ...change,
  };
}

const explain = async (name: EntryName, change: Partial<WhyEvidence> = {}): Promise<Why> =>
  must(await why(kernel, evidence(change), name));

const whats = ({ steps }: Why) => steps.map(({ what }) => what);
const gapsOf = ({ steps }: Why) =>
  steps.flatMap(({ what, gap }) => (gap ? [`${what} ${gap.code}`] : []));

/** The storage of a gate without some files, or with others in their place. */
async function altered(
  of: { readonly storage: MemoryStorage; readonly origin: string },
  change: (storage: MemoryStorage) => Promise<void>,
): Promise<Partial<WhyEvidence>> {
  const storage = new MemoryStorage();
  for (const [path, bytes] of await filesOf(of.storage)) await storage.write(path, bytes);
  await change(storage);
  const { log } = evidence();
  return {
    log: (origin) => {
      const found = log(origin);
      return found && origin === of.origin ? { ...found, storage } : found;
    },
  };
}

describe("F44: the path of an entry is complete", () => {
  test("from an intent to the root keys of its issuer and its gate, and to a peer's cosignature", async () => {
    const found = await explain(world.direct.intent);
    expect(gapsOf(found)).toEqual([]);
    expect(found.complete).toBe(true);
    expect(whats(found)).toEqual([
      "entry",
      "decision",
      "admission",
      "authorization",
      // The issuer is of domain a, the gate of domain c.
      "trust",
      "trust",
      "root",
      "issuer",
      "trust",
      "trust",
      "root",
      "gate",
      "checkpoint",
      "cosignature",
    ]);
    const details = found.steps.map(({ detail }) => detail).join("\n");
    for (const word of [
      placeOf(world.direct.intent),
      `${placeOf(world.direct.decision)}, allow`,
      world.byA.digest,
      "issuer of a of a.example",
      world.a.state.digest,
      world.c.state.digest,
      "root 1 of a.example: 2 of 3 keys",
      "root 1 of c.example: 2 of 3 keys",
      world.c.key,
      `${peer.key.name} at 2026-06-01T12:10:00Z`,
    ]) {
      expect(details).toContain(word);
    }
  });

  test("for every entry of all three logs", async () => {
    for (const placed of world.placed) {
      const found = await explain(placed);
      expect(gapsOf(found), `${placeOf(placed)} ${placed.entry.kind}`).toEqual([]);
      expect(whats(found).slice(-3), placeOf(placed)).toEqual([
        "gate",
        "checkpoint",
        "cosignature",
      ]);
    }
  });

  test("and an accept leads to its packet and its hand-over, an admission to its causes", async () => {
    expect(whats(await explain(world.acceptedB)).slice(0, 3)).toEqual(["entry", "cause", "packet"]);
    const admitted = await explain(world.third.admitted);
    expect(admitted.steps[1]).toMatchObject({ what: "cause", detail: placeOf(world.acceptedC) });
  });
});

describe("F44: the gap is named where there is missing", () => {
  test("the entry itself, or its log", async () => {
    for (const name of [
      { ...world.direct.intent, leaf: "ee".repeat(32) },
      { ...world.direct.intent, index: 99 },
    ]) {
      expect(await why(kernel, evidence(), name)).toMatchObject({ ok: false, code: "MISSING" });
    }
    const answer = await why(kernel, evidence({ log: () => undefined }), world.direct.intent);
    expect(answer).toMatchObject({ ok: false, code: "MISSING" });
  });

  test("an entry on the way", async () => {
    const { direct, a, acceptedC } = world;
    const trustEntry = world.placed.find(
      ({ origin, entry }) =>
        origin === world.c.origin && entry.kind === "trust" && entry.domain === a.domain.name,
    ) as EntryName;
    for (const [gone, name, gaps] of [
      [direct.decision, direct.intent, ["decision MISSING"]],
      [direct.admitted, direct.intent, ["admission MISSING"]],
      [trustEntry, direct.intent, ["trust MISSING"]],
      [world.toC, acceptedC, ["cause MISSING"]],
    ] as const) {
      const lineage = new Lineage(world.placed.filter((each) => placeOf(each) !== placeOf(gone)));
      const found = await explain(name, { lineage });
      expect(gapsOf(found)).toEqual(gaps);
      expect(found.complete).toBe(false);
    }
    const noTrust = world.placed.filter(({ entry }) => entry.kind !== "trust");
    const found = await explain(direct.intent, { lineage: new Lineage(noTrust) });
    expect(gapsOf(found)).toEqual(["trust MISSING", "gate MISSING"]);
  });

  test("a file that is kept: the chain, the packet, a state's list, each of its files", async () => {
    const { a, c, direct, acceptedC } = world;
    const entryAt = (name: EntryName) => world.placed.find((each) => isSame(each, name))?.entry;
    const [admission, accept] = [entryAt(direct.admitted), entryAt(acceptedC)];
    const chain = admission?.kind === "admission" ? admission.chain : "";
    const packet = accept?.kind === "accept" ? accept.packet : "";
    const without = (...paths: string[]) =>
      altered(c, async (storage) => {
        for (const path of paths) await storage.remove(path);
      });
    expect(gapsOf(await explain(direct.intent, await without(keptPath(chain))))).toEqual([
      "authorization MISSING",
    ]);
    expect(gapsOf(await explain(acceptedC, await without(keptPath(packet))))).toEqual([
      "packet MISSING",
    ]);
    const { files } = must(await readTrustList(c.storage, a.state.digest));
    for (const path of [keptTrustPath(a.state.digest), ...files.map(keptPath)]) {
      // The issuer's state is not there; that of the gate's own domain may share a file with it.
      const found = await explain(direct.intent, await without(path));
      expect(gapsOf(found)[0], path).toBe("trust MISSING");
      expect(found.steps.find(({ gap }) => gap)?.gap?.expected).toContain(path.split("/").at(-1));
    }
    const damaged = await altered(c, (storage) =>
      storage.write(keptPath(chain), new TextEncoder().encode("{}\n")),
    );
    expect(gapsOf(await explain(direct.intent, damaged))).toEqual(["authorization DIGEST"]);
  });

  test("a checkpoint that covers the entry, a tile of its proof, or a cosignature that counts", async () => {
    const { c, direct } = world;
    const bare = await altered(c, (storage) => storage.remove("checkpoint"));
    expect(gapsOf(await explain(direct.intent, bare))).toEqual(["checkpoint MISSING"]);
    const other = (await world.b.storage.read("checkpoint", 1 << 20)) as Uint8Array;
    const swapped = await altered(c, (storage) => storage.write("checkpoint", other));
    expect(gapsOf(await explain(direct.intent, swapped))).toEqual(["checkpoint ORIGIN"]);
    const tiles = [...(await filesOf(c.storage)).keys()].filter((path) =>
      path.startsWith("tile/0"),
    );
    const torn = await altered(c, async (storage) => {
      for (const path of tiles) await storage.remove(path);
    });
    expect(gapsOf(await explain(direct.intent, torn))).toEqual(["checkpoint MISSING"]);
    for (const keys of [[], [nobody.key]]) {
      const found = await explain(direct.intent, { witnesses: keys });
      expect(gapsOf(found)).toEqual(["cosignature QUORUM"]);
    }
  });

  test("a root that is trusted", async () => {
    const { direct } = world;
    const none = await explain(direct.intent, { roots: () => [] });
    expect(gapsOf(none)).toEqual(["root MISSING", "root MISSING"]);
    const wrong = roots.get("b.example") as Uint8Array;
    const other = await explain(direct.intent, { roots: () => [wrong] });
    expect(gapsOf(other)).toEqual(["root KEY", "root KEY"]);
  });
});

describe("F44: it shows where", () => {
  /** The world, with an entry of the direct run changed in what it says. */
  const changed = (name: EntryName, change: object): Partial<WhyEvidence> => ({
    lineage: new Lineage(
      world.placed.map((each) =>
        placeOf(each) === placeOf(name)
          ? ({ ...each, entry: { ...each.entry, ...change } } as typeof each)
          : each,
      ),
    ),
  });

  test("an authorization is not the one that the chain ends in, or not by the issuer", async () => {
    const { admitted, intent } = world.direct;
    const digest = await explain(intent, changed(admitted, { authorization: "ee".repeat(32) }));
    expect(gapsOf(digest)).toEqual(["authorization DIGEST"]);
    const issuer = { domain: "a.example", key: world.c.key };
    const key = await explain(intent, changed(admitted, { issuer }));
    expect(gapsOf(key)).toEqual(["authorization KEY", "issuer KEY"]);
  });

  test("an issuer is not listed for the command, or the gate not by its domain", async () => {
    const { admitted, intent } = world.direct;
    const scope = await explain(intent, changed(admitted, { command: "/crypto" }));
    expect(gapsOf(scope)).toEqual(["issuer SCOPE"]);
    const { log } = evidence();
    const elsewhere = await explain(intent, {
      log: (origin) => {
        const found = log(origin);
        return found && { ...found, domain: "a.example" };
      },
    });
    expect(gapsOf(elsewhere)).toEqual(["gate UNTRUSTED"]);
  });

  test("the checkpoint is not signed by the gate's key, or a cosignature is not by its key", async () => {
    const { c, direct } = world;
    const note = must(
      parseCheckpoint((await c.storage.read("checkpoint", 1 << 20)) as Uint8Array),
    ).note;
    const [own, seen] = note.signatures as [NoteSignature, NoteSignature];
    const spoilt = (line: NoteSignature): NoteSignature => ({
      ...line,
      signature: line.signature.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    });
    for (const [signatures, gaps] of [
      [[seen], ["checkpoint UNSIGNED"]],
      [[spoilt(own), seen], ["checkpoint SIGNATURE"]],
      [[own, spoilt(own), seen], ["checkpoint SIGNATURE"]],
      [[own], ["cosignature QUORUM"]],
      [[own, spoilt(seen)], ["cosignature SIGNATURE"]],
    ] as const) {
      const forged = await altered(c, (storage) =>
        storage.write("checkpoint", formatNote(note.text, signatures)),
      );
      expect(gapsOf(await explain(direct.intent, forged))).toEqual(gaps);
    }
  });

  test("a decision that denied is the reason, and no gap", async () => {
    const { decision, intent } = world.direct;
    const denied = await explain(intent, changed(decision, { outcome: "deny", code: "REVOKED" }));
    expect(denied.steps[1]?.detail).toContain("deny, REVOKED");
  });

  test("the entry is not in the tree", async () => {
    const { intent } = world.direct;
    const other = { ...intent, leaf: "ee".repeat(32) };
    const lineage = new Lineage(
      world.placed.map((each) =>
        placeOf(each) === placeOf(intent) ? { ...each, ...other } : each,
      ),
    );
    expect(gapsOf(await explain(other, { lineage }))).toEqual(["checkpoint INCLUSION"]);
  });
});
