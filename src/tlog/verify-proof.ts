/** Verification of a C2SP tlog-proof: an entry, its place in a log, and who vouches for the log. */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Verdict } from "../verdict.js";
import { failure, judge, Plan } from "../verdict.js";
import { parseCheckpoint } from "./checkpoint.js";
import { parseProof } from "./proof.js";
import type { CheckpointDemand } from "./verify-checkpoint.js";
import { CHECKPOINT_CHECKS, judgeCheckpoint } from "./verify-checkpoint.js";

/**
 * Verifies that the log's checkpoint inside `proof` holds `entry`, and that the checkpoint meets the
 * caller's demand. PROVEN says that the entry was logged and seen by the quorum; it does not say that
 * what the entry claims is true. The proof's `extra` data is never used.
 */
export function verifyProof(
  kernel: Kernel,
  proof: Uint8Array,
  entry: Uint8Array,
  demand: CheckpointDemand,
): Verdict {
  const plan = new Plan(["proof format", ...CHECKPOINT_CHECKS, "inclusion"]);
  return judge(plan, () => {
    const parsed = parseProof(proof);
    if (!parsed.ok) return plan.fail("proof format", parsed);
    const signed = parseCheckpoint(parsed.value.checkpoint);
    if (!signed.ok) return plan.fail("proof format", signed);
    plan.pass("proof format");
    judgeCheckpoint(kernel, plan, signed.value, demand);
    const { size, rootHash } = signed.value.checkpoint;
    judgeInclusion(kernel, plan, {
      index: parsed.value.index,
      size,
      leafHash: kernel.leafHash(entry),
      root: rootHash,
      proof: parsed.value.hashes,
    });
  });
}

function judgeInclusion(
  kernel: Kernel,
  plan: Plan,
  claim: Parameters<Kernel["checkInclusion"]>[0],
): void {
  const { status, foundRoot } = kernel.checkInclusion(claim);
  const { index, size } = claim;
  const refuse = (expected: string, found: string): void =>
    plan.fail("inclusion", failure("INCLUSION", expected, found));
  if (status === "index") return refuse(`an index below the tree size ${size}`, `index ${index}`);
  if (status === "length") {
    const expected = `the ${kernel.inclusionRanges(index, size).length} hashes of that leaf's path`;
    return refuse(expected, `${claim.proof.length} hashes`);
  }
  const expected = `root ${encodeHex(claim.root)}`;
  const found = foundRoot ? `root ${encodeHex(foundRoot)}` : "no root";
  if (status === "root") return refuse(expected, found);
  plan.pass("inclusion", expected, found);
}
