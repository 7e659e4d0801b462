/** Trees and batches larger than the kernel's memory, and the ranges of proofs at any size. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { LeafRange } from "../../src/kernel/tree.js";
import { kernel } from "../kernel.js";
import { hash, model, sampleEntries } from "./model.js";

const MAX_SIZE = (1n << 63n) - 1n;

const COUNT = 300_000;
const large = Uint8Array.from({ length: COUNT * 32 }, (_, i) => (i * 2654435761) >>> 24);

/** The root by merging equal neighbours on a stack, then all that is left from the right. */
function rootByStack(leafHashes: Uint8Array): Uint8Array {
  const node = (left: Uint8Array, right: Uint8Array): Uint8Array =>
    createHash("sha256").update("\x01").update(left).update(right).digest();
  const stack: Uint8Array[] = [];
  for (let i = 0; i < leafHashes.length / 32; i++) {
    stack.push(leafHashes.subarray(i * 32, i * 32 + 32));
    for (let n = i + 1; n % 2 === 0; n /= 2) {
      const right = stack.pop() as Uint8Array;
      stack.push(node(stack.pop() as Uint8Array, right));
    }
  }
  return new Uint8Array(stack.reduceRight((right, left) => node(left, right)));
}

test("a tree larger than the kernel's memory has the right root, however it grew", () => {
  const root = rootByStack(large);
  expect(kernel.treeRoot(large)).toEqual(root);
  const frontier = kernel.frontier();
  for (let from = 0, step = 1; from < COUNT; step = step * 3 + 1) {
    const to = Math.min(COUNT, from + step);
    frontier.append(large.subarray(from * 32, to * 32));
    from = to;
  }
  expect(frontier.root()).toEqual(root);
  expect(frontier.size).toBe(BigInt(COUNT));
});

test("more pairs than the kernel's memory holds become their nodes", () => {
  const nodes = kernel.nodeHashes(large);
  expect(nodes).toHaveLength(large.length / 2);
  for (let i = 0; i < COUNT / 2; i += i % 1000 === 0 ? 1 : 499) {
    const pair = large.subarray(i * 64, i * 64 + 64);
    expect(nodes.subarray(i * 32, i * 32 + 32)).toEqual(hash(Uint8Array.of(1), pair));
  }
});

const oracle = model(sampleEntries(40));

test("in a batch larger than the kernel's memory exactly the bad inclusion proofs are named", () => {
  const size = 40;
  const bad = new Set([0, 1, 1_889, 1_890, 1_891, 3_333, 4_999]);
  const claims = Array.from({ length: 5_000 }, (_, i) => ({
    index: BigInt(i % size),
    size: BigInt(size),
    leafHash: oracle.leaf((bad.has(i) ? i + 1 : i) % size),
    root: oracle.mth(0, size),
    proof: oracle.path(i % size, size),
  }));
  const results = kernel.checkInclusions(claims);
  expect(results).toHaveLength(claims.length);
  for (const [i, result] of results.entries()) {
    expect(result.status, `proof ${i}`).toBe(bad.has(i) ? "root" : "ok");
  }
});

test("in a batch larger than the kernel's memory exactly the bad consistency proofs are named", () => {
  const bad = new Map([
    [7, "old-size"],
    [1_800, "length"],
    [1_861, "new-root"],
    [2_000, "old-root"],
    [4_998, "order"],
  ]);
  const claims = Array.from({ length: 5_000 }, (_, i) => {
    const oldSize = 3 + 2 * (i % 18);
    const good = {
      oldSize: BigInt(oldSize),
      oldRoot: oracle.mth(0, oldSize),
      newSize: 40n,
      newRoot: oracle.mth(0, 40),
      proof: oracle.proof(oldSize, 40),
    };
    if (i === 7) return { ...good, oldSize: 0n };
    if (i === 1_800) return { ...good, proof: good.proof.slice(1) };
    if (i === 1_861) return { ...good, newRoot: oracle.mth(0, 39) };
    if (i === 2_000) return { ...good, oldRoot: oracle.mth(0, 2) };
    if (i === 4_998) return { ...good, newSize: good.oldSize - 1n };
    return good;
  });
  const statuses = kernel.checkConsistencies(claims).map(({ status }) => status);
  expect(statuses).toEqual(claims.map((_, i) => bad.get(i) ?? "ok"));
});

/** Sizes that are near a power of two about as often as not. */
const size = fc.oneof(
  fc.bigInt({ min: 1n, max: MAX_SIZE }),
  fc.tuple(fc.nat(62), fc.integer({ min: -3, max: 3 })).map(([bits, by]) => {
    const near = (1n << BigInt(bits)) + BigInt(by);
    return near < 1n ? 1n : near > MAX_SIZE ? MAX_SIZE : near;
  }),
);
const below = (limit: bigint): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt({ min: 0n, max: limit - 1n }), fc.constantFrom(0n, limit - 1n));
const claimed = size.chain((n) => below(n).map((m) => [m, n] as const));

function partitions(ranges: readonly LeafRange[], end: bigint): boolean {
  const sorted = ranges.toSorted((a, b) => (a.start < b.start ? -1 : 1));
  let at = 0n;
  for (const range of sorted) {
    if (range.start !== at || range.end <= range.start) return false;
    at = range.end;
  }
  return at === end;
}

const isPowerOfTwo = (n: bigint): boolean => (n & (n - 1n)) === 0n;

test("an inclusion proof's ranges and its leaf make up the whole tree, each range a subtree", () => {
  fc.assert(
    fc.property(claimed, ([index, n]) => {
      const ranges = kernel.inclusionRanges(index, n);
      expect(partitions([...ranges, { start: index, end: index + 1n }], n)).toBe(true);
      let [start, end] = [index, index + 1n];
      for (const range of ranges) {
        // From the leaf upward, each is the sibling of what is known so far.
        expect(range.end === start || range.start === end).toBe(true);
        const left = range.end === start ? range : { start, end };
        if (range.end === start) start = range.start;
        else end = range.end;
        // Of two siblings the left one is complete, aligned, and at least as wide as the right one.
        const width = left.end - left.start;
        expect(isPowerOfTwo(width) && start % width === 0n && end - left.end <= width).toBe(true);
      }
      expect([start, end]).toEqual([0n, n]);
    }),
    { numRuns: 500 },
  );
});

test("a consistency proof's ranges make up both trees", () => {
  fc.assert(
    fc.property(claimed, ([before, n]) => {
      const oldSize = before + 1n;
      const ranges = kernel.consistencyRanges(oldSize, n);
      if (oldSize === n) {
        expect(ranges).toEqual([]);
        return;
      }
      const inOld = ranges.filter(({ end }) => end <= oldSize);
      const whole = isPowerOfTwo(oldSize) ? [...ranges, { start: 0n, end: oldSize }] : ranges;
      expect(partitions(whole, n)).toBe(true);
      expect(inOld.length > 0).toBe(!isPowerOfTwo(oldSize));
      if (inOld.length > 0) expect(partitions(inOld, oldSize)).toBe(true);
      for (const { start, end } of inOld) {
        expect(isPowerOfTwo(end - start) && start % (end - start) === 0n).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test("the ranges of small trees have the roots that the model's proofs name", () => {
  for (let n = 1; n <= 40; n++) {
    for (let m = 0; m < n; m++) {
      const roots = (ranges: readonly LeafRange[]): Uint8Array[] =>
        ranges.map(({ start, end }) => oracle.mth(Number(start), Number(end)));
      expect(roots(kernel.inclusionRanges(BigInt(m), BigInt(n)))).toEqual(oracle.path(m, n));
      expect(roots(kernel.consistencyRanges(BigInt(m + 1), BigInt(n)))).toEqual(
        oracle.proof(m + 1, n),
      );
    }
  }
});

test("a proof of the length that the sizes give it is never refused for its length", () => {
  const zero = new Uint8Array(32);
  fc.assert(
    fc.property(claimed, ([m, n]) => {
      const path = kernel.inclusionRanges(m, n).map(() => zero);
      const claim = { index: m, size: n, leafHash: zero, root: zero, proof: path };
      expect(kernel.checkInclusion(claim).status).toBe(n === 1n ? "ok" : "root");
      expect(kernel.checkInclusion({ ...claim, proof: [...path, zero] }).status).toBe("length");
      const proof = kernel.consistencyRanges(m + 1n, n).map(() => zero);
      const heads = { oldSize: m + 1n, oldRoot: zero, newSize: n, newRoot: zero };
      const { status } = kernel.checkConsistency({ ...heads, proof });
      expect(status).toBe(m + 1n === n ? "ok" : "new-root");
      const longer = kernel.checkConsistency({ ...heads, proof: [...proof, zero] });
      expect(longer.status).toBe("length");
    }),
    { numRuns: 500 },
  );
});
