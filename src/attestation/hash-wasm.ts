/** Apart from the rest, so that a bundler makes it a chunk of its own, loaded on demand. */
import {
  createBLAKE2b,
  createBLAKE2s,
  createBLAKE3,
  createSHA3,
  createSHA384,
  createSM3,
} from "hash-wasm";
import type { LoadedAlgorithm } from "./digest.js";

/** A digest in progress, in hash-wasm's terms. */
export interface LoadedHasher {
  update(bytes: Uint8Array): unknown;
  digest(outputType: "hex"): string;
}

/** Each compiles WebAssembly, which some platforms refuse. */
export const OPENERS: Readonly<Record<LoadedAlgorithm, () => Promise<LoadedHasher>>> = {
  sha384: createSHA384,
  sha3_256: () => createSHA3(256),
  sha3_384: () => createSHA3(384),
  sha3_512: () => createSHA3(512),
  blake2b: () => createBLAKE2b(512),
  blake2s: () => createBLAKE2s(256),
  blake3: () => createBLAKE3(256),
  sm3: createSM3,
};
