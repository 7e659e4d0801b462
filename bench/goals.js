// @ts-check
/** The goals of issues 3, 5, 6 and 7: `ratio` is the least, above 1 when ours is faster; `most` bounds ours. */

/** @type {Record<string, {ratio?: Record<string, number>, most?: number}>} */
export const goals = {
  "sha256.node65": {
    ratio: {
      "as-sha256 hashInto": 2,
      "hash-wasm": 4,
      "crypto.hash latin1": 2.2,
      createHash: 8,
      hashtree: 0.3,
    },
  },
  "sha256.stream16M": { ratio: { "hash-wasm": 1.2, "@noble/hashes": 2 } },
  "merkle.tree1M": {
    ratio: { "crypto.hash latin1": 5, "hash-wasm": 6, createHash: 10, merkletreejs: 10 },
  },
  // The best loop by hand is the faster of the two, so both are held to it.
  "merkle.inclusion": {
    ratio: { "node:crypto loop": 4, "node:crypto loop, nodes shared": 4, "@sigstore/verify": 10 },
  },
  "chain.links32": { ratio: { "crypto.hash latin1": 2.5 } },
  "chain.links256": { ratio: { "crypto.hash latin1": 1.5 } },
  "chain.append256": { ratio: { createHash: 2, "hash-wasm": 1.2 } },
  "ed25519.single": {
    ratio: { "node KeyObject": 1.3, "libsodium-wrappers": 1.3, "@noble/curves": 15 },
  },
  "ed25519.prepared": { ratio: { "node KeyObject": 3 } },
  "ed25519.batch64": { ratio: { "node KeyObject": 3, "sodium-native": 1.3 } },
  "ed25519.batch1024": { ratio: { "node KeyObject": 4.5, "sodium-native": 2 } },
  "ed25519.batch1024.onekey": { ratio: { "node KeyObject": 9, "sodium-native": 4 } },
  "authorization.admit3": { ratio: { "biscuit-wasm authorize": 1 } },
  "authorization.check": { ratio: { "cedar-wasm": 20 } },
  // Two microseconds, in nanoseconds.
  "gate.decide": { ratio: { "cedar-wasm": 20 }, most: 2_000 },
  "gate.run": { ratio: { "node:sqlite": 5 } },
  // Flat: what is left over a million decisions is the garbage collector's, not the gate's.
  "gate.memory": { most: 8 },
  "gate.revocation": { most: 250 },
  "bundle.verify": { ratio: { "11/11 receipts": 50 } },
  "bundle.memory": { most: 1024 },
  "kernel.size": { most: 28 * 1024 },
  "kernel.size.hashing": { most: 13 * 1024 },
  "kernel.cold": { ratio: { "libsodium-wrappers": 2 } },
  "memory.tree10M": { most: 300 },
};
