// @ts-check
/**
 * Verifies the bundle in the file that the first argument names, as a stream, and prints as JSON the
 * peak of this process's resident memory, the bytes of the bundle and the seconds that it took. Roots
 * and time come on standard input.
 */
import { createReadStream, readFileSync, statSync } from "node:fs";
import { bundleDemand } from "../bundle-demand.js";
import { peakRss } from "./peak-rss.js";

/** @type {typeof import("../../src/index.js")} */
const { loadKernel } = await import(new URL("../../dist/index.js", import.meta.url).href);
/** @type {typeof import("../../src/proof.js")} */
const { verifyBundle } = await import(new URL("../../dist/proof.js", import.meta.url).href);

const file = /** @type {string} */ (process.argv[2]);
/** @type {{now: number, roots: string[]}} */
const { now, roots } = JSON.parse(readFileSync(0, "utf8"));
const demand = bundleDemand({ now, roots: roots.map((root) => Buffer.from(root, "base64")) });
const kernel = await loadKernel();
const start = performance.now();
const report = await verifyBundle(kernel, createReadStream(file), demand);
if (report.outcome !== "PROVEN") {
  const bad = report.checks.find(({ outcome }) => outcome !== "passed");
  throw new Error(`${report.outcome}: ${JSON.stringify(bad)}`);
}
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ peak: peakRss(), bytes: statSync(file).size, seconds }));
