/** Verification of an evidence file against a root that the caller pinned. */
import { equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import { authoritySchema } from "../trust/contents/authority.js";
import { checkFile } from "../trust/roles.js";
import type { VerifiedRoot } from "../trust/root.js";
import { verifyNextRoot, verifyPinnedRoot } from "../trust/root.js";
import { readSchema } from "../trust/schema.js";
import { CONTENTS } from "../trust/state.js";
import type { Result, Verdict } from "../verdict.js";
import { failure, judgeAsync, ok, Plan } from "../verdict.js";
import type { Evidence, LogEvidence } from "./evidence.js";
import { formatEvidence, parseEvidence, verifyDelegator, verifySides } from "./evidence.js";
import { contradictoryTrees, trustLogKey } from "./trust-log.js";

/**
 * PROVEN: the domain whose root is pinned has signed two statements that cannot both be true, with the
 * keys of the root that the verdict names. The evidence does not say who holds those keys, whether
 * they are still in force, nor which of the two is the honest one.
 */
export async function verifyEvidence(
  kernel: Kernel,
  bytes: Uint8Array,
  pinnedRoot: Uint8Array,
): Promise<Verdict> {
  const plan = new Plan(["evidence format", "pinned root", "roots", "contradiction"]);
  return await judgeAsync(plan, async () => {
    const evidence = parseEvidence(bytes);
    if (!evidence.ok) return plan.fail("evidence format", evidence);
    if (!equalBytes(formatEvidence(kernel, evidence.value), bytes)) {
      const expected = "evidence in its one canonical form";
      return plan.fail("evidence format", failure("MALFORMED", expected, "another form of it"));
    }
    plan.pass("evidence format", undefined, describe(evidence.value));
    const pinned = await verifyPinnedRoot(kernel, pinnedRoot);
    if (!pinned.ok) return plan.fail("pinned root", pinned);
    const { domain, version } = pinned.value.signed;
    plan.pass("pinned root", undefined, `${domain ?? "unnamed"}, version ${version}`);
    const root = await walk(kernel, pinned.value, evidence.value.roots);
    if (!root.ok) return plan.fail("roots", root);
    plan.pass("roots", undefined, `version ${root.value.signed.version}`);
    const contradiction =
      evidence.value.kind === "log"
        ? await checkLogSides(kernel, root.value, evidence.value)
        : await verifySides(kernel, root.value, evidence.value);
    if (!contradiction.ok) return plan.fail("contradiction", contradiction);
    const what = evidence.value.kind === "log" ? "trees" : "signed parts of one version";
    const found = `two ${what}: ${contradiction.value}, under root ${root.value.signed.version}`;
    plan.pass("contradiction", "two that cannot both be true", found);
  });
}

function describe(evidence: Evidence): string {
  return evidence.kind === "log" ? "two checkpoints of a log" : `two of role ${evidence.role}`;
}

/**
 * The root whose keys signed both sides: the last of the evidence, which must lead there from the
 * pinned one, or the pinned one itself where that is a later root than any of them.
 */
async function walk(
  kernel: Kernel,
  pinned: VerifiedRoot,
  files: readonly Uint8Array[],
): Promise<Result<VerifiedRoot>> {
  let last: VerifiedRoot | undefined;
  let met = false;
  for (const file of files) {
    const next = last
      ? await verifyNextRoot(kernel, last, file)
      : await verifyPinnedRoot(kernel, file);
    if (!next.ok) return next;
    last = next.value;
    met ||= last.digest === pinned.digest;
  }
  if (last && met) return ok(last);
  if (last && last.signed.version < pinned.signed.version) return ok(pinned);
  return failure(
    "KEY",
    "the pinned root among the roots of the evidence, or after them",
    "neither",
  );
}

async function checkLogSides(
  kernel: Kernel,
  root: VerifiedRoot,
  evidence: LogEvidence,
): Promise<Result<string>> {
  const { targets, authority, first, second } = evidence;
  const signed = await verifyDelegator(kernel, root, targets);
  if (!signed.ok) return signed;
  const named = signed.value.signed.targets[CONTENTS.authority];
  if (!named) return failure("MISSING", `${CONTENTS.authority} in the targets`, "none");
  const bad = checkFile(kernel, CONTENTS.authority, named, authority);
  if (bad) return bad;
  const parsed = readSchema(CONTENTS.authority, authoritySchema, authority);
  if (!parsed.ok) return parsed;
  const key = trustLogKey(kernel, root.signed.domain ?? "", parsed.value);
  if (!key) return failure("MISSING", "the domain's log in its authority", "none");
  return contradictoryTrees(kernel, key, first, second, evidence);
}
