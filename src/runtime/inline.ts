import { kernelBytes } from "#kernel-bytes";
import type { KernelOptions } from "../kernel/kernel.js";
import { Kernel } from "../kernel/kernel.js";
import { platformHash } from "./platform-hash.js";

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * Compiles the kernel once and gives a fresh instance of it. Everything after is synchronous. Node,
 * Deno, Bun and browsers: the bytes are inlined, so that nothing is fetched and a strict
 * content-security policy needs no more than 'wasm-unsafe-eval'. Long messages are hashed by the
 * platform where it can do so; `options` overrides that.
 */
export async function loadKernel(
  options: KernelOptions = { platformHash: platformHash() },
): Promise<Kernel> {
  compiled ??= WebAssembly.compile(kernelBytes());
  return new Kernel(await compiled, options);
}
