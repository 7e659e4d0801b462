import { expect, test } from "vitest";
import { signCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { verifyConsistency } from "../../src/tlog/verify-consistency.js";
import { kernel } from "../kernel.js";
import { entries, log as signer, ORIGIN, utf8 } from "./fixture.js";

const leafHashes = kernel.leafHashes(entries);
const head = (size: number, hashes = leafHashes) => ({
  size: BigInt(size),
  rootHash: kernel.treeRoot(hashes.subarray(0, size * 32)),
});
const signed = (size: number, hashes = leafHashes, origin = ORIGIN) =>
  signCheckpoint(origin, head(size, hashes), signer);
const prove = (older: number, newer: number) =>
  kernel.proveConsistency(leafHashes.subarray(0, newer * 32), BigInt(older));
const log = { logs: [signer.key], origin: undefined, verifiers: NO_VERIFIERS };

test("every pair of signed checkpoints of one log is PROVEN", async () => {
  for (let newer = 1; newer <= entries.length; newer++) {
    for (let older = 1; older <= newer; older++) {
      const demand = { log, proof: prove(older, newer) };
      const verdict = verifyConsistency(kernel, await signed(older), await signed(newer), demand);
      expect(verdict.outcome, `${older} to ${newer}`).toBe("PROVEN");
    }
  }
});

test("a rewritten older tree is EQUIVOCATION: the newer root comes out, the older does not", async () => {
  const rewritten = kernel.leafHashes(entries.map((entry, i) => (i === 2 ? utf8("other") : entry)));
  const verdict = verifyConsistency(kernel, await signed(5, rewritten), await signed(11), {
    log,
    proof: prove(5, 11),
  });
  expect(verdict).toMatchObject({ outcome: "REFUTED", code: "EQUIVOCATION" });
});

test("where the older size is a power of two, the root that the newer tree has there decides", async () => {
  const rewritten = kernel.leafHashes(entries.map((entry, i) => (i === 2 ? utf8("other") : entry)));
  const ends = [await signed(4, rewritten), await signed(11)] as const;
  const judge = (proof: Uint8Array[], olderRootInNewer?: Uint8Array) =>
    verifyConsistency(kernel, ...ends, { log, proof, olderRootInNewer }).code;
  expect(judge(prove(4, 11))).toBe("CONSISTENCY");
  expect(judge(prove(4, 11), head(4).rootHash)).toBe("EQUIVOCATION");
  // A root that the proof does not lead from accuses nobody.
  expect(judge(prove(4, 11), head(5).rootHash)).toBe("CONSISTENCY");
  expect(judge(prove(4, 11).reverse(), head(4).rootHash)).toBe("CONSISTENCY");
});

test("two roots at one size are EQUIVOCATION", async () => {
  const rewritten = kernel.leafHashes(entries.map((entry, i) => (i === 2 ? utf8("other") : entry)));
  const verdict = verifyConsistency(kernel, await signed(5, rewritten), await signed(5), {
    log,
    proof: [],
  });
  expect(verdict).toMatchObject({ outcome: "REFUTED", code: "EQUIVOCATION" });
});

test("a bad proof between good checkpoints is CONSISTENCY: it accuses nobody", async () => {
  const proof = prove(5, 11);
  for (const bad of [proof.slice(1), [...proof, proof[0]!], [...proof].reverse(), []]) {
    const verdict = verifyConsistency(kernel, await signed(5), await signed(11), {
      log,
      proof: bad,
    });
    expect(verdict).toMatchObject({ outcome: "REFUTED", code: "CONSISTENCY" });
  }
});

test("a shrunk log is refused", async () => {
  const verdict = verifyConsistency(kernel, await signed(11), await signed(5), { log, proof: [] });
  expect(verdict).toMatchObject({ outcome: "REFUTED", code: "CONSISTENCY" });
});

test("checkpoints of two logs are not compared, even with one key for both", async () => {
  const other = await signed(11, leafHashes, "log.example/two");
  const both = { ...log, logs: [signer.key, { ...signer.key, name: "log.example/two" }] };
  const verdict = verifyConsistency(kernel, await signed(5), other, {
    log: both,
    proof: prove(5, 11),
  });
  expect(verdict.outcome).not.toBe("PROVEN");
  const unsigned = { log: undefined, proof: prove(5, 11) };
  expect(verifyConsistency(kernel, await signed(5), other, unsigned)).toMatchObject({
    code: "ORIGIN",
  });
});

test("tree heads that the caller holds need no signature", () => {
  const demand = { log: undefined, proof: prove(5, 11) };
  expect(verifyConsistency(kernel, head(5), head(11), demand).outcome).toBe("PROVEN");
  expect(verifyConsistency(kernel, head(5), head(10), demand).outcome).toBe("REFUTED");
});
