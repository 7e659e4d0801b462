// @ts-check
/** Proof bundles: what verifying an entry costs, and what memory a long log takes. */
import { spawnSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { bundleDemand } from "../bundle-demand.js";
import { CONCURRENT, DENIED, provenLog, RECHECKS } from "../bundle-world.js";
import { signedReceipts, verifyReceipts } from "../receipts.js";
import { exactly } from "../summary.js";

/** @import { Receipts } from "../receipts.js" */
/** @import { Row } from "../row.js" */

/** @typedef {{bytes: Uint8Array, receipts: Receipts}} Input */

const dist = new URL("../../dist/proof.js", import.meta.url).href;
const program = fileURLToPath(new URL("../cold/bundle.js", import.meta.url));
const MIB = 1 << 20;

const MIX =
  `${CONCURRENT} runs at a time, each decided on again every second for ${RECHECKS} s; one request of ` +
  `${DENIED} denied; trust refreshed every 10 s, a peer's cosignature every 30 s`;

/** @type {Row} */
const verify = {
  name: "bundle.verify",
  unit: "ns/item",
  item: "entry",
  async prepare({ kernel, quick }) {
    /** @type {typeof import("../../src/proof.js")} */
    const { verifyBundle } = await import(dist);
    const log = await provenLog(quick ? 5_000 : 100_000);
    const bytes = await bytesOf(log.bundle.pieces());
    const receipts = signedReceipts(log.size);
    const input = { bytes, receipts };
    const demand = bundleDemand(log);
    return {
      items: log.size,
      input,
      controls: [0.5, 0.999].map((share) => spoiled(input, share)),
      // How many were verified, and none where one was not: a bundle is one claim.
      ours: async (/** @type {Input} */ given) => {
        const { outcome } = await verifyBundle(kernel, given.bytes, demand);
        return [outcome === "PROVEN" ? log.size : 0];
      },
      peers: {
        "11/11 receipts": () => (/** @type {Input} */ given) => {
          const verified = verifyReceipts(given.receipts);
          return [verified === log.size ? verified : 0];
        },
      },
      notes: {
        ours:
          `a bundle of ${Math.round(bytes.length / MIB)} MiB, ${log.size.toLocaleString("en-US")} ` +
          `entries of a gate and ${log.bundle.manifest.trust.length} trust states, every decision made ` +
          `again: ${MIX}`,
        "11/11 receipts":
          "as many receipts as entries, each with its own signature, on node:crypto: canonical JSON, " +
          "SHA3-512, Ed25519 and the hash of the one before; nothing decided, no log, no witness",
      },
    };
  },
};

/** @type {Row} */
const memory = {
  name: "bundle.memory",
  unit: "MiB",
  item: "process at its peak",
  async measure({ quick }) {
    const folder = mkdtempSync(join(tmpdir(), "writ-bench-bundle-"));
    try {
      const log = await provenLog(quick ? 20_000 : 1_000_000);
      const file = join(folder, "bundle");
      await pipeline(log.bundle.pieces(), createWriteStream(file));
      const { size, now, roots } = log;
      const given = { now, roots: roots.map((root) => Buffer.from(root).toString("base64")) };
      const { stdout, stderr } = spawnSync(process.execPath, [program, file], {
        encoding: "utf8",
        input: JSON.stringify(given),
      });
      if (!stdout) throw new Error(/Error.*?: (.*)/.exec(stderr)?.[1] ?? "it printed nothing");
      /** @type {{peak: number, bytes: number, seconds: number}} */
      const { peak, bytes, seconds } = JSON.parse(stdout);
      return exactly(peak / MIB, {
        ours:
          `${size.toLocaleString("en-US")} entries, ${Math.round(bytes / MIB)} MiB read from a file as a ` +
          `stream, in a process of their own, in ${seconds.toFixed(0)} s; ${MIX}`,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** @param {AsyncIterable<Uint8Array>} pieces */
async function bytesOf(pieces) {
  const all = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}

/** With one bit wrong in each, about as far in. @param {Input} input @param {number} share @returns {Input} */
function spoiled({ bytes, receipts }, share) {
  const wrong = bytes.slice();
  const at = Math.floor(bytes.length * share);
  wrong[at] = (wrong[at] ?? 0) ^ 1;
  const lines = [...receipts.lines];
  const place = Math.floor(lines.length * share);
  lines[place] = (lines[place] ?? "").replace('"allow"', '"deny"');
  return { bytes: wrong, receipts: { ...receipts, lines } };
}

export const rows = [verify, memory];
