/** Entries that only go on with a run: written and recognised without taking them apart. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import type { AllowAgain } from "../../src/lineage/again.js";
import { formatAgain, inspectAgain } from "../../src/lineage/again.js";
import { parseEntry } from "../../src/lineage/entry.js";
import { anyEntry } from "./any-entry.js";
import { ALL } from "./entry-examples.js";

const again: fc.Arbitrary<AllowAgain> = anyEntry
  .filter((entry) => entry.kind === "decision")
  .map(
    (entry) =>
      ({
        ...entry,
        outcome: "allow",
        code: null,
        rule: null,
        command: entry.command ?? "/pay",
        possession: null,
        recheck: entry.recheck ?? 1000,
      }) as AllowAgain,
  );

test("the text is the canonical JSON of the entry, which is one", () => {
  fc.assert(
    fc.property(again, (entry) => {
      const text = formatAgain(entry);
      expect(text).toBe(formatCanonical(entry as unknown as Json));
      expect(parseEntry(encodeUtf8(text as string))).toEqual({ ok: true, value: entry });
      expect(inspectAgain(text as string)).toEqual({ run: entry.run, time: entry.time });
    }),
    { numRuns: 500 },
  );
});

test("a number that no entry holds has no text", () => {
  const [entry] = fc.sample(again, { numRuns: 1, seed: 1 }) as [AllowAgain];
  const name = { domain: "a.example", digest: null, version: 1, view: "", age: 0 };
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 0.5, -1, 2 ** 53]) {
    expect(formatAgain({ ...entry, number: wrong })).toBeUndefined();
    expect(formatAgain({ ...entry, recheck: wrong })).toBeUndefined();
    expect(formatAgain({ ...entry, trust: [{ ...name, version: wrong }] })).toBeUndefined();
  }
  expect(formatAgain({ ...entry, recheck: 0 })).toBeUndefined();
  expect(formatAgain({ ...entry, trust: [{ ...name, age: 0.5 }] })).toBeUndefined();
  expect(formatAgain({ ...entry, trust: Array.from({ length: 129 }, () => name) })).toBeUndefined();
});

test("other entries name nothing, and none throws", () => {
  for (const entry of ALL) {
    const text = formatCanonical(entry as unknown as Json);
    if (entry.kind !== "decision") expect(inspectAgain(text)).toBeUndefined();
    for (let end = 0; end < text.length; end++) inspectAgain(text.slice(0, end));
  }
});
