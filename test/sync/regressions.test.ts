/** Cases that were wrong once. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { addIssuer, addPeer, removeIssuer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { pinnedRoot } from "../../src/sync/pins.js";
import type { Source } from "../../src/sync/source.js";
import { keysOf } from "../../src/trust/threshold.js";
import { exposureOf } from "../../src/trust/exposure.js";
import { hexKey, makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { frozen, live, TERMS, TestReader } from "./fixture.js";
import { forkOf, rotateRole } from "./history.js";
import { KEYS, NAME, ONLINE, world } from "./world.js";

test("a source that shows an older state that is known is behind, not unchanged", async () => {
  const a = await makeDomain("a.example");
  const reader = await TestReader.of(a);
  const mirror = frozen(await a.snapshot(), "mirror");
  await reader.sync(a.now, mirror);
  await a.change(refresh);
  await reader.sync(a.now, live(a));
  expect((await reader.sync(a.now, mirror)).sources).toMatchObject([{ status: "behind" }]);
});

test("a revoked issuer cannot make a gate allow, so it is not exposure", async () => {
  const a = await makeDomain("a.example");
  await a.publish((d) => addIssuer(d, { name: "ops", key: hexKey("ops"), commands: ["/pay"] }));
  const before = exposureOf((await a.change(refresh)).state, new Set(), 1000, new Map()).count;
  const keys = [{ key: hexKey("ops"), expires: "2027-01-01T00:00:00Z" }];
  await a.change((open) => withdraw(open, { keys }));
  const { view } = await (await TestReader.of(a)).sync(a.now, live(a));
  const after = exposureOf(view.state!, view.withdrawn.keys, 1000, new Map()).count;
  expect(after).toBe(before - 1);
});

test("what a peer's url may be is what httpSource takes", async () => {
  const [a, b] = [await makeDomain("a.example"), await makeDomain("b.example")];
  const root = await b.read("metadata/1.root.json");
  const sha256 = createHash("sha256").update(root).digest("hex");
  const peer = { ...TERMS, name: "b.example", root: { version: 1, sha256 }, commands: ["/pay"] };
  const added = a.publish((draft) => addPeer(draft, { ...peer, url: "http://[bad/" }, root));
  await expect(added.then(() => "published")).rejects.toThrow();
});

test("a file that the store has lost is fetched again at the next sync", async () => {
  const a = await makeDomain("a.example");
  const reader = await TestReader.of(a);
  const first = await reader.sync(a.now, live(a));
  const bytes = first.view.state?.metadata.targets.bytes as Uint8Array;
  const digest = createHash("sha256").update(bytes).digest("hex");
  await reader.store.remove(`a.example/files/${digest}`);
  const again = await reader.sync(a.now, live(a));
  expect(again.view).toMatchObject({ failure: undefined });
});

test("a sync that runs while the domain is pinned anew does not pin the old root again", async () => {
  const a = await makeDomain("a.example");
  const reader = await TestReader.of(a);
  await reader.sync(a.now, live(a));
  await rotateRole(a, "root");
  const second = await a.read("metadata/2.root.json");
  const anew = new TestReader(a.name, { root: second, terms: TERMS }, reader.store);
  let done = false;
  const slow: Source = {
    name: "slow",
    async read(...question) {
      if (!done) {
        done = true;
        await anew.sync(a.now, live(a));
      }
      return await live(a).read(...question);
    },
  };
  await reader.sync(a.now, slow).catch(() => {});
  expect(must(await pinnedRoot(kernel, reader.store, a.name))).toEqual(second);
});

test("a root that appears between the two requests is followed in the same round", async () => {
  for (const role of ["root", "targets", "timestamp"] as const) {
    const a = await makeDomain("a.example");
    const reader = await TestReader.of(a);
    let done = false;
    const racy: Source = {
      name: "racy",
      async read(...question) {
        if (question[1].endsWith("timestamp.json") && !done) {
          done = true;
          await rotateRole(a, role);
        }
        return await live(a).read(...question);
      },
    };
    const { sources, view } = await reader.sync(a.now, racy);
    expect(sources, role).toMatchObject([{ status: "new", failure: undefined }]);
    expect(view.state?.metadata.root.signed.version).toBe(2);
  }
});

test("a publication that failed withdraws no key from the draft", async () => {
  const a = await makeDomain("a.example");
  const issuer = { name: "ops", key: hexKey("ops"), commands: ["/pay"] };
  await a.publish((draft) => addIssuer(draft, issuer));
  await a.edit((draft) => removeIssuer(draft, "ops"));
  const { now } = a;
  a.now -= 3_600_000;
  await expect(a.publish()).rejects.toThrow("CLOCK");
  a.now = now;
  await a.edit((draft) => addIssuer(draft, issuer));
});

test("a peer's root is a root, of that peer, of that version", async () => {
  const [a, c] = [await makeDomain("a.example"), await makeDomain("c.example")];
  const roots = [await c.read("metadata/1.root.json"), new TextEncoder().encode("hello")];
  for (const root of roots) {
    for (const [name, version] of [
      ["b.example", 1],
      ["c.example", 7],
    ] as const) {
      const sha256 = createHash("sha256").update(root).digest("hex");
      const peer = { ...TERMS, name, root: { version, sha256 }, commands: ["/pay"] };
      await expect(a.publish((draft) => addPeer(draft, peer, root))).rejects.toThrow("MALFORMED");
    }
  }
});

test("target files of a state are capped together, before any of them is read", async () => {
  const { reader, a, forgery } = await world();
  const contents: Record<string, () => Uint8Array> = {};
  for (let i = 0; i < 17; i++) {
    contents[`peers/p${i}.example/root.json`] = () => new Uint8Array(1 << 20).fill(i);
  }
  await forgery.publish({ ...ONLINE, targets: KEYS.targets }, { contents });
  let asked = 0;
  const source: Source = {
    name: "large",
    async read(...question) {
      if (question[1].startsWith("targets/")) asked += 1;
      return await frozen(forgery.storage, "large").read(...question);
    },
  };
  const { sources } = await reader.sync(a.now, source);
  expect(sources).toMatchObject([{ status: "failed", failure: { code: "TOO_LARGE" } }]);
  expect(asked).toBe(0);
});

test("a fork of roots that one pin settled counts again under a pin before it", async () => {
  const { a, reader } = await world();
  const fork = await forkOf(a);
  await rotateRole(a, "timestamp");
  fork.now += 5000;
  fork.round += 7;
  await rotateRole(fork, "timestamp");
  const both = [live(a), live(fork, "fork")];
  expect((await reader.sync(a.now, ...both)).view.contradictions).toEqual(["root 2"]);
  const pin = { root: await a.read("metadata/2.root.json"), terms: TERMS };
  const anew = new TestReader(NAME, pin, reader.store);
  expect((await anew.sync(a.now, live(a))).view.failure).toBeUndefined();
  const again = await reader.sync(a.now, ...both);
  expect(again.view.failure).toMatchObject({ code: "EQUIVOCATION" });
});

test("a key is read once, however often a role repeats its id", () => {
  let reads = 0;
  const keys = {
    get k() {
      reads += 1;
      return { keytype: "ed25519", scheme: "ed25519", keyval: { public: "00".repeat(32) } };
    },
  };
  const role = { keyids: Array.from({ length: 4000 }, () => "k"), threshold: 1 };
  expect(keysOf({ name: "a role", keys, role }).size).toBe(1);
  expect(reads).toBe(1);
});
