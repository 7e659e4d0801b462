/** Proofs whose sizes reach the last u64, far past any tree that could be built. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { kernel } from "../kernel.js";
import { vectors } from "../vectors.js";
import { hash } from "./model.js";

const MAX_U64 = (1n << 64n) - 1n;

interface Probe {
  readonly file: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
  readonly [name: string]: unknown;
}

/** JSON.parse would round a number above 2^53: each becomes a string first. */
function probes(name: string): Probe[] {
  const text = vectors.text("merkle", name).replace(/^(\s*"\w+": )([0-9]+)(,?)$/gm, '$1"$2"$3');
  return JSON.parse(text) as Probe[];
}

const number = (probe: Probe, name: string): bigint => BigInt(probe[name] as string);
const bytes = (base64: unknown): Uint8Array =>
  new Uint8Array(Buffer.from(base64 as string, "base64"));

test.skipIf(!vectors.present)("the inclusion probes that other implementations share", () => {
  const all = probes("inclusion.json");
  expect(all).toHaveLength(98);
  expect(all.some((probe) => number(probe, "leafIdx") === MAX_U64)).toBe(true);
  for (const probe of all) {
    const claim = {
      index: number(probe, "leafIdx"),
      size: number(probe, "treeSize"),
      leafHash: bytes(probe["leafHash"]),
      root: bytes(probe["root"]),
      proof: (probe.proof ?? []).map(bytes),
    };
    const hashes = [claim.leafHash, claim.root, ...claim.proof];
    if (hashes.every((each) => each.length === 32)) {
      const { status } = kernel.checkInclusion(claim);
      expect(status !== "ok", `${probe.file}: ${status}`).toBe(probe.wantErr);
    } else {
      expect(() => kernel.checkInclusion(claim), probe.file).toThrow(TypeError);
      expect(probe.wantErr).toBe(true);
    }
  }
});

/** Some consistency probes have words for roots; their digests are as equal, or as different. */
function digestOf(base64: unknown): Uint8Array {
  const root = bytes(base64);
  return root.length === 32 ? root : hash(root);
}

test.skipIf(!vectors.present)("the consistency probes that other implementations share", () => {
  const all = probes("consistency.json");
  expect(all).toHaveLength(98);
  for (const probe of all) {
    const claim = {
      oldSize: number(probe, "size1"),
      newSize: number(probe, "size2"),
      oldRoot: digestOf(probe["root1"]),
      newRoot: digestOf(probe["root2"]),
      proof: (probe.proof ?? []).map(digestOf),
    };
    const { status } = kernel.checkConsistency(claim);
    expect(status !== "ok", `${probe.file}: ${status}`).toBe(probe.wantErr);
  }
});

const node = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  hash(Uint8Array.of(0x01), left, right);

/** k < n <= 2k, for n > 1. */
function split(n: bigint): bigint {
  return 1n << BigInt((n - 1n).toString(2).length - 1);
}

/** Hashes that stand for subtrees which nobody has seen. */
function invented(): () => Uint8Array {
  let count = 0;
  return () => hash(Uint8Array.of(++count));
}

/** A tree in which only PATH(m, D[n]) of RFC 6962 is real: its proof and root. */
function inventPath(m: bigint, n: bigint, leafHash: Uint8Array) {
  const fresh = invented();
  const proof: Uint8Array[] = [];
  function root(at: bigint, size: bigint): Uint8Array {
    if (size === 1n) return leafHash;
    const k = split(size);
    const below = at < k ? root(at, k) : root(at - k, size - k);
    const sibling = fresh();
    proof.push(sibling);
    return at < k ? node(below, sibling) : node(sibling, below);
  }
  return { root: root(m, n), proof };
}

/** Two trees in which only PROOF(m, D[n]) of RFC 6962 is real: the proof and both roots. */
function inventProof(m: bigint, n: bigint) {
  const fresh = invented();
  const proof: Uint8Array[] = [];
  function roots(at: bigint, size: bigint, whole: boolean): [Uint8Array, Uint8Array] {
    if (at === size) {
      const known = fresh();
      if (!whole) proof.push(known);
      return [known, known];
    }
    const k = split(size);
    const [before, after] = at <= k ? roots(at, k, whole) : roots(at - k, size - k, false);
    const sibling = fresh();
    proof.push(sibling);
    if (at <= k) return [before, node(after, sibling)];
    return [node(sibling, before), node(sibling, after)];
  }
  const [oldRoot, newRoot] = roots(m, n, true);
  return { oldRoot, newRoot, proof };
}

/** Numbers of every length in bits, near a power of two about as often as not. */
const size = fc.oneof(
  fc.bigInt({ min: 1n, max: MAX_U64 }),
  fc.tuple(fc.nat(64), fc.integer({ min: -3, max: 3 })).map(([bits, by]) => {
    const near = (1n << BigInt(bits)) + BigInt(by);
    return near < 1n ? 1n : near > MAX_U64 ? MAX_U64 : near;
  }),
);
const claimed = fc
  .tuple(size, size)
  .map(([a, b]): readonly [bigint, bigint] => (a <= b ? [a, b] : [b, a]));

test("an inclusion proof of any index in a tree of any size holds, and no other length does", () => {
  const leafHash = hash(Uint8Array.of(0));
  fc.assert(
    fc.property(claimed, ([after, n]) => {
      const index = after - 1n;
      const { root, proof } = inventPath(index, n, leafHash);
      const claim = { index, size: n, leafHash, root, proof };
      expect(kernel.checkInclusion(claim)).toEqual({ status: "ok", foundRoot: root });
      const longer = [...proof, leafHash];
      expect(kernel.checkInclusion({ ...claim, proof: longer }).status).toBe("length");
      if (proof.length === 0) return;
      const shorter = proof.slice(1);
      expect(kernel.checkInclusion({ ...claim, proof: shorter }).status).toBe("length");
      const wrong = proof.with(0, leafHash);
      expect(kernel.checkInclusion({ ...claim, proof: wrong }).status).toBe("root");
      expect(kernel.checkInclusion({ ...claim, index: n }).status).toBe("index");
    }),
    { numRuns: 1000 },
  );
});

test("a consistency proof between any two sizes holds, and no other length does", () => {
  const other = hash(Uint8Array.of(0));
  fc.assert(
    fc.property(claimed, ([oldSize, newSize]) => {
      const { oldRoot, newRoot, proof } = inventProof(oldSize, newSize);
      const claim = { oldSize, oldRoot, newSize, newRoot, proof };
      const found = { foundOldRoot: oldRoot, foundNewRoot: newRoot };
      expect(kernel.checkConsistency(claim)).toEqual({ status: "ok", ...found });
      const longer = [...proof, other];
      expect(kernel.checkConsistency({ ...claim, proof: longer }).status).toBe("length");
      if (proof.length === 0) return;
      const shorter = proof.slice(1);
      expect(kernel.checkConsistency({ ...claim, proof: shorter }).status).toBe("length");
      const lie = { ...claim, newRoot: other };
      expect(kernel.checkConsistency(lie).status).toBe("new-root");
    }),
    { numRuns: 1000 },
  );
});

test("the proofs at the very edge of u64 hold", () => {
  const leafHash = hash(Uint8Array.of(0));
  for (const index of [0n, 1n, (1n << 63n) - 1n, 1n << 63n, (1n << 63n) + 1n, MAX_U64 - 1n]) {
    for (const n of [MAX_U64, MAX_U64 - 1n, (1n << 63n) + 2n]) {
      if (index >= n) continue;
      const { root, proof } = inventPath(index, n, leafHash);
      const claim = { index, size: n, leafHash, root, proof };
      expect(kernel.checkInclusion(claim).status, `${index} of ${n}`).toBe("ok");
      const heads = { oldSize: index + 1n, newSize: n };
      const { status } = kernel.checkConsistency({ ...heads, ...inventProof(index + 1n, n) });
      expect(status, `${index + 1n} to ${n}`).toBe("ok");
    }
  }
});

test("the longest proofs of all have 64 and 65 hashes, and none has more", () => {
  const extra = hash(Uint8Array.of(0));
  const longest = { index: 0n, size: MAX_U64, ...inventPath(0n, MAX_U64, extra) };
  expect(longest.proof).toHaveLength(64);
  const claim = { ...longest, leafHash: extra };
  expect(kernel.checkInclusion(claim).status).toBe("ok");
  const farther = { ...claim, proof: [...claim.proof, extra] };
  expect(kernel.checkInclusion(farther).status).toBe("length");

  for (const newSize of [MAX_U64, (1n << 63n) + 1n]) {
    const heads = { oldSize: 3n, newSize, ...inventProof(3n, newSize) };
    expect(heads.proof).toHaveLength(65);
    expect(kernel.checkConsistency(heads).status).toBe("ok");
    for (const more of [[extra], [extra, extra]]) {
      const longer = { ...heads, proof: [...heads.proof, ...more] };
      expect(kernel.checkConsistency(longer).status, `${more.length} more`).toBe("length");
    }
  }
});
