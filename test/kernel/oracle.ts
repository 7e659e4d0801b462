/** RFC 6962 over node:crypto, written apart from the kernel: what the kernel's results must equal. */
import { hash } from "node:crypto";

export const sha256 = (...parts: Uint8Array[]): Buffer =>
  hash("sha256", parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts), "buffer");

export const leafHash = (entry: Uint8Array): Buffer => sha256(Uint8Array.of(0), entry);

export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  sha256(Uint8Array.of(1), left, right);

/** All levels of the tree over leaf hashes, the leaves first; an odd node rises as it is. */
export function treeLevels(leaves: readonly Uint8Array[]): Uint8Array[][] {
  const levels = [[...leaves]];
  for (let level = levels[0] ?? []; level.length > 1; levels.push(level)) {
    const below = level;
    level = [];
    for (let i = 0; i < below.length; i += 2) {
      const [left, right] = [below[i] as Uint8Array, below[i + 1]];
      level.push(right ? nodeHash(left, right) : left);
    }
  }
  return levels;
}

/** Sibling hashes from the leaf upward. */
export function inclusionProof(levels: readonly Uint8Array[][], index: number): Uint8Array[] {
  const proof: Uint8Array[] = [];
  levels.forEach((level, height) => {
    const sibling = level[(index >> height) ^ 1];
    if (sibling) proof.push(sibling);
  });
  return proof;
}

/** Bytes of no pattern, the same in every run. */
export function bytesFor(label: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0, i = 0; at < length; at += 32, i++) {
    bytes.set(sha256(Buffer.from(`${label} ${i}`)).subarray(0, length - at), at);
  }
  return bytes;
}
