import { kernelBytes } from "#kernel-bytes";
import { Kernel } from "../kernel/kernel.js";

let compiled: Promise<WebAssembly.Module> | undefined;

/** The kernel's module, compiled once. */
export function compileKernel(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(kernelBytes());
  return compiled;
}

/**
 * Gives a fresh instance of the kernel; everything after is synchronous. Node, Deno, Bun and
 * browsers: the bytes are inlined, so that nothing is fetched and a strict content-security policy
 * needs no more than 'wasm-unsafe-eval'.
 */
export async function loadKernel(): Promise<Kernel> {
  return new Kernel(await compileKernel());
}
