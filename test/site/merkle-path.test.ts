import { expect, test } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import { concatBytes } from "../../src/bytes/concat.js";
import { merklePath } from "../../src/site/viewer/merkle-path.js";
import { kernel } from "../kernel.js";

const hashes = Array.from({ length: 20 }, (_, i) => kernel.sha256(Uint8Array.of(i)));
const all = concatBytes(...hashes);

/** The complete subtrees over the first so many leaves, the largest first. */
function subtrees(count: number): Uint8Array[] {
  const roots: Uint8Array[] = [];
  for (let at = 0; at < count;) {
    const width = 2 ** Math.floor(Math.log2(count - at));
    roots.push(kernel.treeRoot(all.slice(32 * at, 32 * (at + width))));
    at += width;
  }
  return roots;
}

test("F66: a path is the inclusion proof, for every leaf, size and beginning of a small tree", () => {
  for (let size = 1; size <= hashes.length; size++) {
    const root = kernel.treeRoot(all.slice(0, 32 * size));
    for (let from = 0; from < size; from++) {
      const tree = { from, before: subtrees(from), leaves: all.slice(32 * from) };
      for (let index = from; index < size; index++) {
        const path = merklePath(kernel, tree, index, size);
        const proof = kernel.proveInclusion(all.slice(0, 32 * size), BigInt(index));
        expect(path.root).toBe(encodeHex(root));
        expect(path.steps.map(({ sibling }) => sibling)).toEqual(proof.map(encodeHex));
        expect(path.steps.at(-1)?.nodeOf ?? [0, 1]).toEqual([0, size]);
        expect(path.steps.every(({ before, siblingOf }) => before === siblingOf[0] < from)).toBe(
          true,
        );
      }
    }
  }
});

test("F66: there is none for a leaf that is not here", () => {
  const tree = { from: 4, before: subtrees(4), leaves: all.slice(32 * 4) };
  expect(() => merklePath(kernel, tree, 3, 20)).toThrow(RangeError);
  expect(() => merklePath(kernel, tree, 20, 20)).toThrow(RangeError);
  expect(() => merklePath(kernel, tree, 4, 21)).toThrow(RangeError);
});
