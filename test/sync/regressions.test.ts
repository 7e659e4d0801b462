/** Cases that were wrong once. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { addIssuer, addPeer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { pinnedRoot } from "../../src/sync/pins.js";
import type { Source } from "../../src/sync/source.js";
import { exposureOf } from "../../src/trust/exposure.js";
import { hexKey, makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { frozen, live, TERMS, TestReader } from "./fixture.js";
import { rotateRole } from "./history.js";

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
