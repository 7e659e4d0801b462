/** The module's own border, called without the bridge that never makes these mistakes. */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.js";
import { rawKernel, wasm } from "./raw.js";

const kernel = rawKernel();
const { call, memory, start, end } = kernel;
const bytes = new Uint8Array(memory.buffer);
const view = new DataView(memory.buffer);
const MAX_U32 = 2 ** 32 - 1;

type Args = readonly (number | bigint)[];

/** An argument that points at `bytes`, or that counts things of `each` bytes at another argument. */
type Role = { readonly bytes: number } | { readonly each: number } | "value";

interface Shape {
  readonly roles: readonly Role[];
  /** Arguments that are all right. */
  readonly good: Args;
}

const at = start + 4096;
const far = start + 65_536;
const out = start + 131_072;
const SHAPES: Readonly<Record<string, Shape>> = {
  sha256Init: { roles: [{ bytes: abi.SHA256_STATE_BYTES }], good: [at] },
  sha256Update: {
    roles: [{ bytes: abi.SHA256_STATE_BYTES }, { bytes: 100 }, { each: 1 }],
    good: [at, far, 100],
  },
  sha256Final: { roles: [{ bytes: abi.SHA256_STATE_BYTES }, { bytes: 32 }], good: [at, out] },
  sha512Init: { roles: [{ bytes: abi.SHA512_STATE_BYTES }], good: [at] },
  sha512Update: {
    roles: [{ bytes: abi.SHA512_STATE_BYTES }, { bytes: 100 }, { each: 1 }],
    good: [at, far, 100],
  },
  sha512Final: { roles: [{ bytes: abi.SHA512_STATE_BYTES }, { bytes: 64 }], good: [at, out] },
  sha256Many: {
    // Three messages of 16 bytes: prepare() writes their lengths.
    roles: ["value", { bytes: 12 }, { each: 32 }, { bytes: 48 }, { bytes: 96 }],
    good: [abi.NO_PREFIX, at, 3, far, out],
  },
  nodeHashes: { roles: [{ bytes: 192 }, { each: 64 }, { bytes: 96 }], good: [at, 3, out] },
  frontierAppend: {
    roles: [{ bytes: abi.FRONTIER_BYTES }, { bytes: 96 }, { each: 32 }],
    good: [at, far, 3],
  },
  frontierRoot: { roles: [{ bytes: abi.FRONTIER_BYTES }, { bytes: 32 }], good: [at, out] },
  inclusionRanges: { roles: ["value", "value", { bytes: abi.RANGES_BYTES }], good: [3n, 9n, out] },
  consistencyRanges: {
    roles: ["value", "value", { bytes: abi.RANGES_BYTES }],
    good: [3n, 9n, out],
  },
  checkInclusions: {
    roles: [{ bytes: 3 * abi.INCLUSION_JOB_BYTES }, { each: abi.INCLUSION_JOB_BYTES }],
    good: [at, 3],
  },
  checkConsistencies: {
    roles: [{ bytes: 3 * abi.CONSISTENCY_JOB_BYTES }, { each: abi.CONSISTENCY_JOB_BYTES }],
    good: [at, 3],
  },
  checkEd25519: {
    roles: [{ bytes: 3 * abi.ED25519_JOB_BYTES }, { each: abi.ED25519_JOB_BYTES }],
    good: [at, 3],
  },
  checkEd25519Batch: {
    roles: [
      { bytes: 3 * abi.ED25519_JOB_BYTES },
      { each: abi.ED25519_JOB_BYTES },
      { bytes: 3 * abi.ED25519_BATCH_JOB_BYTES + abi.ED25519_BATCH_WORK_BYTES },
      { bytes: abi.ED25519_SEED_BYTES },
    ],
    good: [at, 3, far, at + 2048],
  },
  prepareEd25519: {
    roles: [{ bytes: 32 }, { bytes: 8 + abi.ED25519_PREPARED_BYTES }],
    good: [at, far],
  },
};

/** A pattern everywhere, and at `at` what the calls read there: lengths of 16, or an empty state. */
function prepare(name: string): void {
  for (let i = start; i < end; i++) bytes[i] = (i * 37) >>> 3;
  bytes.fill(0, at, at + 4096);
  if (name === "sha256Many") for (let i = 0; i < 3; i++) view.setUint32(at + 4 * i, 16, true);
}

function badValues(role: Role): number[] {
  if (role === "value") return [];
  if ("bytes" in role) {
    // Before the arena, over its end, past it, and where offset + length wraps around.
    const over = end - role.bytes + 1;
    return [0, 1, start - 1, start - 64, over, end, end + 1, 2 ** 31, MAX_U32 - 15, MAX_U32];
  }
  // Too many by one; and where count * each wraps around to nothing, or to little.
  const room = Math.floor((end - start) / role.each) + 1;
  const wraps = role.each === 1 ? [] : [2 ** 32 / role.each, 2 ** 32 / role.each + 1];
  return [room, 2 ** 31, MAX_U32, ...wraps];
}

test("the module imports nothing", () => {
  expect(WebAssembly.Module.imports(kernel.module)).toEqual([]);
});

test("the memory is fixed, and the arena ends where it ends", () => {
  expect(memory.buffer.byteLength).toBe(abi.MEMORY_PAGES * 65_536);
  expect(() => memory.grow(1)).toThrow(RangeError);
  // The kernel may read, and never writes, up to 64 bytes past what it is given.
  expect(end).toBe(memory.buffer.byteLength - 64);
  expect(start % 64).toBe(0);
  expect(start).toBeGreaterThan(0);
});

test("every exported function is in the table of these tests", () => {
  const functions = WebAssembly.Module.exports(kernel.module)
    .filter(({ kind, name }) => kind === "function" && !/^arena(Start|End)$/.test(name))
    .map(({ name }) => name);
  expect(functions.sort()).toEqual(Object.keys(SHAPES).sort());
});

test.each(Object.entries(SHAPES))(
  "%s answers OUT_OF_ARENA and changes no byte",
  (name, { roles, good }) => {
    const run = (args: Args): number | undefined => call[name]?.(...args);
    prepare(name);
    expect(run(good), "the arguments that are all right").toBe(abi.OK);
    prepare(name);
    const before = bytes.slice();
    const tried = roles.flatMap((role, i) => badValues(role).map((bad) => good.with(i, bad)));
    expect(tried.length).toBeGreaterThan(0);
    for (const args of tried) {
      expect(run(args), `${name}(${args.join(", ")})`).toBe(abi.OUT_OF_ARENA);
      expect(Buffer.compare(bytes, before), `${name}(${args.join(", ")}) wrote`).toBe(0);
    }
    // The last place that fits is still in the arena.
    for (const [i, role] of roles.entries()) {
      if (role === "value" || !("bytes" in role)) continue;
      prepare(name);
      const last = end - role.bytes;
      bytes.copyWithin(last, good[i] as number, (good[i] as number) + role.bytes);
      expect(run(good.with(i, last)), `${name}, argument ${i} at the end`).toBe(abi.OK);
    }
  },
);

test("sha256Many whose lengths add up to more than the arena answers OUT_OF_ARENA", () => {
  for (const lengths of [
    [16, 16, MAX_U32],
    [MAX_U32, MAX_U32, 2],
    [2 ** 31, 2 ** 31, 16],
    [0, 0, end - far + 1],
  ]) {
    prepare("sha256Many");
    lengths.forEach((length, i) => view.setUint32(at + 4 * i, length, true));
    const before = bytes.slice();
    expect(call["sha256Many"]?.(abi.NO_PREFIX, at, 3, far, out)).toBe(abi.OUT_OF_ARENA);
    expect(Buffer.compare(bytes, before)).toBe(0);
  }
});

test("ranges of what is no proof are refused", () => {
  prepare("");
  const before = bytes.slice();
  for (const [index, size] of [
    [0n, 0n],
    [5n, 5n],
    [6n, 5n],
    [2n ** 64n - 1n, 2n ** 63n],
  ] as const) {
    expect(call["inclusionRanges"]?.(index, size, out)).toBe(abi.OUT_OF_ARENA);
  }
  for (const [oldSize, newSize] of [
    [0n, 0n],
    [0n, 5n],
    [6n, 5n],
  ] as const) {
    expect(call["consistencyRanges"]?.(oldSize, newSize, out)).toBe(abi.OUT_OF_ARENA);
  }
  expect(Buffer.compare(bytes, before)).toBe(0);
});

describe.each(["inclusionRanges", "consistencyRanges"])("%s", (name) => {
  test("writes nothing past the room for its ranges, for any sizes", () => {
    const sizes = [61n, 62n, 63n, 64n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits - 2n]);
    for (const size of sizes) {
      for (const small of [1n, 2n, 3n, 4n, 5n, 7n, size / 2n, size / 2n + 1n, size - 1n]) {
        prepare(name);
        const before = bytes.slice();
        expect(call[name]?.(small, size, out)).toBe(abi.OK);
        const after = out + abi.RANGES_BYTES;
        const kept = Buffer.compare(bytes.subarray(after), before.subarray(after));
        expect(kept, `${name}(${small}, ${size}) wrote past its room`).toBe(0);
      }
    }
  });
});

interface Table {
  readonly name: string;
  readonly bytes: number;
  readonly status: number;
  /** Writes a job whose data is at `data`, and gives the status that it must get. */
  readonly job: (job: number, data: number) => number;
  /** Offsets in a job of the u32 that point into the arena, and how many bytes each points at. */
  readonly pointers: readonly (readonly [number, number])[];
}

const TABLES: readonly Table[] = [
  {
    name: "checkInclusions",
    bytes: abi.INCLUSION_JOB_BYTES,
    status: abi.PROOF_JOB_STATUS,
    pointers: [[16, 96]],
    job: (job, data) => {
      // Leaf 0 of a tree of one leaf: the leaf hash is the root.
      view.setBigUint64(job + 8, 1n, true);
      view.setUint32(job + 16, data, true);
      bytes.fill(7, data, data + 64);
      return abi.OK;
    },
  },
  {
    name: "checkConsistencies",
    bytes: abi.CONSISTENCY_JOB_BYTES,
    status: abi.PROOF_JOB_STATUS,
    pointers: [[16, 128]],
    job: (job, data) => {
      view.setBigUint64(job, 9n, true);
      view.setBigUint64(job + 8, 9n, true);
      view.setUint32(job + 16, data, true);
      bytes.fill(7, data, data + 64);
      return abi.OK;
    },
  },
  {
    name: "checkEd25519",
    bytes: abi.ED25519_JOB_BYTES,
    status: abi.ED25519_JOB_STATUS,
    pointers: [
      [0, 32],
      [4, 64],
      [8, 32],
    ],
    job: (job, data) => {
      for (const [i, offset] of [0, 4, 8].entries()) {
        view.setUint32(job + offset, data + 64 * i, true);
      }
      view.setUint32(job + 12, 32, true);
      // S is all ones, and that is not below the group order.
      bytes.fill(255, data, data + 192);
      return abi.ED25519_S_RANGE;
    },
  },
];

test.each(TABLES.map((table) => [table.name, table] as const))(
  "%s: a job that points out of the arena is told so, and its neighbours are right",
  (_, table) => {
    const statusAt = (i: number): number =>
      view.getUint32(at + i * table.bytes + table.status, true);
    for (const [pointer, size] of table.pointers) {
      for (const bad of [0, start - 1, end - size + 1, end, 2 ** 31, MAX_U32 - 31, MAX_U32]) {
        prepare("");
        const expected = [0, 1, 2].map((i) => table.job(at + i * table.bytes, far + 4096 * i));
        view.setUint32(at + table.bytes + pointer, bad, true);
        expect([0, 1, 2].map(statusAt)).toEqual([abi.NOT_RUN, abi.NOT_RUN, abi.NOT_RUN]);
        expect(call[table.name]?.(at, 3)).toBe(abi.OK);
        const statuses = [0, 1, 2].map(statusAt);
        expect(statuses, `${bad} at ${pointer}`).toEqual(expected.with(1, abi.OUT_OF_ARENA));
      }
    }
  },
);

test.each(TABLES.map((table) => [table.name, table] as const))(
  "%s: a job whose length leads out of the arena is told so",
  (_, table) => {
    const length = table.name === "checkEd25519" ? 12 : 20;
    // In hashes or in bytes; the last ones would wrap around.
    for (const bad of [end - start, 2 ** 27 - 3, 2 ** 27, 2 ** 31, MAX_U32 - 3, MAX_U32]) {
      prepare("");
      for (const i of [0, 1, 2]) table.job(at + i * table.bytes, far + 4096 * i);
      view.setUint32(at + table.bytes + length, bad, true);
      expect(call[table.name]?.(at, 3)).toBe(abi.OK);
      const status = view.getUint32(at + table.bytes + table.status, true);
      expect(status, `${bad}`).toBe(abi.OUT_OF_ARENA);
    }
  },
);

test("no status of a job is 0, since zeroed memory says that nothing ran", () => {
  expect(abi.NOT_RUN).toBe(0);
  const statuses = Object.entries(abi).filter(([name]) =>
    /^(OK|OUT_OF_ARENA|INCLUSION_(INDEX|LENGTH|ROOT)|CONSISTENCY_(OLD|NEW|ORDER|LENGTH))/.test(
      name,
    ),
  );
  expect(statuses).toHaveLength(10);
  for (const [name, value] of statuses) expect(value, name).toBeGreaterThan(0);
});

test("two instances of the module share nothing", () => {
  const one = rawKernel();
  const two = rawKernel(wasm);
  new Uint8Array(one.memory.buffer).fill(9, one.start);
  expect(new Uint8Array(two.memory.buffer, two.start).every((byte) => byte === 0)).toBe(true);
});
