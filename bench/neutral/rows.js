// @ts-check
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { bestDrive, sha256 as webSha256 } from "./webcrypto.js";

/** @import { Kernel } from "../../src/index.js" */
/** @import { Contest } from "../compare.js" */

/**
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 * @typedef {{
 *   name: string,
 *   item: string,
 *   prepare: (kernel: Kernel, quick: boolean) => Contest<any> | Promise<Contest<any>>,
 * }} NeutralRow
 * @typedef {{key: Bytes, message: Bytes, signature: Bytes, cryptoKey: CryptoKey | undefined}} Signed
 */

const LEAF_PREFIX = 0;
const NODE_PREFIX = 1;
const MESSAGE_BYTES = 128;

/** The same bytes in every run, of no pattern: xorshift32. @param {number} length @param {number} seed */
function bytesFor(length, seed) {
  const bytes = new Uint8Array(length);
  let x = seed * 0x9e3779b1 || 1;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x >>> 24;
  }
  return bytes;
}

/** @param {Bytes} bytes @param {number} size */
function split(bytes, size) {
  return Array.from({ length: bytes.length / size }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

/**
 * Peers that write the nodes over pairs of hashes to `out`.
 * @typedef {(pairs: Bytes, nodes: number, out: Bytes) => void | Promise<void>} HashNodes
 */

/** @type {HashNodes} */
const nobleNodes = (pairs, nodes, out) => {
  const node = new Uint8Array(65).fill(NODE_PREFIX);
  for (let i = 0; i < nodes; i++) {
    node.set(pairs.subarray(i * 64, i * 64 + 64), 1);
    out.set(nobleSha256(node), i * 32);
  }
};

/** @param {Record<string, string>} notes @returns {Promise<HashNodes>} */
async function webNodes(notes) {
  const message = new Uint8Array(65).fill(NODE_PREFIX);
  const { drive, note } = await bestDrive(1024, async () => void (await webSha256(message)));
  notes["WebCrypto"] = note;
  return (pairs, nodes, out) =>
    drive(nodes, async (i) => {
      // The platform copies it before it returns, but only the newest engines are told to.
      const node = new Uint8Array(65);
      node[0] = NODE_PREFIX;
      node.set(pairs.subarray(i * 64, i * 64 + 64), 1);
      out.set(await webSha256(node), i * 32);
    });
}

/** @type {NeutralRow} */
const node65 = {
  name: "sha256.node65",
  item: "node",
  prepare(kernel) {
    const items = 4096;
    /** @type {Record<string, string>} */
    const notes = {};
    return {
      items,
      input: bytesFor(items * 64, 1),
      ours: (/** @type {Bytes} */ pairs) => kernel.nodeHashes(pairs),
      peers: {
        WebCrypto: async () => {
          const hashNodes = await webNodes(notes);
          return async (/** @type {Bytes} */ pairs) => {
            const out = new Uint8Array(items * 32);
            await hashNodes(pairs, items, out);
            return out;
          };
        },
        "@noble/hashes": () => (/** @type {Bytes} */ pairs) => {
          const out = new Uint8Array(items * 32);
          void nobleNodes(pairs, items, out);
          return out;
        },
      },
      notes,
    };
  },
};

/** @type {NeutralRow} */
const stream16M = {
  name: "sha256.stream16M",
  item: "message",
  prepare(kernel) {
    return {
      items: 1,
      input: bytesFor(16 << 20, 2),
      ours: (/** @type {Bytes} */ message) => kernel.hasher("sha256").update(message).digest(),
      peers: {
        WebCrypto: () => webSha256,
        "@noble/hashes": () => (/** @type {Bytes} */ message) => nobleSha256(message),
      },
      notes: { WebCrypto: "the platform's native code" },
    };
  },
};

/** The root, level by level. @param {Bytes[]} entries @param {HashNodes} hashNodes @param {Bytes} level */
async function rootOver(entries, hashNodes, level) {
  let count = entries.length;
  for (; count > 1; count = (count + 1) >> 1) {
    const nodes = count >> 1;
    const above = new Uint8Array(((count + 1) >> 1) * 32);
    await hashNodes(level, nodes, above);
    // RFC 6962: a node without a sibling stands for itself one level up.
    if (count % 2 === 1) above.set(level.subarray(nodes * 64, nodes * 64 + 32), nodes * 32);
    level = above;
  }
  return level;
}

/** @type {NeutralRow} */
const tree = {
  name: "merkle.tree100k",
  item: "entry",
  prepare(kernel, quick) {
    const items = quick ? 10_000 : 100_000;
    const CHUNK = 8192;
    /** @type {Record<string, string>} */
    const notes = {};
    return {
      items,
      input: split(bytesFor(items * 32, 3), 32),
      ours: (/** @type {Bytes[]} */ entries) => {
        const frontier = kernel.frontier();
        for (let i = 0; i < entries.length; i += CHUNK) {
          frontier.append(kernel.leafHashes(entries.slice(i, i + CHUNK)));
        }
        return frontier.root();
      },
      peers: {
        WebCrypto: async () => {
          const hashNodes = await webNodes(notes);
          const sample = new Uint8Array(33);
          const { drive } = await bestDrive(1024, async () => void (await webSha256(sample)));
          return async (/** @type {Bytes[]} */ entries) => {
            const hashes = new Uint8Array(entries.length * 32);
            await drive(entries.length, async (i) => {
              const leaf = new Uint8Array(33);
              leaf.set(/** @type {Bytes} */ (entries[i]), 1);
              hashes.set(await webSha256(leaf), i * 32);
            });
            return rootOver(entries, hashNodes, hashes);
          };
        },
        "@noble/hashes": () => async (/** @type {Bytes[]} */ entries) => {
          const leaf = new Uint8Array(33).fill(LEAF_PREFIX);
          const hashes = new Uint8Array(entries.length * 32);
          for (let i = 0; i < entries.length; i++) {
            leaf.set(/** @type {Bytes} */ (entries[i]), 1);
            hashes.set(nobleSha256(leaf), i * 32);
          }
          return rootOver(entries, nobleNodes, hashes);
        },
      },
      notes,
    };
  },
};

/** As many keys as signatures. @param {number} count @param {number} seed @returns {Promise<Signed[]>} */
async function signed(count, seed) {
  const secrets = split(bytesFor(count * 32, seed), 32);
  const messages = split(bytesFor(count * MESSAGE_BYTES, seed + 1), MESSAGE_BYTES);
  return Promise.all(
    messages.map(async (message, i) => {
      const secret = /** @type {Bytes} */ (secrets[i]);
      const key = Uint8Array.from(ed25519.getPublicKey(secret));
      const signature = Uint8Array.from(ed25519.sign(message, secret));
      // Where the platform has no Ed25519, its peer says so below.
      const cryptoKey = await importKey(key).catch(() => undefined);
      return { key, message, signature, cryptoKey };
    }),
  );
}

/** @param {Bytes} key */
function importKey(key) {
  return crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
}

/** @param {Signed[]} all @param {number} at */
function spoiled(all, at) {
  const copy = [...all];
  const one = /** @type {Signed} */ (copy[at]);
  const signature = one.signature.slice();
  signature[32] = (signature[32] ?? 0) ^ 1;
  copy[at] = { ...one, signature };
  return copy;
}

/** Indices of those that are not valid. @param {readonly boolean[]} valid */
function bad(valid) {
  const indices = [];
  for (let i = 0; i < valid.length; i++) if (!valid[i]) indices.push(i);
  return indices;
}

/**
 * @param {string} name @param {number} items
 * @param {(kernel: Kernel, all: Signed[]) => boolean[]} ours
 * @param {boolean} noble whether it is given so many
 * @returns {NeutralRow}
 */
function signatures(name, items, ours, noble) {
  return {
    name,
    item: "signature",
    async prepare(kernel) {
      const input = await signed(items, 4);
      /** @type {Record<string, string>} */
      const notes = {};
      return {
        items,
        input,
        controls: [0, items - 1].map((at) => spoiled(input, at)),
        ours: (/** @type {Signed[]} */ all) => bad(ours(kernel, all)),
        peers: {
          WebCrypto: async () => {
            const first = /** @type {Signed} */ (input[0]);
            // Throws the platform's own reason where it has no Ed25519.
            await importKey(first.key);
            /** @param {Signed} one */
            const verify = ({ cryptoKey, signature, message }) => {
              const key = /** @type {CryptoKey} */ (cryptoKey);
              return crypto.subtle.verify("Ed25519", key, signature, message);
            };
            const { drive, note } = await bestDrive(Math.min(items, 256), async (i) => {
              await verify(/** @type {Signed} */ (input[i]));
            });
            notes["WebCrypto"] = `${note}; its keys are imported before the clock starts`;
            return async (/** @type {Signed[]} */ all) => {
              /** @type {boolean[]} */
              const valid = Array.from({ length: all.length }, () => false);
              await drive(all.length, async (i) => {
                valid[i] = await verify(/** @type {Signed} */ (all[i]));
              });
              return bad(valid);
            };
          },
          "@noble/curves": () => {
            if (!noble) throw new Error("it has no batches: as in ed25519.batch64");
            return (/** @type {Signed[]} */ all) =>
              bad(
                all.map(({ key, message, signature }) => ed25519.verify(signature, message, key)),
              );
          },
        },
        notes,
      };
    },
  };
}

/** @param {Kernel} kernel @param {Signed[]} all */
const oneByOne = (kernel, all) => all.map((one) => kernel.checkEd25519(one) === "ok");
/** @param {Kernel} kernel @param {Signed[]} all */
const together = (kernel, all) => kernel.checkEd25519Many(all).map((status) => status === "ok");

/** @type {readonly NeutralRow[]} */
export const rows = [
  node65,
  stream16M,
  tree,
  signatures("ed25519.single", 32, oneByOne, true),
  signatures("ed25519.batch64", 64, together, true),
  signatures("ed25519.batch1024", 1024, together, false),
];
