// @ts-check
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

/** As build/kernel.js has it; no more than the sources ask for, so it does not change the size. */
const PAGES = "64";

/** What of the kernel's exports is for signatures. */
const SIGNATURES = /ed25519|sha512|key/i;

/**
 * The kernel's own sources, built as build/kernel.js does, with an entry that leaves signatures out.
 * @type {Row}
 */
const hashingSize = {
  name: "kernel.size.hashing",
  unit: "bytes",
  item: "kernel without signatures, gzipped",
  async measure() {
    const { default: asc } = await import("assemblyscript/asc");
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const names = WebAssembly.Module.exports(new WebAssembly.Module(kernelBytes()))
      .filter(({ name, kind }) => kind === "function" && !SIGNATURES.test(name))
      .map(({ name }) => name);
    mkdirSync(`${root}/dist/bench`, { recursive: true });
    const entry = "dist/bench/hashing.ts";
    const out = "dist/bench/hashing.wasm";
    writeFileSync(
      `${root}/${entry}`,
      `export { ${names.join(", ")} } from "../../assembly/index";\n`,
    );
    const { error, stderr } = await asc.main(
      [
        [entry, "--baseDir", root, "--outFile", out],
        ["--runtime", "stub", "--enable", "simd", "--use", "abort="],
        ["-O3", "--converge", "--noAssert", "--zeroFilledMemory"],
        ["--initialMemory", PAGES, "--maximumMemory", PAGES],
      ].flat(),
    );
    if (error) throw new Error(`${error.message} ${stderr}`);
    const bytes = readFileSync(`${root}/${out}`);
    const left = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).length - 1;
    if (left !== names.length) throw new Error(`expected ${names.length} exports, found ${left}`);
    return exactly(gzipSync(bytes, { level: 9 }).length, { ours: `exports ${names.join(", ")}` });
  },
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

/**
 * Starts a process that measures itself, and reads the nanoseconds that it prints.
 * @param {string} program @param {readonly string[]} args
 */
function coldRun(program, args = []) {
  const path = fileURLToPath(new URL(`../cold/${program}.js`, import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: "utf8" });
  const nanoseconds = Number(stdout);
  if (nanoseconds > 0) return nanoseconds;
  const reason = /Error.*?: (.*)/.exec(stderr)?.[1] ?? `${program} printed no time`;
  throw new Error(reason.replace(/ imported from .*/, ""));
}

/** @type {Row} */
const cold = {
  name: "kernel.cold",
  unit: "ns/item",
  item: "start",
  measure({ quick }) {
    const PEER = "libsodium-wrappers";
    const proof = smallestProof();
    // Once each, for the machine's file cache, and to see whether the peer runs at all.
    coldRun("writ", proof);
    /** @type {Record<string, string>} */
    const notRun = {};
    try {
      coldRun(PEER);
    } catch (error) {
      notRun[PEER] = error instanceof Error ? error.message : String(error);
    }
    /** @type {number[]} */
    const ours = [];
    /** @type {number[]} */
    const theirs = [];
    for (let rounds = quick ? 11 : 41; rounds > 0; rounds--) {
      ours.push(coldRun("writ", proof));
      if (!notRun[PEER]) theirs.push(coldRun(PEER));
    }
    if (notRun[PEER]) return summarize(1, ours, {}, notRun);
    const note = "from import to ready, and nothing verified; ours includes a first proof";
    return summarize(1, ours, { [PEER]: theirs }, notRun, { [PEER]: note });
  },
};

export const rows = [size, hashingSize, rawSize, cold];
