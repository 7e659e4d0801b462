/**
 * The tree of RFC 6962, section 2.1, written from its text and nothing else: the oracle of the tests.
 * Only MTH is remembered, by the range of leaves it is of.
 */
import { createHash } from "node:crypto";

export function hash(...parts: readonly Uint8Array[]): Uint8Array {
  const sha256 = createHash("sha256");
  for (const part of parts) sha256.update(part);
  return new Uint8Array(sha256.digest());
}

export interface Model {
  /** Leaf hash of entry `index`: MTH({d(index)}). */
  leaf(index: number): Uint8Array;
  /** MTH(D[start:end]). */
  mth(start: number, end: number): Uint8Array;
  /** PATH(m, D[n]). */
  path(m: number, n: number): Uint8Array[];
  /** PROOF(m, D[n]). */
  proof(m: number, n: number): Uint8Array[];
}

export function model(entries: readonly Uint8Array[]): Model {
  const known = new Map<number, Uint8Array>();

  function mth(start: number, end: number): Uint8Array {
    const key = start * 2 ** 26 + end;
    const before = known.get(key);
    if (before) return before;
    const n = end - start;
    let root: Uint8Array;
    if (n === 0) root = hash();
    else if (n === 1) root = hash(Uint8Array.of(0x00), entries[start] as Uint8Array);
    else {
      const k = largestPowerOfTwoBelow(n);
      root = hash(Uint8Array.of(0x01), mth(start, start + k), mth(start + k, end));
    }
    known.set(key, root);
    return root;
  }

  function path(m: number, start: number, end: number): Uint8Array[] {
    const n = end - start;
    if (n === 1) return [];
    const k = largestPowerOfTwoBelow(n);
    return m < k
      ? [...path(m, start, start + k), mth(start + k, end)]
      : [...path(m - k, start + k, end), mth(start, start + k)];
  }

  function subproof(m: number, start: number, end: number, b: boolean): Uint8Array[] {
    const n = end - start;
    if (m === n) return b ? [] : [mth(start, end)];
    const k = largestPowerOfTwoBelow(n);
    return m <= k
      ? [...subproof(m, start, start + k, b), mth(start + k, end)]
      : [...subproof(m - k, start + k, end, false), mth(start, start + k)];
  }

  return {
    leaf: (index) => mth(index, index + 1),
    mth,
    path: (m, n) => path(m, 0, n),
    proof: (m, n) => subproof(m, 0, n, true),
  };
}

/** k < n <= 2k, for n > 1. */
function largestPowerOfTwoBelow(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

/** Entries whose bytes and lengths all differ, the first of them empty. */
export function sampleEntries(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const text = i === 0 ? "" : `entry ${i} ${"#".repeat(i % 97)}`;
    return new TextEncoder().encode(text);
  });
}

/** Hashes one behind the other. */
export function packed(hashes: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(hashes));
}
