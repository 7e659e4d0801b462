/** F41: entries follow each other, or they are refused: every split, every reorder, every repetition. */
import { describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import { formatRfc3339 } from "../../src/bytes/rfc3339.js";
import { checkChain } from "../../src/lineage/chain.js";
import { formatEntry } from "../../src/lineage/entry.js";
import { kernel } from "../kernel.js";
import { body, NOW } from "./logged.js";

/** Entries at the given times, each after the one before. */
function chainOf(times: readonly number[], first: string | null = null): Uint8Array[] {
  let prev = first;
  return times.map((time, n) => {
    const bytes = formatEntry({ ...body(n), prev, time: formatRfc3339(time, "ms") });
    if (!bytes.ok) throw new Error(bytes.expected);
    prev = leafOf(bytes.value);
    return bytes.value;
  });
}

const leafOf = (bytes: Uint8Array): string => encodeHex(kernel.leafHash(bytes));
const chain = chainOf([NOW, NOW, NOW + 1, NOW + 5, NOW + 5]);
const at = (index: number): Uint8Array => chain[index] as Uint8Array;

/** Every list of up to `length` of the indexes below `count`, with repetitions. */
function* lists(count: number, length: number): Generator<number[]> {
  yield [];
  if (length === 0) return;
  for (const start of lists(count, length - 1)) {
    if (start.length < length - 1) continue;
    for (let index = 0; index < count; index++) yield [...start, index];
  }
}

describe("F41: a chain", () => {
  test("is accepted from its beginning, and gives what the next must follow", () => {
    const chained = checkChain(kernel, chain, null);
    if (!chained.ok) throw new Error(chained.expected);
    expect(chained.value.entries).toHaveLength(5);
    expect(chained.value.leafHashes).toEqual(kernel.leafHashes(chain));
    expect(chained.value.last).toEqual({ leaf: leafOf(at(4)), time: NOW + 5 });
  });

  test("of five entries: of all 3,906 lists only its beginnings are accepted", () => {
    let accepted = 0;
    let all = 0;
    const seen = new Set<string>();
    for (let length = 0; length <= 5; length++) {
      for (const list of lists(5, length)) {
        if (list.length !== length) continue;
        all++;
        seen.add(list.join());
        const chained = checkChain(kernel, list.map(at), null);
        const isBeginning = list.every((index, place) => index === place);
        expect(chained.ok, list.join()).toBe(isBeginning);
        if (!chained.ok) expect(chained.code, list.join()).toBe("CHAIN");
        else accepted++;
      }
    }
    expect([accepted, all, seen.size]).toEqual([6, 3906, 3906]);
  });

  test("is accepted in parts where each follows the one before, and in no other way", () => {
    const links = [null, ...chain.map(leafOf)];
    for (const [start, leaf] of links.entries()) {
      for (let from = 0; from < 5; from++) {
        for (let to = from + 1; to <= 5; to++) {
          const chained = checkChain(kernel, chain.slice(from, to), leaf);
          expect(chained.ok, `${from} to ${to} after ${start}`).toBe(from === start);
        }
      }
    }
  });

  test("whose time goes back is refused, within and across parts", () => {
    expect(checkChain(kernel, chainOf([NOW, NOW - 1]), null)).toMatchObject({ code: "CHAIN" });
    const first = checkChain(kernel, chain.slice(0, 3), null);
    if (!first.ok) throw new Error(first.expected);
    const { last } = first.value;
    expect(checkChain(kernel, chain.slice(3), last).ok).toBe(true);
    const earlier = chainOf([last.time - 1], last.leaf);
    expect(checkChain(kernel, earlier, last)).toMatchObject({ code: "CHAIN" });
    expect(checkChain(kernel, earlier, last.leaf).ok).toBe(true);
  });

  test("with a byte changed anywhere is refused, but in its last entry", () => {
    for (let place = 0; place < 4; place++) {
      for (let i = 0; i < at(place).length; i++) {
        const entries = chain.map((bytes) => bytes.slice());
        (entries[place] as Uint8Array)[i] = (at(place)[i] as number) ^ 1;
        expect(checkChain(kernel, entries, null).ok, `entry ${place}, byte ${i}`).toBe(false);
      }
    }
  });

  test("of what is no entry is refused", () => {
    const bytes = new TextEncoder().encode('{"prev":null}');
    expect(checkChain(kernel, [bytes], null)).toMatchObject({ ok: false, code: "MALFORMED" });
  });
});
