// @ts-check
/**
 * Prints, as JSON, the peak of this process's resident memory and the size of the kernel's memory
 * before and after it made the root over as many entries as the first argument says.
 */
import { createCipheriv } from "node:crypto";
import { peakRss } from "./peak-rss.js";

const CHUNK = 8192;
const ENTRY = 32;

/** The kernel lets no one at its memory: it is caught when the module is instantiated. */
/** @type {WebAssembly.Memory[]} */
const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = /** @type {typeof Instance} */ (
  class extends Instance {
    /** @param {WebAssembly.Module} module @param {WebAssembly.Imports} [imports] */
    constructor(module, imports) {
      super(module, imports);
      for (const value of Object.values(this.exports)) {
        if (value instanceof WebAssembly.Memory) memories.push(value);
      }
    }
  }
);

const dist = new URL("../../dist/index.js", import.meta.url).href;
/** @type {typeof import("../../src/index.js")} */
const { loadKernel } = await import(dist);
const kernel = await loadKernel();
const [memory] = memories;
if (!memory || memories.length > 1) throw new Error(`found ${memories.length} memories, not one`);

const count = Number(process.argv[2]);
const before = memory.buffer.byteLength;
const cipher = createCipheriv("chacha20", Buffer.alloc(32, 7), Buffer.alloc(16));
const zeros = Buffer.alloc(CHUNK * ENTRY);
const frontier = kernel.frontier();
for (let done = 0; done < count;) {
  const now = Math.min(CHUNK, count - done);
  const bytes = cipher.update(zeros.subarray(0, now * ENTRY));
  const entries = Array.from({ length: now }, (_, i) => bytes.subarray(i * ENTRY, (i + 1) * ENTRY));
  frontier.append(kernel.leafHashes(entries));
  done += now;
}
frontier.root();
if (frontier.size !== BigInt(count)) throw new Error(`expected ${count}, found ${frontier.size}`);
console.log(JSON.stringify({ peak: peakRss(), before, after: memory.buffer.byteLength }));
