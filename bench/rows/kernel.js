// @ts-check
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { exactly, summarize } from "../summary.js";

/** @import { Row } from "../row.js" */

const kernelBytes = () => readFileSync(new URL("../../dist/kernel.wasm", import.meta.url));

/** @type {Row} */
const size = {
  name: "kernel.size",
  unit: "bytes",
  item: "kernel, gzipped",
  measure: () => exactly(gzipSync(kernelBytes(), { level: 9 }).length),
};

/** @type {Row} */
const rawSize = {
  name: "kernel.size.raw",
  unit: "bytes",
  item: "kernel",
  measure: () => exactly(kernelBytes().length),
};

/** A leaf hash, its sibling and the root over the two, in hex. */
function smallestProof() {
  const [leafHash, sibling] = ["leaf", "sibling"].map((text) =>
    createHash("sha256").update(text).digest(),
  );
  const node = Buffer.concat([Buffer.of(1), leafHash ?? "", sibling ?? ""].map(Buffer.from));
  const root = createHash("sha256").update(node).digest();
  return [leafHash, sibling, root].map((hash) => hash?.toString("hex") ?? "");
}

/** Starts a process that measures itself, and reads the nanoseconds that it prints. */
/** @param {string} program @param {readonly string[]} args */
function coldRun(program, args) {
  const path = fileURLToPath(new URL(`../cold/${program}`, import.meta.url));
  const printed = execFileSync(process.execPath, [path, ...args], { encoding: "utf8" });
  const nanoseconds = Number(printed);
  if (!(nanoseconds > 0)) throw new Error(`${program} printed ${printed}`);
  return nanoseconds;
}

/** @type {Row} */
const cold = {
  name: "kernel.cold",
  unit: "ns/item",
  item: "start",
  measure({ quick }) {
    const rounds = quick ? 11 : 41;
    const proof = smallestProof();
    /** @type {number[]} */
    const ours = [];
    /** @type {number[]} */
    const theirs = [];
    // Once each for the machine's file cache.
    coldRun("writ.js", proof);
    try {
      coldRun("libsodium-wrappers.js", []);
    } catch (error) {
      const reason = String(error).split("\n")[0] ?? "";
      for (let i = 0; i < rounds; i++) ours.push(coldRun("writ.js", proof));
      return summarize(1, ours, {}, { "libsodium-wrappers": reason });
    }
    for (let i = 0; i < rounds; i++) {
      ours.push(coldRun("writ.js", proof));
      theirs.push(coldRun("libsodium-wrappers.js", []));
    }
    const note = "from import to ready, and nothing verified; ours includes a first proof";
    return summarize(1, ours, { "libsodium-wrappers": theirs }, {}, { "libsodium-wrappers": note });
  },
};

export const rows = [size, rawSize, cold];
