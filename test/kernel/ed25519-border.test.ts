import { generateKeyPairSync, sign } from "node:crypto";
import { expect, test } from "vitest";
import {
  ED25519_BATCH_JOBS,
  ED25519_JOB_BYTES,
  ED25519_JOB_STATUS,
  ED25519_PREPARED,
  ED25519_PREPARED_BYTES,
  OK,
  OUT_OF_ARENA,
} from "../../assembly/abi.js";
import { kernelBytes } from "#kernel-bytes";

/** The kernel without the bridge: a host that hands over wrong offsets. */
const kernel = (await WebAssembly.instantiate(await WebAssembly.compile(await kernelBytes())))
  .exports as {
  memory: WebAssembly.Memory;
} & Record<string, (...words: number[]) => number>;
const call = (name: string, ...words: number[]): number =>
  (kernel[name] as (...words: number[]) => number)(...words);

const [start, end] = [call("arenaStart"), call("arenaEnd")];
const words = new Uint32Array(kernel.memory.buffer);
const [jobs, inputs, scratch] = [start, start + 4096, start + 65_536];
const seed = inputs;

function lay(count: number): void {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const memory = new Uint8Array(kernel.memory.buffer);
  for (let i = 0; i < count; i++) {
    const at = inputs + 32 + 128 * i;
    memory.set(key, at);
    memory.set(sign(null, Uint8Array.of(i), privateKey), at + 32);
    memory[at + 96] = i;
    words.set([at, at + 32, at + 96, 1, 0, 0, 0, 0], (jobs + i * ED25519_JOB_BYTES) / 4);
  }
}
const status = (i: number) => words[(jobs + i * ED25519_JOB_BYTES + ED25519_JOB_STATUS) / 4];

const outside = [0, start - 1, end - 1, end, 2 ** 31, 2 ** 32 - 32, 2 ** 32 - 1];

test.each([
  ["key", 0, outside],
  ["signature", 1, outside],
  ["message", 2, [0, start - 1, end, 2 ** 32 - 1]],
  ["length", 3, [end, 2 ** 31, 2 ** 32 - 1]],
] as const)("a job whose %s is outside fails alone", (_, field, offsets) => {
  for (const offset of offsets) {
    lay(5);
    words[jobs / 4 + 8 * 2 + field] = offset;
    for (const name of ["checkEd25519", "checkEd25519Batch"]) {
      expect(call(name, jobs, 5, scratch, seed)).toBe(OK);
      expect([0, 1, 2, 3, 4].map(status)).toEqual([OK, OK, OUT_OF_ARENA, OK, OK]);
    }
  }
});

test("a prepared key must lie inside with its table", () => {
  lay(1);
  words[jobs / 4] = end - ED25519_PREPARED_BYTES + 1;
  words[jobs / 4 + 4] = ED25519_PREPARED;
  expect(call("checkEd25519", jobs, 1)).toBe(OK);
  expect(status(0)).toBe(OUT_OF_ARENA);
});

test("a call whose own regions are outside does nothing", () => {
  lay(5);
  for (const offset of outside) {
    expect(call("checkEd25519", offset, 5)).toBe(OUT_OF_ARENA);
    expect(call("checkEd25519Batch", offset, 5, scratch, seed)).toBe(OUT_OF_ARENA);
    expect(call("checkEd25519Batch", jobs, 5, offset, seed)).toBe(OUT_OF_ARENA);
    expect(call("checkEd25519Batch", jobs, 5, scratch, offset)).toBe(OUT_OF_ARENA);
    expect(call("prepareEd25519", offset, scratch)).toBe(OUT_OF_ARENA);
    expect(call("prepareEd25519", inputs, offset)).toBe(OUT_OF_ARENA);
  }
  for (const count of [0, ED25519_BATCH_JOBS + 1, 2 ** 32 - 1]) {
    expect(call("checkEd25519Batch", jobs, count, scratch, seed)).toBe(OUT_OF_ARENA);
  }
  expect([0, 1, 2, 3, 4].map(status)).toEqual([0, 0, 0, 0, 0]);
});
