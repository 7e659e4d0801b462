/** Verification that a log only grew between two tree heads. */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Verdict } from "../verdict.js";
import { abbreviate, failure, judge, Plan } from "../verdict.js";
import type { TreeHead } from "./checkpoint.js";
import { parseCheckpoint } from "./checkpoint.js";
import type { LogDemand } from "./verify-checkpoint.js";
import { judgeLog } from "./verify-checkpoint.js";

export interface ConsistencyDemand {
  /** Whose signatures the signed checkpoints must carry; undefined: signatures are not looked at. */
  readonly log: LogDemand | undefined;
  /** Hashes of RFC 6962, section 2.1.2, 32 bytes each. */
  readonly proof: readonly Uint8Array[];
  /**
   * The root that the newer tree has at the older size, if the caller can compute it. It is believed
   * only if the proof leads from it to the newer root, and then tells equivocation from a bad proof
   * also where the older size is a power of two (RFC 9162 begins such a proof with the claimed root).
   */
  readonly olderRootInNewer?: Uint8Array | undefined;
}

/** One end of a consistency proof: a signed checkpoint, or a tree head that the caller trusts. */
export type ProofEnd = Uint8Array | TreeHead;

/**
 * Verifies that the tree of `newer` begins with the tree of `older`. PROVEN: the older entries are the
 * first of the newer tree, unchanged, and each signed checkpoint carries the demanded signature.
 */
export function verifyConsistency(
  kernel: Kernel,
  older: ProofEnd,
  newer: ProofEnd,
  demand: ConsistencyDemand,
): Verdict {
  const { log } = demand;
  const ends = { older, newer };
  const names = (["older", "newer"] as const).flatMap((side) => {
    if (!(ends[side] instanceof Uint8Array)) return [];
    const signatures = log ? [`${side} origin`, `${side} log signature`] : [];
    return [`${side} checkpoint`, ...signatures];
  });
  const plan = new Plan([...names, "consistency"]);
  return judge(plan, () => {
    const from = readEnd(kernel, plan, "older", older, log);
    const to = readEnd(kernel, plan, "newer", newer, log);
    if (!from || !to) return;
    if (from.origin !== undefined && to.origin !== undefined && from.origin !== to.origin) {
      const expected = `one log: ${abbreviate(from.origin)}`;
      return plan.fail("consistency", failure("ORIGIN", expected, abbreviate(to.origin)));
    }
    // Two trees contradict each other only where the log has signed both.
    const { checks } = plan.verdict();
    if (checks.some(({ name, outcome }) => name !== "consistency" && outcome !== "passed")) return;
    judgeConsistency(kernel, plan, from, to, demand);
  });
}

function readEnd(
  kernel: Kernel,
  plan: Plan,
  side: "older" | "newer",
  end: ProofEnd,
  log: LogDemand | undefined,
): (TreeHead & { readonly origin?: string }) | undefined {
  if (!(end instanceof Uint8Array)) return end;
  const signed = parseCheckpoint(end);
  if (!signed.ok) {
    plan.fail(`${side} checkpoint`, signed);
    return undefined;
  }
  plan.pass(`${side} checkpoint`);
  if (log) judgeLog(kernel, plan, signed.value, log, `${side} `);
  return signed.value.checkpoint;
}

function judgeConsistency(
  kernel: Kernel,
  plan: Plan,
  older: TreeHead,
  newer: TreeHead,
  { proof, olderRootInNewer }: ConsistencyDemand,
): void {
  const claim = {
    oldSize: older.size,
    oldRoot: older.rootHash,
    newSize: newer.size,
    newRoot: newer.rootHash,
    proof,
  };
  const result = kernel.checkConsistency(claim);
  const refuse = (code: "CONSISTENCY" | "EQUIVOCATION", expected: string, found: string): void =>
    plan.fail("consistency", failure(code, expected, found));
  const oldRoot = `root ${encodeHex(older.rootHash)} at size ${older.size}`;
  const newRoot = `root ${encodeHex(newer.rootHash)} at size ${newer.size}`;
  const root = (hash: Uint8Array | undefined): string => `root ${hash ? encodeHex(hash) : "none"}`;
  switch (result.status) {
    case "ok":
      return plan.pass("consistency", `${oldRoot}, then ${newRoot}`, "both come out");
    case "old-size":
      return refuse("CONSISTENCY", "an older tree of at least one leaf", "size 0");
    case "order":
      return refuse("CONSISTENCY", `a size up to ${newer.size}`, `older size ${older.size}`);
    case "length":
      return refuse("CONSISTENCY", "the length that the sizes give", `${proof.length} hashes`);
    case "new-root":
      if (
        olderRootInNewer &&
        kernel.checkConsistency({ ...claim, oldRoot: olderRootInNewer }).status === "ok"
      ) {
        return refuse("EQUIVOCATION", oldRoot, root(olderRootInNewer));
      }
      return refuse("CONSISTENCY", newRoot, root(result.foundNewRoot));
    case "old-root":
      // The newer root comes out exactly, so this path is in it: the older one is another tree's.
      return refuse("EQUIVOCATION", oldRoot, root(result.foundOldRoot));
  }
}
