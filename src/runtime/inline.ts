import { kernelBytes } from "#kernel-bytes";
import { Kernel } from "../kernel/kernel.js";

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * Compiles the kernel once and gives a fresh instance of it. Everything after is synchronous. Node,
 * Deno, Bun and browsers: the bytes are inlined, so that nothing is fetched and a strict
 * content-security policy needs no more than 'wasm-unsafe-eval'.
 */
export async function loadKernel(): Promise<Kernel> {
  compiled ??= WebAssembly.compile(kernelBytes());
  return new Kernel(await compiled);
}
