import module from "#kernel-module";
import { Kernel } from "../kernel/kernel.js";

/**
 * Gives a fresh instance of the kernel. Edge runtimes forbid compiling bytes: the module is imported,
 * and the platform compiled it before the worker started.
 */
export async function loadKernel(): Promise<Kernel> {
  return new Kernel(module);
}
