// @ts-check
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { bytesFor, flipped, split } from "../bytes.js";
import { RowNotRun } from "../not-run.js";

/** @import { KeyObject } from "node:crypto" */
/** @import { Ed25519Status, SignatureClaim } from "../../src/index.js" */
/** @import { Row } from "../row.js" */

/**
 * `keyObject` is the key as node:crypto wants it, parsed before the clock starts.
 * @typedef {{key: Buffer, keyObject: KeyObject, message: Buffer, signature: Buffer}} Signed
 */

const MESSAGE_BYTES = 128;
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** @param {string} label @param {number} count @param {number} keys @returns {Signed[]} */
function signed(label, count, keys) {
  const pairs = split(bytesFor(`${label} keys`, keys * 32), 32).map((seed) => {
    const key = Buffer.concat([PKCS8, seed]);
    const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
    const keyObject = createPublicKey(privateKey);
    const raw = keyObject.export({ format: "der", type: "spki" }).subarray(-32);
    return { privateKey, keyObject, key: Buffer.from(raw) };
  });
  return split(bytesFor(label, count * MESSAGE_BYTES), MESSAGE_BYTES).map((message, i) => {
    const { privateKey, keyObject, key } = /** @type {(typeof pairs)[0]} */ (pairs[i % keys]);
    return { key, keyObject, message, signature: sign(null, message, privateKey) };
  });
}

/** The same, one of them with a bit wrong in S. @param {Signed[]} all @param {number} at */
function spoiled(all, at) {
  const copy = [...all];
  const one = /** @type {Signed} */ (copy[at]);
  copy[at] = { ...one, signature: flipped(one.signature, 32) };
  return copy;
}

/**
 * Checks one after the other; the result is the list of those that are not valid.
 * @param {(one: Signed) => boolean} check
 */
function each(check) {
  return (/** @type {Signed[]} */ all) => {
    const bad = [];
    for (let i = 0; i < all.length; i++) if (!check(/** @type {Signed} */ (all[i]))) bad.push(i);
    return bad;
  };
}

/** @param {readonly Ed25519Status[]} statuses */
function badOnes(statuses) {
  const indices = [];
  for (let i = 0; i < statuses.length; i++) if (statuses[i] !== "ok") indices.push(i);
  return indices;
}

const peers = {
  "node KeyObject": () =>
    each(({ keyObject, message, signature }) => verify(null, message, keyObject, signature)),
  "libsodium-wrappers": async () => {
    const { default: sodium } = await import("libsodium-wrappers");
    await sodium.ready;
    return each(({ key, message, signature }) =>
      sodium.crypto_sign_verify_detached(signature, message, key),
    );
  },
  "sodium-native": async () => {
    // @ts-expect-error it has no type declarations
    const { default: sodium } = await import("sodium-native");
    return each(({ key, message, signature }) =>
      sodium.crypto_sign_verify_detached(signature, message, key),
    );
  },
};

/** @type {Row} */
const single = {
  name: "ed25519.single",
  unit: "ns/item",
  item: "signature",
  prepare({ kernel, quick }) {
    // A key for each, and more than a kernel would remember between calls: nothing is prepared here.
    const items = quick ? 8 : 128;
    const input = signed("ed25519.single", items, items);
    return {
      items,
      input,
      controls: [0, items - 1].map((at) => spoiled(input, at)),
      ours: each((one) => kernel.checkEd25519(one) === "ok"),
      peers: {
        ...peers,
        "@noble/curves": async () => {
          const { ed25519 } = await import("@noble/curves/ed25519.js");
          return each(({ key, message, signature }) => ed25519.verify(signature, message, key));
        },
      },
    };
  },
};

/** @param {string} name @param {number} count @param {number} keys @returns {Row} */
function batch(name, count, keys) {
  return {
    name,
    unit: "ns/item",
    item: "signature",
    prepare({ kernel }) {
      const input = signed(name, count, keys);
      return {
        items: count,
        input,
        controls: [0, count - 1].map((at) => spoiled(input, at)),
        ours: (all) => badOnes(kernel.checkEd25519Many(all)),
        peers,
      };
    },
  };
}

/** @typedef {{prepareKey?: (key: Uint8Array) => unknown}} Preparing */

/** The keys of a domain: few, known beforehand, each used again and again. @type {Row} */
const prepared = {
  name: "ed25519.prepared",
  unit: "ns/item",
  item: "signature",
  prepare({ kernel, quick }) {
    const preparing = /** @type {Preparing} */ (/** @type {unknown} */ (kernel));
    if (!preparing.prepareKey) throw new RowNotRun("this kernel has no prepareKey");
    const KEYS = 4;
    const input = signed("ed25519.prepared", quick ? 8 : 32, KEYS);
    /** @type {Map<Buffer, SignatureClaim["key"]>} */
    const handles = new Map();
    for (const { key } of input) {
      if (handles.has(key)) continue;
      handles.set(key, /** @type {SignatureClaim["key"]} */ (preparing.prepareKey(key)));
    }
    return {
      items: input.length,
      input,
      controls: [0, input.length - 1].map((at) => spoiled(input, at)),
      ours: each(({ key, message, signature }) => {
        const claim = { key: /** @type {Uint8Array} */ (handles.get(key)), message, signature };
        return kernel.checkEd25519(claim) === "ok";
      }),
      peers,
      notes: {
        ours: `${KEYS} keys, prepared before the clock starts, as the peer's KeyObjects are`,
      },
    };
  },
};

/** @param {number} workers @returns {Row} */
function pool(workers) {
  const name = `ed25519.pool${workers}`;
  return {
    name,
    unit: "ns/item",
    item: "signature",
    async prepare({ kernel, quick }) {
      const items = quick ? 1024 : 4096;
      const dist = new URL("../../dist/pool.js", import.meta.url).href;
      /** @type {typeof import("../../src/pool.js")} */
      const { openPool } = await import(dist);
      const workersPool = await openPool(workers);
      const input = signed(name, items, items);
      return {
        items,
        input,
        controls: [0, items - 1].map((at) => spoiled(input, at)),
        ours: async (all) => badOnes(await workersPool.checkEd25519Many(all)),
        peers: { "kernel, one thread": () => (all) => badOnes(kernel.checkEd25519Many(all)) },
      };
    },
  };
}

export const rows = [
  single,
  prepared,
  batch("ed25519.batch64", 64, 64),
  batch("ed25519.batch1024", 1024, 1024),
  batch("ed25519.batch1024.onekey", 1024, 1),
  pool(1),
  pool(2),
];
