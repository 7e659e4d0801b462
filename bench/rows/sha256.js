// @ts-check
import { createHash } from "node:crypto";
import { bytesFor, split } from "../bytes.js";
import { digestLoops } from "../peers.js";

/** @import { DigestInto } from "../peers.js" */
/** @import { Row } from "../row.js" */

const NODE_PREFIX = 1;

/** @type {Row} */
const node65 = {
  name: "sha256.node65",
  unit: "ns/item",
  item: "node",
  prepare({ kernel }) {
    const items = 4096;
    const input = bytesFor("sha256.node65", items * 64);
    const unprefixed = {
      note:
        "hashes the 64 bytes of a pair, having no way to put RFC 6962's 0x01 before them: as many " +
        "blocks, of which the second is constant",
      expected: Buffer.concat(
        split(input, 64).map((pair) => createHash("sha256").update(pair).digest()),
      ),
    };
    const nodes = new Uint8Array(items * 32);
    return {
      items,
      input,
      ours: (pairs) => kernel.nodeHashes(pairs, nodes),
      peers: {
        "as-sha256 hashInto": async () => {
          const { hashInto } = await import("@chainsafe/as-sha256");
          const out = Buffer.alloc(items * 32);
          return (pairs) => (hashInto(pairs, out), out);
        },
        ...digestLoops(
          ["hash-wasm", "crypto.hash latin1", "createHash", "createHash latin1", "@noble/hashes"],
          (digestInto) => {
            const node = Buffer.alloc(65, NODE_PREFIX);
            const out = Buffer.alloc(items * 32);
            return (pairs) => {
              for (let i = 0; i < items; i++) {
                node.set(pairs.subarray(i * 64, i * 64 + 64), 1);
                digestInto(node, out, i * 32);
              }
              return out;
            };
          },
        ),
        hashtree: async () => {
          const { hashInto } = (await import("@chainsafe/hashtree")).default;
          const out = Buffer.alloc(items * 32);
          return (pairs) => (hashInto(pairs, out), out);
        },
      },
      different: { "as-sha256 hashInto": unprefixed, hashtree: unprefixed },
    };
  },
};

/** @type {Row} */
const stream16M = {
  name: "sha256.stream16M",
  unit: "ns/item",
  item: "message",
  prepare({ kernelOnly }) {
    return {
      items: 1,
      input: bytesFor("sha256.stream16M", 16 << 20),
      ours: (message) => kernelOnly.hasher("sha256").update(message).digest(),
      peers: digestLoops(["hash-wasm", "@noble/hashes", "createHash"], (digestInto) => {
        const out = Buffer.alloc(32);
        return (message) => (digestInto(message, out, 0), out);
      }),
      notes: { createHash: "the platform's native code" },
    };
  },
};

/** What an embedder gets: the kernel, or the platform through it. @type {Row} */
const stream16MDefault = {
  name: "sha256.stream16M.default",
  unit: "ns/item",
  item: "message",
  prepare({ kernel }) {
    return {
      items: 1,
      input: bytesFor("sha256.stream16M", 16 << 20),
      ours: (message) => kernel.hasher("sha256").update(message).digest(),
      peers: digestLoops(["createHash"], (digestInto) => {
        const out = Buffer.alloc(32);
        return (message) => (digestInto(message, out, 0), out);
      }),
    };
  },
};

/** @type {Row} */
const small = {
  name: "sha256.small",
  unit: "ns/item",
  item: "message",
  prepare({ kernel }) {
    const items = 1000;
    /** @param {DigestInto} digestInto */
    const loop = (digestInto) => {
      const out = Buffer.alloc(items * 32);
      return (/** @type {Buffer[]} */ messages) => {
        for (let i = 0; i < items; i++) {
          digestInto(/** @type {Buffer} */ (messages[i]), out, i * 32);
        }
        return out;
      };
    };
    return {
      items,
      input: split(bytesFor("sha256.small", items * 64), 64),
      ours: loop((message, out, at) => out.set(kernel.sha256(message), at)),
      peers: {
        "as-sha256 digest64": async () => {
          const { digest64 } = await import("@chainsafe/as-sha256");
          return loop((message, out, at) => out.set(digest64(message), at));
        },
        ...digestLoops(["hash-wasm", "crypto.hash latin1", "createHash", "@noble/hashes"], loop),
      },
    };
  },
};

export const rows = [node65, stream16M, stream16MDefault, small];
