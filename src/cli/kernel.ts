import { readFile } from "node:fs/promises";
import { Kernel } from "../kernel/kernel.js";
import { platformHash } from "../runtime/platform-hash.js";

/** The kernel from the file beside the CLI: quicker to start than the inlined bytes. */
export async function loadKernel(): Promise<Kernel> {
  const bytes = await readFile(new URL("./kernel.wasm", import.meta.url));
  return new Kernel(await WebAssembly.compile(bytes), { platformHash: platformHash() });
}
