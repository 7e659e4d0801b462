import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { FileTrustStore } from "../../src/storage/file-trust-store.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { pinnedDomains, pinnedRoot, PINS_KEY, rememberPins } from "../../src/sync/pins.js";
import { isDomainName } from "../../src/trust/name.js";
import { makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { scratch } from "../cli/writ.js";
import { live, TERMS, TestReader } from "./fixture.js";

const at = scratch();
const pin = (domain: string, maxStaleness = 30_000) => ({
  domain,
  terms: { ...TERMS, maxStaleness },
});

describe("the domains that a store pins", () => {
  test("are none, then those that were remembered, in that order and with their last terms", async () => {
    const store = new MemoryTrustStore();
    expect(must(await pinnedDomains(store))).toEqual([]);
    must(await rememberPins(store, [pin("b.example"), pin("a.example")]));
    must(await rememberPins(store, [pin("c.example"), pin("b.example", 5)]));
    expect(must(await pinnedDomains(store))).toEqual([
      pin("b.example", 5),
      pin("a.example"),
      pin("c.example"),
    ]);
  });

  test("are all there when many writers pin at once", async () => {
    const store = new MemoryTrustStore();
    const names = Array.from({ length: 12 }, (_, i) => `d${i}.example`);
    for (const done of await Promise.all(names.map((name) => rememberPins(store, [pin(name)])))) {
      must(done);
    }
    const found = must(await pinnedDomains(store)).map(({ domain }) => domain);
    expect(found.sort()).toEqual(names.sort());
  });

  test("are written only where something changes", async () => {
    const store = new MemoryTrustStore();
    must(await rememberPins(store, [pin("a.example")]));
    const swap = store.compareAndSwap.bind(store);
    let swaps = 0;
    store.compareAndSwap = (...args) => {
      swaps += 1;
      return swap(...args);
    };
    must(await rememberPins(store, [pin("a.example")]));
    expect(swaps).toBe(0);
    must(await rememberPins(store, [pin("a.example", 7)]));
    expect(swaps).toBe(1);
  });

  test("hold no terms that could not be read again", async () => {
    const store = new MemoryTrustStore();
    for (const maxStaleness of [0, -1, 1.5, Number.POSITIVE_INFINITY, Number.NaN]) {
      const refused = await rememberPins(store, [pin("a.example", maxStaleness)]).catch(
        (error: unknown) => error,
      );
      expect(refused, `${maxStaleness}`).not.toMatchObject({ ok: true });
    }
    expect(await rememberPins(store, [pin("A.example")])).toMatchObject({ code: "MALFORMED" });
    expect(must(await pinnedDomains(store))).toEqual([]);
  });

  test.each(["", "[", "{}", '[{"domain":"a.example"}]', "null"])(
    "that are damaged are a failure, and are not overwritten: %j",
    async (text) => {
      const store = new MemoryTrustStore();
      await store.put(PINS_KEY, encodeUtf8(text));
      expect(await pinnedDomains(store)).toMatchObject({ code: "MALFORMED" });
      expect(await rememberPins(store, [pin("a.example")])).toMatchObject({ code: "MALFORMED" });
      expect(await store.get(PINS_KEY, 100)).toEqual(encodeUtf8(text));
    },
  );

  test("lie under a key that no domain's name can lie above", async () => {
    expect(isDomainName(PINS_KEY)).toBe(false);
    const store = new FileTrustStore(at("store"));
    must(await rememberPins(store, [pin("domains")]));
    const domain = await makeDomain("domains");
    const reader = await TestReader.of(domain, store);
    await reader.sync(domain.now, live(domain));
    expect(must(await pinnedDomains(store))).toEqual([pin("domains")]);
  });
});

test("the pinned root is the one that was given, also when others followed", async () => {
  const domain = await makeDomain("a.example");
  const reader = await TestReader.of(domain);
  expect(await pinnedRoot(kernel, reader.store, "a.example")).toMatchObject({ code: "NO_TRUST" });
  await reader.sync(domain.now, live(domain));
  const root = await domain.read("metadata/1.root.json");
  expect(must(await pinnedRoot(kernel, reader.store, "a.example"))).toEqual(root);
});
