import { expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import type { PlacedEntry } from "../../src/lineage/graph.js";
import { BundleIndex, keyOf } from "../../src/site/viewer/bundle-index.js";
import { RUNS, threeDomains } from "../lineage/three-domains.js";

const { placed, a, b, c } = await threeDomains();

function indexOf(entries: readonly PlacedEntry[]): BundleIndex {
  const index = new BundleIndex();
  for (const { origin, index: at, leaf, entry } of entries) {
    const bytes = encodeUtf8(formatCanonical(entry as unknown as Json));
    index.add({ origin, index: at, leaf, bytes, entry, opened: undefined });
  }
  return index;
}

const key = (gate: { readonly origin: string }, run: string): string =>
  keyOf({ origin: gate.origin, run });

test("F66: runs of several gates are one graph, by hand-over and accept", () => {
  const index = indexOf(placed);
  const [first, second, third] = [key(a, RUNS[0]), key(b, RUNS[1]), key(c, RUNS[2])];
  const causes = (of: string) => index.causesOf(index.runs.get(of)!);
  expect(causes(first)).toEqual([]);
  expect(causes(second)).toEqual([first]);
  expect(causes(third)).toContain(second);
  expect(index.effectsOf(first)).toEqual([second]);
  expect(index.effectsOf(second)).toEqual([third]);
  expect(index.effectsOf(key(a, RUNS[4]))).toEqual([]);
});

test("F66: a cause in a log that is not here is known by its place", () => {
  const index = indexOf(placed.filter(({ origin }) => origin !== a.origin));
  const second = index.runs.get(key(b, RUNS[1]))!;
  const [cause] = index.causesOf(second);
  expect(cause).toMatch(/#\d+$/);
  expect(cause?.startsWith(a.origin)).toBe(true);
  expect(index.runs.has(cause!)).toBe(false);
});

test("F66: nothing is at a place that the bundle does not hold", () => {
  const index = indexOf(placed);
  expect(index.bytesAt(a.origin, -1)).toBeUndefined();
  expect(index.bytesAt(a.origin, 10_000)).toBeUndefined();
  expect(index.entryAt("nobody.example/gate", 0)).toBeUndefined();
  expect(index.treeOf("nobody.example/gate")).toBeUndefined();
});
