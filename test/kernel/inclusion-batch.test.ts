/** Inclusion proofs in batches: each claim's result is what it would be alone. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { InclusionClaim } from "../../src/kernel/proofs.js";
import { loadKernel } from "../../src/runtime/inline.js";
import { bytesFor, inclusionProof, leafHash, treeLevels } from "./oracle.js";

const kernel = await loadKernel({});

function claimsOf(label: string, size: number): InclusionClaim[] {
  const leaves = Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`${label} ${i}`)));
  const levels = treeLevels(leaves);
  const root = levels.at(-1)?.[0] as Uint8Array;
  return leaves.map((leaf, index) => ({
    index: BigInt(index),
    size: BigInt(size),
    leafHash: leaf,
    root,
    proof: inclusionProof(levels, index),
  }));
}

const trees = [1, 2, 3, 5, 8, 13, 31, 64, 100, 257].map((size) => claimsOf(`tree ${size}`, size));
const other = claimsOf("another tree", 100);

const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  const at = (bit >> 3) % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

test("all claims of all trees in one batch hold", () => {
  const claims = [...trees, other].flat();
  for (const [i, { status, foundRoot }] of kernel.checkInclusions(claims).entries()) {
    expect(status).toBe("ok");
    expect(Buffer.from(foundRoot ?? [])).toEqual(Buffer.from(claims[i]?.root ?? []));
  }
});

const good = fc.constantFrom(...[...trees, other].flat());
const claim = fc.tuple(good, fc.nat(9), fc.nat(1 << 16)).map(([claim, kind, n]): InclusionClaim => {
  const { proof } = claim;
  switch (kind) {
    case 0:
      return { ...claim, leafHash: flip(claim.leafHash, n) };
    case 1:
      return { ...claim, root: flip(claim.root, n) };
    case 2:
      return {
        ...claim,
        proof: proof.map((hash, i) => (i === n % proof.length ? flip(hash, n) : hash)),
      };
    case 3:
      return { ...claim, proof: proof.slice(0, -1) };
    case 4:
      return { ...claim, proof: [...proof, claim.root] };
    case 5:
      return { ...claim, index: BigInt(n % 300) };
    case 6:
      return { ...claim, size: BigInt(n % 300) };
    case 7:
      return {
        ...claim,
        index: (1n << 64n) - BigInt(1 + (n % 70)),
        size: (1n << 64n) - 1n,
        proof: Array.from(
          { length: 64 - (n % 3) },
          (_, i) => proof[i % proof.length] ?? claim.root,
        ),
      };
    default:
      return claim;
  }
});

test("bad claims among good ones that share their nodes", () => {
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 120 }), (claims) => {
      const alone = claims.map((one) => kernel.checkInclusion(one));
      expect(kernel.checkInclusions(claims)).toEqual(alone);
    }),
    { numRuns: 200 },
  );
});

test("more claims than the arena holds, of a tree wider than what is remembered", () => {
  const size = 40_000;
  const leaves = Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`${i}`)));
  const levels = treeLevels(leaves);
  const root = levels.at(-1)?.[0] as Uint8Array;
  const picks = new DataView(bytesFor("picks", 4 * 9000).buffer);
  const claims = Array.from({ length: 9000 }, (_, i): InclusionClaim => {
    const index = picks.getUint32(i * 4) % size;
    const proof = inclusionProof(levels, index);
    const bad = i % 1000 === 999;
    return {
      index: BigInt(index),
      size: BigInt(size),
      leafHash: leaves[index] as Uint8Array,
      root,
      proof: bad ? proof.map((hash, k) => (k === 9 ? flip(hash, i) : hash)) : proof,
    };
  });
  const results = kernel.checkInclusions(claims);
  expect(results).toHaveLength(claims.length);
  results.forEach((result, i) => {
    expect(result.status).toBe(i % 1000 === 999 ? "root" : "ok");
    if (i % 1000 === 999)
      expect(result).toEqual(kernel.checkInclusion(claims[i] as InclusionClaim));
  });
});
