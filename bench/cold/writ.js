// @ts-check
/** Prints the nanoseconds from the start of the import to the first inclusion proof checked. */
const [leafHash, sibling, root] = process.argv
  .slice(2)
  .map((hex) => new Uint8Array(Buffer.from(hex, "hex")));
if (!leafHash || !sibling || !root)
  throw new Error("expected a leaf hash, its sibling and the root");

const dist = new URL("../../dist/index.js", import.meta.url).href;
const start = performance.now();
/** @type {typeof import("../../src/index.js")} */
const { loadKernel } = await import(dist);
const kernel = await loadKernel();
const { status } = kernel.checkInclusion({ index: 0n, size: 2n, leafHash, root, proof: [sibling] });
const end = performance.now();

if (status !== "ok") throw new Error(`expected the proof to be ok, found ${status}`);
console.log((end - start) * 1e6);
