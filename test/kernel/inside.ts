/**
 * What the shipped kernel does not export, compiled from the same sources: inside-entry.ts as a
 * module of its own. Offsets and words are numbers; `slot` gives places to put things.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

type Inside = Record<
  | ("arena" | "add" | "sub" | "mul" | "square" | "neg" | "powerFiveEighths")
  | ("encode" | "decode" | "equal" | "isZero" | "isNegative")
  | ("setLane" | "getLane" | "addLanes" | "subLanes" | "weaken" | "mulLanes" | "squareLanes")
  | ("isBelowL" | "addL" | "reduce" | "multiplyAdd" | "recode" | "recodeComb")
  | ("halve" | "decodeFour" | "deriveCoefficients"),
  (...words: number[]) => number
> &
  Record<"ITEM_BYTES" | "ITEM_DIGEST" | "ITEM_Z", WebAssembly.Global<"i32">> & {
    memory: WebAssembly.Memory;
    batchBytes(count: number): bigint;
  };

async function compile(): Promise<Inside> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const folder = mkdtempSync(`${tmpdir()}/writ-inside-`);
  const options = [
    ["test/kernel/inside-entry.ts", "--baseDir", root, "--outFile", `${folder}/inside.wasm`],
    ["--runtime", "stub", "--enable", "simd", "--use", "abort="],
    ["-O3", "--converge", "--noAssert", "--zeroFilledMemory"],
    ["--initialMemory", "64", "--maximumMemory", "64"],
  ].flat();
  const { error, stderr } = await asc.main(options);
  if (error) throw new Error(String(stderr), { cause: error });
  const module = await WebAssembly.compile(readFileSync(`${folder}/inside.wasm`));
  rmSync(folder, { recursive: true });
  return (await WebAssembly.instantiate(module)).exports as unknown as Inside;
}

export const inside = await compile();
export const memory = new Uint8Array(inside.memory.buffer);

const arena = inside.arena();
/** Offset of the i-th place of 64 bytes. */
export const slot = (i: number): number => arena + 64 * i;
