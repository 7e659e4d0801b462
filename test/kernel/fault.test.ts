/** A kernel that has gone wrong: whatever it does or leaves undone, nothing passes for proven. */
import { describe, expect, test } from "vitest";
import { Kernel } from "../../src/kernel/kernel.js";
import { KernelFault } from "../../src/kernel/border.js";
import { verifyProof } from "../../src/tlog/verify-proof.js";
import type { Verdict } from "../../src/verdict.js";
import { cosigned, demand, entries, proofOf, TIME } from "../tlog/fixture.js";
import type { Fault } from "./patched.js";
import { patched } from "./patched.js";

const hash = new Uint8Array(32);
const inclusion = { index: 0n, size: 1n, leafHash: hash, root: hash, proof: [] };
const consistency = { oldSize: 1n, oldRoot: hash, newSize: 1n, newRoot: hash, proof: [] };
const signature = { key: hash, message: hash, signature: new Uint8Array(64) };

/** A call of the bridge for every function of the kernel. */
const CALLS: Readonly<Record<string, (kernel: Kernel) => unknown>> = {
  sha256Init: (kernel) => kernel.hasher("sha256"),
  sha256Update: (kernel) => kernel.hasher("sha256").update(hash),
  sha256Final: (kernel) => kernel.hasher("sha256").digest(),
  sha512Init: (kernel) => kernel.hasher("sha512"),
  sha512Update: (kernel) => kernel.hasher("sha512").update(hash),
  sha512Final: (kernel) => kernel.hasher("sha512").digest(),
  sha256Many: (kernel) => kernel.sha256(hash),
  nodeHashes: (kernel) => kernel.nodeHashes(new Uint8Array(64)),
  frontierAppend: (kernel) => kernel.frontier().append(hash),
  frontierRoot: (kernel) => kernel.frontier().root(),
  inclusionRanges: (kernel) => kernel.inclusionRanges(0n, 2n),
  consistencyRanges: (kernel) => kernel.consistencyRanges(1n, 2n),
  checkInclusions: (kernel) => kernel.checkInclusion(inclusion),
  checkConsistencies: (kernel) => kernel.checkConsistency(consistency),
  checkEd25519: (kernel) => kernel.checkEd25519(signature),
  checkEd25519Batch: (kernel) =>
    kernel.checkEd25519Many(Array.from({ length: 8 }, () => signature)),
  prepareEd25519: (kernel) => kernel.prepareKey(signature.key as Uint8Array),
};

function faulty(faults: Readonly<Record<string, Fault>>): Kernel {
  return new Kernel(patched(faults));
}

function faultOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("a kernel with nothing replaced is the kernel", () => {
  const kernel = faulty({});
  for (const [name, run] of Object.entries(CALLS)) expect(() => run(kernel), name).not.toThrow();
});

describe.each(Object.entries(CALLS))("%s", (name, run) => {
  test.each(["trap", 0, 2, 63] as const)("%s is a fault now and at every later call", (fault) => {
    const kernel = faulty({ [name]: fault });
    const hasher = name === "sha256Init" ? undefined : kernel.hasher("sha256");
    const frontier = kernel.frontier();
    const first = faultOf(() => run(kernel));
    expect(first).toBeInstanceOf(KernelFault);
    expect(first).toMatchObject({ name: "KernelFault", code: "INTERNAL" });
    expect(String(first)).toContain(name);
    for (const later of Object.values(CALLS)) {
      expect(faultOf(() => later(kernel))).toBe(first);
    }
    // What was open before is dead too.
    if (hasher) expect(faultOf(() => hasher.update(hash))).toBe(first);
    if (hasher) expect(faultOf(() => hasher.digest())).toBe(first);
    expect(faultOf(() => frontier.append(hash))).toBe(first);
    expect(faultOf(() => frontier.root())).toBe(first);
  });

  test("a fault of one kernel is not another's", () => {
    const broken = faulty({ [name]: "trap" });
    const whole = faulty({});
    expect(faultOf(() => run(broken))).toBeInstanceOf(KernelFault);
    expect(() => run(whole)).not.toThrow();
  });
});

describe.each(["checkInclusions", "checkConsistencies", "checkEd25519", "checkEd25519Batch"])(
  "%s",
  (name) => {
    const run = CALLS[name] as (kernel: Kernel) => unknown;

    test("that says it ran and left the statuses at 0 is a fault", () => {
      const kernel = faulty({ [name]: 1 });
      const fault = faultOf(() => run(kernel));
      expect(fault).toBeInstanceOf(KernelFault);
      expect(String(fault)).toContain("status 0");
      for (const later of Object.values(CALLS)) expect(faultOf(() => later(kernel))).toBe(fault);
    });

    test("cannot pass off what an earlier call left in the arena as its own success", () => {
      const kernel = faulty({ [name]: 1, nodeHashes: 1 });
      // Every word that this leaves in the arena says 1, which is OK.
      kernel.nodeHashes(new Uint8Array(new Uint32Array(1 << 12).fill(1).buffer));
      expect(faultOf(() => run(kernel))).toBeInstanceOf(KernelFault);
    });
  },
);

const all = demand("group g all w2 w3 w4; quorum g");
const signed = await cosigned(TIME, TIME, TIME);
const verify = (kernel: Kernel, index = 4): Verdict =>
  verifyProof(kernel, proofOf(index, signed), entries[4] as Uint8Array, all);

test("the proof that the next tests verify is PROVEN by a whole kernel", () => {
  expect(verify(faulty({})).outcome).toBe("PROVEN");
});

// The four signatures of the proof make a batch.
describe.each(["checkEd25519Batch", "checkInclusions", "sha256Many"])(
  "verifyProof with %s",
  (name) => {
    test.each(["trap", 0, 2, 63] as const)("%s is INCOMPLETE, code INTERNAL", (fault) => {
      const kernel = faulty({ [name]: fault });
      for (let time = 1; time <= 2; time++) {
        const verdict = verify(kernel);
        expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "INTERNAL" });
        expect(verdict.checks.at(-1)).toMatchObject({ name: "kernel", outcome: "missing" });
      }
    });

    test("that does nothing and says that all is well is not PROVEN", () => {
      const { outcome, code } = verify(faulty({ [name]: 1 }));
      expect(outcome).not.toBe("PROVEN");
      if (name !== "sha256Many")
        expect({ outcome, code }).toEqual({ outcome: "INCOMPLETE", code: "INTERNAL" });
    });
  },
);

test("a trap after a check that failed is still not a refutation", () => {
  const spoiled = { ...all, origin: "another.example" };
  const kernel = faulty({ checkInclusions: "trap" });
  const verdict = verifyProof(kernel, proofOf(4, signed), entries[4] as Uint8Array, spoiled);
  expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "INTERNAL" });
});

test("a mistake of the caller is no fault, and the kernel stays whole", () => {
  const kernel = faulty({});
  expect(() => kernel.checkInclusion({ ...inclusion, root: new Uint8Array(31) })).toThrow(
    TypeError,
  );
  expect(() => kernel.checkEd25519({ ...signature, key: new Uint8Array(31) })).toThrow(TypeError);
  expect(() => kernel.inclusionRanges(1n, 1n)).toThrow(RangeError);
  for (const run of Object.values(CALLS)) expect(() => run(kernel)).not.toThrow();
});
