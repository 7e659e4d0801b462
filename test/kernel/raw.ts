/** The built kernel module itself, without the bridge. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const wasm = new Uint8Array(
  readFileSync(fileURLToPath(new URL("../../dist/kernel.wasm", import.meta.url))),
);

export type Raw = Record<string, (...args: readonly (number | bigint)[]) => number>;

export interface RawKernel {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly call: Raw;
  readonly start: number;
  readonly end: number;
}

export function rawKernel(bytes: Uint8Array<ArrayBuffer> = wasm): RawKernel {
  const module = new WebAssembly.Module(bytes);
  const { exports } = new WebAssembly.Instance(module, {});
  const call = exports as unknown as Raw;
  const at = (name: string): number => (call[name] as Raw[string])();
  const memory = exports["memory"] as WebAssembly.Memory;
  return { module, memory, call, start: at("arenaStart"), end: at("arenaEnd") };
}
