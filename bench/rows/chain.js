// @ts-check
/** Chains: the first 32 bytes of entry i are the leaf hash of entry i-1 (RFC 6962, section 2.1). */
import { createHash } from "node:crypto";
import { bytesFor, flipped, split } from "../bytes.js";
import { digestLoops } from "../peers.js";

/** @import { Row } from "../row.js" */

const ENTRIES = 8192;

/** @param {string} name @param {number} size */
function storedChain(name, size) {
  const bytes = bytesFor(name, ENTRIES * size);
  for (let i = 1; i < ENTRIES; i++) {
    const before = bytes.subarray((i - 1) * size, i * size);
    bytes.set(createHash("sha256").update(Buffer.alloc(1)).update(before).digest(), i * size);
  }
  return bytes;
}

/** @param {Uint8Array} entry @param {Uint8Array} hashes @param {number} at */
function pointsTo(entry, hashes, at) {
  for (let k = 0; k < 32; k++) if (entry[k] !== hashes[at + k]) return false;
  return true;
}

/**
 * The result is the list of entries that do not hold the leaf hash of the one before.
 * @param {number} size @returns {Row}
 */
function links(size) {
  const name = `chain.links${size}`;
  return {
    name,
    unit: "ns/item",
    item: "link",
    prepare({ kernel }) {
      const bytes = storedChain(name, size);
      const hashes = new Uint8Array((ENTRIES - 1) * 32);
      return {
        items: ENTRIES - 1,
        input: split(bytes, size),
        controls: [1, 1000, ENTRIES - 1].map((i) => split(flipped(bytes, i * size + 31), size)),
        ours: (entries) => {
          kernel.leafHashes(entries.slice(0, -1), hashes);
          const broken = [];
          for (let i = 1; i < entries.length; i++) {
            const entry = /** @type {Buffer} */ (entries[i]);
            if (!pointsTo(entry, hashes, (i - 1) * 32)) broken.push(i);
          }
          return broken;
        },
        peers: digestLoops(["crypto.hash latin1", "hash-wasm", "createHash"], (digestInto) => {
          const leaf = Buffer.alloc(1 + size);
          const hash = Buffer.alloc(32);
          return (entries) => {
            const broken = [];
            for (let i = 1; i < entries.length; i++) {
              leaf.set(/** @type {Buffer} */ (entries[i - 1]), 1);
              digestInto(leaf, hash, 0);
              if (!pointsTo(/** @type {Buffer} */ (entries[i]), hash, 0)) broken.push(i);
            }
            return broken;
          };
        }),
      };
    },
  };
}

/** @type {Row} */
const append256 = {
  name: "chain.append256",
  unit: "ns/item",
  item: "entry",
  prepare({ kernel }) {
    const items = 1000;
    return {
      items,
      // What each entry holds behind the leaf hash of the one before.
      input: split(bytesFor("chain.append256", items * 224), 224),
      ours: (contents) => {
        const entry = new Uint8Array(256);
        for (const content of contents) {
          entry.set(content, 32);
          entry.set(kernel.leafHash(entry));
        }
        return entry.subarray(0, 32);
      },
      peers: digestLoops(["createHash", "hash-wasm", "crypto.hash latin1"], (digestInto) => {
        return (contents) => {
          const leaf = Buffer.alloc(257);
          for (const content of contents) {
            leaf.set(content, 33);
            digestInto(leaf, leaf, 1);
          }
          return leaf.subarray(1, 33);
        };
      }),
    };
  },
};

export const rows = [links(32), links(256), append256];
