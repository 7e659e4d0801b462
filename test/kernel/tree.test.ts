import fc from "fast-check";
import { expect, test } from "vitest";
import { kernel } from "../kernel.js";
import { hash, model, packed, sampleEntries } from "./model.js";

const MOST = 130;
const entries = sampleEntries(MOST);
const leafHashes = kernel.leafHashes(entries);
const oracle = model(entries);
const roots = Array.from({ length: MOST + 1 }, (_, size) => oracle.mth(0, size));

const first = (size: number): Uint8Array => leafHashes.subarray(0, size * 32);
const hex = (hashes: readonly Uint8Array[]): string[] =>
  hashes.map((each) => Buffer.from(each).toString("hex"));

test("leaf hashes are those of the model, one by one and all at once", () => {
  for (const [i, entry] of entries.entries()) {
    expect(kernel.leafHash(entry)).toEqual(oracle.leaf(i));
    expect(leafHashes.subarray(i * 32, i * 32 + 32)).toEqual(oracle.leaf(i));
  }
});

test("interior hashes are those of the model, for any number of pairs", () => {
  for (let count = 0; count <= MOST / 2; count++) {
    const nodes = Array.from({ length: count }, (_, i) => oracle.mth(2 * i, 2 * i + 2));
    expect(kernel.nodeHashes(first(2 * count))).toEqual(packed(nodes));
  }
});

test("the root of every size from 0 on is the model's", () => {
  for (let size = 0; size <= MOST; size++) {
    expect(kernel.treeRoot(first(size)), `size ${size}`).toEqual(roots[size]);
  }
  expect(kernel.treeRoot(new Uint8Array())).toEqual(hash());
});

test("a frontier gives the model's root at every size while leaves come one by one", () => {
  const frontier = kernel.frontier();
  for (let size = 0; size <= MOST; size++) {
    expect(frontier.size).toBe(BigInt(size));
    expect(frontier.root(), `size ${size}`).toEqual(roots[size]);
    // Asking for the root changes nothing.
    expect(frontier.root()).toEqual(roots[size]);
    if (size < MOST) frontier.append(leafHashes.subarray(size * 32, size * 32 + 32));
  }
});

test("a frontier grown in two steps gives the model's root, for every pair of sizes", () => {
  for (let size = 0; size <= MOST; size++) {
    for (let split = 0; split <= size; split++) {
      const frontier = kernel.frontier().append(first(split));
      frontier.append(leafHashes.subarray(split * 32, size * 32));
      expect(frontier.root(), `${split} and then ${size - split}`).toEqual(roots[size]);
    }
  }
});

test("a frontier grown in any steps gives the model's root after each", () => {
  const steps = fc.array(fc.nat(40), { maxLength: 12 });
  fc.assert(
    fc.property(steps, (counts) => {
      const frontier = kernel.frontier();
      let size = 0;
      for (const count of counts) {
        const next = Math.min(MOST, size + count);
        frontier.append(leafHashes.subarray(size * 32, next * 32));
        size = next;
        expect(frontier.root()).toEqual(roots[size]);
      }
    }),
  );
});

test("frontiers that grow in turns do not touch each other", () => {
  const frontiers = Array.from({ length: 9 }, () => kernel.frontier());
  for (let round = 0; round < 14; round++) {
    for (const [i, frontier] of frontiers.entries()) {
      const size = round * i;
      frontier.append(leafHashes.subarray(size * 32, (size + i) * 32));
    }
    for (const [i, frontier] of frontiers.entries()) {
      expect(frontier.root()).toEqual(roots[(round + 1) * i]);
    }
  }
});

test("appending leaves the caller's hashes as they are", () => {
  const mine = first(77).slice();
  kernel.frontier().append(mine);
  kernel.treeRoot(mine);
  kernel.nodeHashes(mine.subarray(0, 64));
  expect(mine).toEqual(first(77));
});

test("a root that was given does not change with later work", () => {
  const root = kernel.treeRoot(first(5));
  kernel.treeRoot(first(130));
  expect(root).toEqual(roots[5]);
});

test("every inclusion proof of every size is the model's, and holds", () => {
  for (let size = 1; size <= MOST; size++) {
    const claims = Array.from({ length: size }, (_, index) => ({
      index: BigInt(index),
      size: BigInt(size),
      leafHash: oracle.leaf(index),
      root: roots[size] as Uint8Array,
      proof: kernel.proveInclusion(first(size), BigInt(index)),
    }));
    for (const [index, claim] of claims.entries()) {
      expect(hex(claim.proof), `leaf ${index} of ${size}`).toEqual(hex(oracle.path(index, size)));
    }
    for (const result of kernel.checkInclusions(claims)) {
      expect(result).toEqual({ status: "ok", foundRoot: roots[size] });
    }
  }
});

test("every consistency proof of every pair of sizes is the model's, and holds", () => {
  for (let size = 1; size <= MOST; size++) {
    const claims = Array.from({ length: size }, (_, i) => ({
      oldSize: BigInt(i + 1),
      oldRoot: roots[i + 1] as Uint8Array,
      newSize: BigInt(size),
      newRoot: roots[size] as Uint8Array,
      proof: kernel.proveConsistency(first(size), BigInt(i + 1)),
    }));
    for (const [i, claim] of claims.entries()) {
      expect(hex(claim.proof), `${i + 1} to ${size}`).toEqual(hex(oracle.proof(i + 1, size)));
    }
    for (const [i, result] of kernel.checkConsistencies(claims).entries()) {
      const found = { foundOldRoot: roots[i + 1], foundNewRoot: roots[size] };
      expect(result).toEqual({ status: "ok", ...found });
    }
  }
});

test("an inclusion proof holds for no other leaf of its tree", () => {
  const size = 33;
  for (let index = 0; index < size; index++) {
    const proof = oracle.path(index, size);
    for (let other = 0; other < size; other++) {
      if (other === index) continue;
      const claim = { size: BigInt(size), root: roots[size] as Uint8Array, proof };
      const moved = { ...claim, index: BigInt(other), leafHash: oracle.leaf(index) };
      const swapped = { ...claim, index: BigInt(index), leafHash: oracle.leaf(other) };
      expect(kernel.checkInclusion(moved).status, `${index} as ${other}`).not.toBe("ok");
      expect(kernel.checkInclusion(swapped).status).toBe("root");
    }
  }
});

test("a consistency proof holds for no other pair of sizes", () => {
  const [oldSize, newSize] = [21, 53];
  const proof = oracle.proof(oldSize, newSize);
  for (let from = 1; from <= 60; from++) {
    for (let to = from; to <= 60; to++) {
      const { status } = kernel.checkConsistency({
        oldSize: BigInt(from),
        oldRoot: roots[from] as Uint8Array,
        newSize: BigInt(to),
        newRoot: roots[to] as Uint8Array,
        proof,
      });
      expect(status === "ok", `${from} to ${to}`).toBe(from === oldSize && to === newSize);
    }
  }
});
