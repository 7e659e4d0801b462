/** The way from an entry to the root of its tree (RFC 6962, section 2.1.1), with the hashes beside it. */
import { concatBytes } from "../../bytes/concat.js";
import { encodeHex } from "../../bytes/hex.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { TreePart } from "./bundle-index.js";

/** Of leaves: the first, and the one behind the last. */
export type LeafRange = readonly [number, number];

export interface PathStep {
  /** On which side of the way the other hash stands. */
  readonly side: "left" | "right";
  /** In hexadecimal, as the others. */
  readonly sibling: string;
  readonly siblingOf: LeafRange;
  /** Whether it is, in part or whole, of entries that are not in the bundle. */
  readonly before: boolean;
  /** What the two come to. */
  readonly node: string;
  readonly nodeOf: LeafRange;
}

export interface MerklePath {
  readonly index: number;
  readonly size: number;
  readonly leaf: string;
  /** From the leaf up. */
  readonly steps: readonly PathStep[];
  readonly root: string;
}

/** The path of a leaf that is here, in the tree of the first `size` leaves: none of them behind the last. */
export function merklePath(
  kernel: Kernel,
  tree: TreePart,
  index: number,
  size: number,
): MerklePath {
  const { from, leaves } = tree;
  const end = from + leaves.length / 32;
  if (!(index >= from && index < size && size <= end)) {
    throw new RangeError(`no path of ${index} to ${size} in ${from} to ${end}`);
  }
  const leaf = leaves.subarray(32 * (index - from), 32 * (index - from + 1));
  let node = leaf;
  const steps: PathStep[] = [];
  for (const { side, sibling: range } of siblings(index, 0, size)) {
    const sibling = subtreeRoot(kernel, tree, range);
    // The root of two hashes as leaves is the node over them.
    node = kernel.treeRoot(
      side === "left" ? concatBytes(sibling, node) : concatBytes(node, sibling),
    );
    const last = steps.at(-1)?.nodeOf ?? ([index, index + 1] as const);
    steps.push({
      side,
      sibling: encodeHex(sibling),
      siblingOf: range,
      before: range[0] < from,
      node: encodeHex(node),
      nodeOf: [Math.min(range[0], last[0]), Math.max(range[1], last[1])],
    });
  }
  return { index, size, leaf: encodeHex(leaf), steps, root: encodeHex(node) };
}

interface Sibling {
  readonly side: PathStep["side"];
  readonly sibling: LeafRange;
}

/** From the leaf up. */
function siblings(index: number, low: number, high: number): readonly Sibling[] {
  if (high - low <= 1) return [];
  const middle = low + largestPowerBelow(high - low);
  return index < middle
    ? [...siblings(index, low, middle), { side: "right", sibling: [middle, high] }]
    : [...siblings(index, middle, high), { side: "left", sibling: [low, middle] }];
}

function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/** The root over a range that a tree has as a node: complete, or reaching to the tree's end. */
function subtreeRoot(kernel: Kernel, tree: TreePart, [start, end]: LeafRange): Uint8Array {
  const { from, before, leaves } = tree;
  const split = Math.min(Math.max(from, start), end);
  const known: Uint8Array[] = [];
  let at = 0;
  for (const hash of before) {
    const width = 2 ** Math.floor(Math.log2(from - at));
    if (at >= start && at + width <= split) known.push(hash);
    at += width;
  }
  const frontier = kernel.frontier(BigInt(split - start), known);
  // The kernel reduces what it is given in place.
  if (end > split) frontier.append(leaves.slice(32 * (split - from), 32 * (end - from)));
  return frontier.root();
}
