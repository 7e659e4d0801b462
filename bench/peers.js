// @ts-check
/**
 * Peers that hash one message at a time, as the loops of several rows need them. Each writes the
 * SHA-256 of `message` into `out` at `at`, by the fastest way that the peer has for it.
 */
import * as crypto from "node:crypto";

/** @typedef {(message: Uint8Array, out: Buffer, at: number) => void} DigestInto */

/**
 * What Node has and its type declarations leave out.
 * @typedef {(algorithm: string, data: Uint8Array, encoding: "latin1") => string} HashToLatin1
 * @typedef {{update: (data: Uint8Array) => {digest: (encoding: "latin1") => string}}} LatinHash
 * @typedef {{latin1Write: (text: string, at: number, length: number) => number}} Latin1Buffer
 */

/** @type {Record<string, () => DigestInto | Promise<DigestInto>>} */
const digesters = {
  "crypto.hash latin1": () => {
    // Node 20.12 and 21.7 brought it; a string of 32 characters costs less than a Buffer.
    const hash = /** @type {HashToLatin1} */ (/** @type {unknown} */ (crypto.hash));
    if (typeof hash !== "function") throw new Error("this Node has no crypto.hash");
    return (message, out, at) => {
      const target = /** @type {Latin1Buffer} */ (/** @type {unknown} */ (out));
      target.latin1Write(hash("sha256", message, "latin1"), at, 32);
    };
  },
  createHash: () => (message, out, at) =>
    out.set(crypto.createHash("sha256").update(message).digest(), at),
  // The string costs half of what the Buffer does, here too; few write it that way.
  "createHash latin1": () => (message, out, at) => {
    const target = /** @type {Latin1Buffer} */ (/** @type {unknown} */ (out));
    const hash = /** @type {LatinHash} */ (/** @type {unknown} */ (crypto.createHash("sha256")));
    target.latin1Write(hash.update(message).digest("latin1"), at, 32);
  },
  "hash-wasm": async () => {
    const { createSHA256 } = await import("hash-wasm");
    const hasher = await createSHA256();
    return (message, out, at) => out.set(hasher.init().update(message).digest("binary"), at);
  },
  "@noble/hashes": async () => {
    const { sha256 } = await import("@noble/hashes/sha2.js");
    return (message, out, at) => out.set(sha256(message), at);
  },
};

/**
 * @typedef {"crypto.hash latin1" | "createHash" | "createHash latin1" | "hash-wasm" |
 *   "@noble/hashes"} DigesterName
 */

/**
 * The named peers, each driving the loop that `write` makes of it.
 * @template Input
 * @param {readonly DigesterName[]} names
 * @param {(digestInto: DigestInto) => import("./compare.js").Peer<Input>} write
 * @returns {Record<string, () => Promise<import("./compare.js").Peer<Input>>>}
 */
export function digestLoops(names, write) {
  return Object.fromEntries(names.map((name) => [name, async () => write(await digester(name))]));
}

/** @param {DigesterName} name @returns {Promise<DigestInto>} */
export async function digester(name) {
  const load = digesters[name];
  if (!load) throw new Error(`no digester is called ${name}`);
  return load();
}

/** The fastest of this Node's own one-shot digests. @returns {Promise<DigestInto>} */
export function fastestOfNode() {
  return digester(typeof crypto.hash === "function" ? "crypto.hash latin1" : "createHash latin1");
}
