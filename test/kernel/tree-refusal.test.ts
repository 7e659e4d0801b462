/** Proofs that are nearly right, and what each is refused for. */
import { expect, test } from "vitest";
import type { ConsistencyClaim, InclusionClaim } from "../../src/kernel/proofs.js";
import { kernel } from "../kernel.js";
import { model, sampleEntries } from "./model.js";

const SIZES = [7, 8, 13];
const oracle = model(sampleEntries(32));
const other = model(sampleEntries(64).slice(32));

function inclusion(index: number, size: number): InclusionClaim {
  return {
    index: BigInt(index),
    size: BigInt(size),
    leafHash: oracle.leaf(index),
    root: oracle.mth(0, size),
    proof: oracle.path(index, size),
  };
}

function consistency(oldSize: number, newSize: number): ConsistencyClaim {
  return {
    oldSize: BigInt(oldSize),
    oldRoot: oracle.mth(0, oldSize),
    newSize: BigInt(newSize),
    newRoot: oracle.mth(0, newSize),
    proof: oracle.proof(oldSize, newSize),
  };
}

/** One copy for every byte of `bytes`, with a bit of that byte flipped. */
function flips(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, i) => {
    const copy = bytes.slice();
    copy[i] = (copy[i] as number) ^ (1 << (i % 8));
    return copy;
  });
}

function flippedProofs(proof: readonly Uint8Array[]): Uint8Array[][] {
  return proof.flatMap((hash, i) => flips(hash).map((bad) => proof.with(i, bad)));
}

function inclusionStatus(claim: InclusionClaim): string {
  return kernel.checkInclusion(claim).status;
}

function consistencyStatus(claim: ConsistencyClaim): string {
  return kernel.checkConsistency(claim).status;
}

test("a flipped byte anywhere in an inclusion claim gives another root", () => {
  for (const size of SIZES) {
    for (let index = 0; index < size; index++) {
      const good = inclusion(index, size);
      expect(inclusionStatus(good)).toBe("ok");
      const bad = [
        ...flips(good.leafHash).map((leafHash) => ({ ...good, leafHash })),
        ...flips(good.root).map((root) => ({ ...good, root })),
        ...flippedProofs(good.proof).map((proof) => ({ ...good, proof })),
      ];
      expect(bad).toHaveLength(32 * (2 + good.proof.length));
      for (const { status } of kernel.checkInclusions(bad)) expect(status).toBe("root");
    }
  }
});

test("a flipped byte anywhere in a consistency claim gives another root", () => {
  for (const size of SIZES) {
    for (let oldSize = 1; oldSize <= size; oldSize++) {
      const good = consistency(oldSize, size);
      expect(consistencyStatus(good)).toBe("ok");
      const bad = [
        ...flips(good.oldRoot).map((oldRoot) => ({ ...good, oldRoot })),
        ...flips(good.newRoot).map((newRoot) => ({ ...good, newRoot })),
        ...flippedProofs(good.proof).map((proof) => ({ ...good, proof })),
      ];
      expect(bad).toHaveLength(32 * (2 + good.proof.length));
      for (const { status } of kernel.checkConsistencies(bad)) {
        expect(["old-root", "new-root"]).toContain(status);
      }
    }
  }
});

test("an inclusion proof with a hash too few or too many has the wrong length", () => {
  for (const size of SIZES) {
    for (let index = 0; index < size; index++) {
      const good = inclusion(index, size);
      for (const extra of [good.leafHash, good.root, new Uint8Array(32)]) {
        expect(inclusionStatus({ ...good, proof: [...good.proof, extra] })).toBe("length");
        expect(inclusionStatus({ ...good, proof: [extra, ...good.proof] })).toBe("length");
      }
      for (let i = 0; i < good.proof.length; i++) {
        expect(inclusionStatus({ ...good, proof: good.proof.toSpliced(i, 1) })).toBe("length");
      }
      expect(kernel.checkInclusion({ ...good, proof: [...good.proof, good.root] })).toEqual({
        status: "length",
      });
    }
  }
});

test("a consistency proof with a hash too few or too many has the wrong length", () => {
  for (const size of SIZES) {
    for (let oldSize = 1; oldSize <= size; oldSize++) {
      const good = consistency(oldSize, size);
      for (const extra of [good.oldRoot, good.newRoot, new Uint8Array(32)]) {
        expect(consistencyStatus({ ...good, proof: [...good.proof, extra] })).toBe("length");
        expect(consistencyStatus({ ...good, proof: [extra, ...good.proof] })).toBe("length");
      }
      for (let i = 0; i < good.proof.length; i++) {
        expect(consistencyStatus({ ...good, proof: good.proof.toSpliced(i, 1) })).toBe("length");
      }
    }
  }
});

test("a proof of any length but the right one is refused, up to thousands of hashes", () => {
  const hash = oracle.leaf(0);
  for (const length of [0, 1, 2, 3, 5, 62, 63, 64, 65, 66, 127, 128, 300, 5000]) {
    const proof = Array.from({ length }, () => hash);
    expect(inclusionStatus({ ...inclusion(3, 13), proof }), `${length} hashes`).toBe("length");
    expect(consistencyStatus({ ...consistency(8, 8), proof })).toBe(length ? "length" : "ok");
    if (length !== 5) {
      expect(consistencyStatus({ ...consistency(7, 13), proof }), `${length}`).toBe("length");
    }
  }
});

test("two hashes of a proof that changed places give another root", () => {
  for (const size of SIZES) {
    for (let i = 0; i < size; i++) {
      const path = inclusion(i, size);
      const proof = consistency(i + 1, size);
      for (let k = 0; k + 1 < Math.max(path.proof.length, proof.proof.length); k++) {
        const swap = (hashes: readonly Uint8Array[]): Uint8Array[] => {
          const [a, b] = [hashes[k] as Uint8Array, hashes[k + 1] as Uint8Array];
          return hashes.with(k, b).with(k + 1, a);
        };
        if (k + 1 < path.proof.length) {
          expect(inclusionStatus({ ...path, proof: swap(path.proof) })).toBe("root");
        }
        if (k + 1 < proof.proof.length) {
          expect(consistencyStatus({ ...proof, proof: swap(proof.proof) })).toMatch(/-root$/);
        }
      }
    }
  }
});

test("an index at or past the size is refused for the index, whatever the proof", () => {
  for (const index of [13n, 14n, 16n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n]) {
    expect(kernel.checkInclusion({ ...inclusion(12, 13), index })).toEqual({ status: "index" });
  }
  const empty = { ...inclusion(0, 1), size: 0n };
  expect(inclusionStatus(empty)).toBe("index");
});

test("the found root is the one that the proof leads to", () => {
  const leafHash = other.leaf(3);
  const wrong = { ...inclusion(3, 8), leafHash, proof: other.path(3, 8) };
  expect(kernel.checkInclusion(wrong)).toEqual({ status: "root", foundRoot: other.mth(0, 8) });
});

test("nothing can be said of an old size of 0", () => {
  for (const newSize of [0, 1, 8]) {
    const claim = { ...consistency(1, 8), oldSize: 0n, newSize: BigInt(newSize), proof: [] };
    expect(kernel.checkConsistency(claim)).toEqual({ status: "old-size" });
  }
});

test("an old tree that is the larger one is out of order", () => {
  const { oldSize, oldRoot, newSize, newRoot, proof } = consistency(5, 9);
  const turned = { oldSize: newSize, oldRoot: newRoot, newSize: oldSize, newRoot: oldRoot, proof };
  expect(kernel.checkConsistency(turned)).toEqual({ status: "order" });
});

test("two roots of one size contradict each other", () => {
  const result = kernel.checkConsistency({ ...consistency(9, 9), oldRoot: other.mth(0, 9) });
  expect(result).toEqual({
    status: "old-root",
    foundOldRoot: oracle.mth(0, 9),
    foundNewRoot: oracle.mth(0, 9),
  });
});

test("a split view shows as another old root under a new root that holds", () => {
  const split = { ...consistency(5, 13), oldRoot: other.mth(0, 5) };
  expect(kernel.checkConsistency(split)).toEqual({
    status: "old-root",
    foundOldRoot: oracle.mth(0, 5),
    foundNewRoot: oracle.mth(0, 13),
  });
});

test("another new root is told before another old root", () => {
  const rewritten = { ...consistency(5, 13), newRoot: other.mth(0, 13) };
  expect(kernel.checkConsistency(rewritten)).toEqual({
    status: "new-root",
    foundOldRoot: oracle.mth(0, 5),
    foundNewRoot: oracle.mth(0, 13),
  });
  expect(consistencyStatus({ ...rewritten, oldRoot: other.mth(0, 5) })).toBe("new-root");
});

test("an argument of the wrong shape throws, and spoils nothing", () => {
  const good = inclusion(3, 13);
  for (const bytes of [new Uint8Array(), new Uint8Array(31), new Uint8Array(33)]) {
    expect(() => kernel.checkInclusion({ ...good, leafHash: bytes })).toThrow(TypeError);
    expect(() => kernel.checkInclusion({ ...good, root: bytes })).toThrow(TypeError);
    expect(() => kernel.checkInclusion({ ...good, proof: [bytes] })).toThrow(TypeError);
    expect(() => kernel.checkConsistency({ ...consistency(3, 5), oldRoot: bytes })).toThrow(
      TypeError,
    );
  }
  for (const bad of [-1n, 1n << 64n]) {
    expect(() => kernel.checkInclusion({ ...good, index: bad })).toThrow(RangeError);
    expect(() => kernel.checkInclusion({ ...good, size: bad })).toThrow(RangeError);
    expect(() => kernel.checkConsistency({ ...consistency(3, 5), oldSize: bad })).toThrow(
      RangeError,
    );
  }
  expect(() => kernel.treeRoot(new Uint8Array(33))).toThrow(TypeError);
  expect(() => kernel.nodeHashes(new Uint8Array(32))).toThrow(TypeError);
  expect(() => kernel.frontier().append(new Uint8Array(1))).toThrow(TypeError);
  expect(() => kernel.proveInclusion(new Uint8Array(64), 2n)).toThrow(RangeError);
  expect(() => kernel.proveInclusion(new Uint8Array(64), -1n)).toThrow(RangeError);
  expect(() => kernel.proveConsistency(new Uint8Array(64), 0n)).toThrow(RangeError);
  expect(() => kernel.proveConsistency(new Uint8Array(64), 3n)).toThrow(RangeError);
  expect(inclusionStatus(good)).toBe("ok");
});
