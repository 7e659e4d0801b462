// @ts-check
/** Bytes for inputs: the same ones in every run, and of no pattern that an engine could exploit. */
import { createCipheriv } from "node:crypto";

/** @param {string} label @param {number} length */
export function bytesFor(label, length) {
  const key = Buffer.alloc(32);
  key.write(label);
  return createCipheriv("chacha20", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Views of `size` bytes each. @param {Buffer} bytes @param {number} size */
export function split(bytes, size) {
  return Array.from({ length: bytes.length / size }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

/** A copy with one bit of byte `at` flipped. @param {Buffer} bytes @param {number} at */
export function flipped(bytes, at) {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
