// @ts-check
import * as crypto from "node:crypto";
import { createRequire } from "node:module";
import { bytesFor, split } from "../bytes.js";
import { digestLoops, fastestOfNode } from "../peers.js";

/** @import { Kernel } from "../../src/index.js" */
/** @import { Row } from "../row.js" */

const require = createRequire(import.meta.url);
const LEAF_PREFIX = 0;
const NODE_PREFIX = 1;

/** @type {Row} */
const tree1M = {
  name: "merkle.tree1M",
  unit: "ns/item",
  item: "entry",
  prepare({ kernel, quick }) {
    const items = quick ? 50_000 : 1_000_000;
    const CHUNK = 8192;
    return {
      items,
      input: split(bytesFor("merkle.tree1M", items * 32), 32),
      ours: (entries) => {
        const frontier = kernel.frontier();
        const hashes = new Uint8Array(CHUNK * 32);
        for (let i = 0; i < entries.length; i += CHUNK) {
          const chunk = entries.slice(i, i + CHUNK);
          frontier.append(kernel.leafHashes(chunk, hashes.subarray(0, chunk.length * 32)));
        }
        return frontier.root();
      },
      peers: {
        ...digestLoops(
          ["crypto.hash latin1", "hash-wasm", "createHash", "createHash latin1"],
          levelByLevel,
        ),
        merkletreejs: async () => {
          const { MerkleTree } = await import("merkletreejs");
          const leaf = Buffer.alloc(33, LEAF_PREFIX);
          const node = Buffer.alloc(65, NODE_PREFIX);
          const hash = nodeDigest();
          /** @param {Uint8Array} pair */
          const hashNode = (pair) => (node.set(pair, 1), hash(node));
          return (/** @type {Buffer[]} */ entries) => {
            const leaves = entries.map((entry) => (leaf.set(entry, 1), hash(leaf)));
            return new MerkleTree(leaves, hashNode).getRoot();
          };
        },
      },
      notes: { merkletreejs: "given node:crypto to hash with; its own default is slower" },
    };
  },
};

/** The fastest of this Node's digests that gives a Buffer. */
function nodeDigest() {
  const { hash, createHash } = crypto;
  return typeof hash === "function"
    ? (/** @type {Uint8Array} */ bytes) => hash("sha256", bytes, "buffer")
    : (/** @type {Uint8Array} */ bytes) => createHash("sha256").update(bytes).digest();
}

/**
 * The root by hand. A level is kept as records of prefix, left and right, so that each hash is
 * written to where the level above will hash it, and nothing is copied between.
 * @param {import("../peers.js").DigestInto} digestInto
 */
function levelByLevel(digestInto) {
  const leaf = Buffer.alloc(33, LEAF_PREFIX);
  /** @param {number} i */
  const placeOf = (i) => (i >> 1) * 65 + 1 + (i & 1) * 32;
  return (/** @type {Buffer[]} */ entries) => {
    let count = entries.length;
    const level = Buffer.alloc(((count + 1) >> 1) * 65, NODE_PREFIX);
    for (let i = 0; i < count; i++) {
      leaf.set(/** @type {Buffer} */ (entries[i]), 1);
      digestInto(leaf, level, placeOf(i));
    }
    for (; count > 1; count = (count + 1) >> 1) {
      const nodes = count >> 1;
      for (let i = 0; i < nodes; i++) {
        digestInto(level.subarray(i * 65, i * 65 + 65), level, placeOf(i));
        // The record just written may be half of one that is hashed later in this very level.
        level[(i >> 1) * 65] = NODE_PREFIX;
      }
      // RFC 6962: a node without a sibling stands for itself one level up.
      if (count % 2 === 1) level.copyWithin(placeOf(nodes), nodes * 65 + 1, nodes * 65 + 33);
    }
    return level.subarray(1, 33);
  };
}

/**
 * @typedef {{index: bigint, entry: Buffer, proof: Buffer[]}} Claim
 * @typedef {{size: bigint, root: Uint8Array, claims: Claim[]}} Claims
 */

/** @type {Row} */
const inclusion = {
  name: "merkle.inclusion",
  unit: "ns/item",
  item: "proof",
  prepare({ kernel, quick }) {
    const items = quick ? 10_000 : 100_000;
    const input = claimsOfDepth20(kernel, items);
    return {
      items,
      input,
      controls: [0, 500, 999].map((at) => spoiled(input, 1000, at)),
      // Entry and proof in, the list of claims that do not hold out.
      ours: (/** @type {Claims} */ { size, root, claims }) => {
        const hashes = kernel.leafHashes(claims.map(({ entry }) => entry));
        const results = kernel.checkInclusions(
          claims.map(({ index, proof }, i) => ({
            index,
            size,
            root,
            leafHash: hashes.subarray(i * 32, i * 32 + 32),
            proof,
          })),
        );
        const bad = [];
        for (let i = 0; i < results.length; i++) if (results[i]?.status !== "ok") bad.push(i);
        return bad;
      },
      peers: {
        "node:crypto loop": byHand,
        "node:crypto loop, nodes shared": byHandSharing,
        "@sigstore/verify": () => {
          // The inclusion check is not among what the package exports by name. It is called with
          // the fields that it reads, fewer than its types ask for.
          /** @type {{verifyMerkleInclusion: (entry: object, checkpoint: object) => void}} */
          const { verifyMerkleInclusion } = require("@sigstore/verify/dist/tlog/merkle.js");
          return (/** @type {Claims} */ { size, root, claims }) => {
            const checkpoint = { logSize: size, logHash: root };
            const bad = [];
            for (let i = 0; i < claims.length; i++) {
              const { index, entry, proof } = /** @type {Claim} */ (claims[i]);
              const inclusionProof = { logIndex: index, hashes: proof };
              try {
                verifyMerkleInclusion({ inclusionProof, canonicalizedBody: entry }, checkpoint);
              } catch {
                bad.push(i);
              }
            }
            return bad;
          };
        },
      },
    };
  },
};

/** Only for a full tree, where every proof has the same length: less work than ours and sigstore's. */
async function byHand() {
  const digestInto = await fastestOfNode();
  const leaf = Buffer.alloc(33, LEAF_PREFIX);
  const node = Buffer.alloc(65, NODE_PREFIX);
  const found = Buffer.alloc(32);
  return (/** @type {Claims} */ { root, claims }) => {
    const bad = [];
    for (let i = 0; i < claims.length; i++) {
      const { index, entry, proof } = /** @type {Claim} */ (claims[i]);
      leaf.set(entry, 1);
      let bits = Number(index);
      digestInto(leaf, node, bits & 1 ? 33 : 1);
      for (let level = 0; level < proof.length; level++) {
        node.set(/** @type {Buffer} */ (proof[level]), bits & 1 ? 1 : 33);
        bits >>>= 1;
        if (level === proof.length - 1) digestInto(node, found, 0);
        else digestInto(node, node, bits & 1 ? 33 : 1);
      }
      if (proof.length !== 20 || bits !== 0 || !found.equals(root)) bad.push(i);
    }
    return bad;
  };
}

/**
 * The same with a memory of its own for each batch: the pair last hashed at each of the upper
 * nodes, of which there are fewer than proofs. No more hashing than a careful programmer has to do.
 */
async function byHandSharing() {
  const digestInto = await fastestOfNode();
  const leaf = Buffer.alloc(33, LEAF_PREFIX);
  const node = Buffer.alloc(65, NODE_PREFIX);
  const PAIR_AND_HASH = 96;
  return (/** @type {Claims} */ { root, claims }) => {
    const depth = claims[0]?.proof.length ?? 0;
    const from = Math.max(0, depth - Math.floor(Math.log2(claims.length)));
    // As a heap: the root is node 1, the children of node n are 2n and 2n + 1.
    const known = Buffer.alloc((1 << (depth - from)) * PAIR_AND_HASH);
    const bad = [];
    for (let i = 0; i < claims.length; i++) {
      const { index, entry, proof } = /** @type {Claim} */ (claims[i]);
      leaf.set(entry, 1);
      let bits = Number(index);
      digestInto(leaf, node, bits & 1 ? 33 : 1);
      for (let level = 0; level < proof.length; level++) {
        node.set(/** @type {Buffer} */ (proof[level]), bits & 1 ? 1 : 33);
        bits >>>= 1;
        const to = bits & 1 ? 33 : 1;
        if (level < from) {
          digestInto(node, node, to);
          continue;
        }
        const at = ((1 << (depth - 1 - level)) + bits) * PAIR_AND_HASH;
        if (known.compare(node, 1, 65, at, at + 64) !== 0) {
          known.set(node.subarray(1), at);
          digestInto(node, known, at + 64);
        }
        known.copy(node, to, at + 64, at + 96);
      }
      const ok = proof.length === 20 && bits === 0 && node.compare(root, 0, 32, 1, 33) === 0;
      if (!ok) bad.push(i);
    }
    return bad;
  };
}

/** @param {Kernel} kernel @param {number} count @returns {Claims} */
function claimsOfDepth20(kernel, count) {
  const size = 1 << 20;
  const entries = split(bytesFor("merkle.inclusion", size * 32), 32);
  const levels = [kernel.leafHashes(entries)];
  for (let level = levels[0]; level && level.length > 32;) {
    level = kernel.nodeHashes(level);
    levels.push(level);
  }
  const root = /** @type {Uint8Array} */ (levels.pop());
  const chosen = bytesFor("merkle.inclusion chosen", count * 4);
  /** @type {Set<number>} */
  const taken = new Set();
  const claims = Array.from({ length: count }, (_, i) => {
    let index = chosen.readUInt32LE(i * 4) % size;
    // No leaf twice: two equal claims are one claim's work.
    while (taken.has(index)) index = (index + 1) % size;
    taken.add(index);
    // Each proof has bytes of its own, as when it was read from a file or a request.
    const bytes = Buffer.alloc(levels.length * 32);
    levels.forEach((level, k) => {
      const sibling = (index >> k) ^ 1;
      bytes.set(level.subarray(sibling * 32, sibling * 32 + 32), k * 32);
    });
    const entry = Buffer.from(/** @type {Buffer} */ (entries[index]));
    return { index: BigInt(index), entry, proof: split(bytes, 32) };
  });
  return { size: BigInt(size), root, claims };
}

/**
 * The first claims, with one bit wrong in one hash of the proof of one.
 * @param {Claims} input @param {number} count @param {number} at
 */
function spoiled(input, count, at) {
  const claims = input.claims.slice(0, count);
  const claim = /** @type {Claim} */ (claims[at]);
  const proof = claim.proof.map((hash) => Buffer.from(hash));
  const hash = /** @type {Buffer} */ (proof[at % proof.length]);
  hash[31] = (hash[31] ?? 0) ^ 1;
  claims[at] = { ...claim, proof };
  return { ...input, claims };
}

export const rows = [tree1M, inclusion];
