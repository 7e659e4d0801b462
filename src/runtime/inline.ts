import { kernelBytes } from "#kernel-bytes";
import type { KernelOptions } from "../kernel/kernel.js";
import { Kernel } from "../kernel/kernel.js";
import { platformHash } from "./platform-hash.js";

let compiled: Promise<WebAssembly.Module> | undefined;

/** The kernel's module, compiled once. */
export function compileKernel(): Promise<WebAssembly.Module> {
  compiled ??= kernelBytes().then((bytes) => WebAssembly.compile(bytes));
  return compiled;
}

/**
 * Gives a fresh instance of the kernel; everything after is synchronous. Node, Deno, Bun and browsers:
 * the bytes are inlined, so that nothing is fetched and a strict content-security policy needs no more
 * than 'wasm-unsafe-eval'. Long messages are hashed by the platform where it can do so at once;
 * `options` overrides that.
 */
export async function loadKernel(
  options: KernelOptions = { platformHash: platformHash() },
): Promise<Kernel> {
  return new Kernel(await compileKernel(), options);
}
