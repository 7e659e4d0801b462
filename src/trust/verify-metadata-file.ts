/** Verification of one file of trust metadata against a root that the caller pinned. */
import type { Kernel } from "../kernel/kernel.js";
import type { Verdict } from "../verdict.js";
import { failure, judgeAsync, Plan } from "../verdict.js";
import type { MetadataType } from "./metadata.js";
import { parseMetadata } from "./metadata.js";
import { checkExpiry } from "./roles.js";
import type { VerifiedRoot } from "./root.js";
import { signersOf, verifyNextRoot, verifyPinnedRoot } from "./root.js";
import { verifyThreshold } from "./threshold.js";

/**
 * PROVEN: the role's threshold under the pinned root has signed it, and it has not expired at `now`. Of
 * a root: it is the pinned one, or the one that comes next. What the file names, and whether it is the
 * newest, is not looked at; targets that are delegated are not under the root's own keys.
 */
export async function verifyMetadataFile(
  kernel: Kernel,
  type: MetadataType,
  bytes: Uint8Array,
  pinnedRoot: Uint8Array,
  now: number,
): Promise<Verdict> {
  if (!Number.isFinite(now)) throw new TypeError("`now` is milliseconds since the epoch");
  const plan = new Plan(["metadata format", "pinned root", "signatures", "expiry"]);
  return await judgeAsync(plan, async () => {
    const parsed = parseMetadata(type, bytes);
    if (!parsed.ok) return plan.fail("metadata format", parsed);
    const { version } = parsed.value.signed;
    plan.pass("metadata format", undefined, `${type}, version ${version}`);
    const pinned = await verifyPinnedRoot(kernel, pinnedRoot);
    if (!pinned.ok) return plan.fail("pinned root", pinned);
    const { domain } = pinned.value.signed;
    plan.pass(
      "pinned root",
      undefined,
      `${domain ?? "unnamed"}, version ${pinned.value.signed.version}`,
    );
    const verified =
      type === "root"
        ? await followingRoot(kernel, pinned.value, bytes)
        : await verifyThreshold(kernel, parsed.value, signersOf(pinned.value, type));
    if (!verified.ok) return plan.fail("signatures", verified);
    plan.pass(
      "signatures",
      undefined,
      `by the role ${type} of root ${pinned.value.signed.version}`,
    );
    const expired = checkExpiry(type, verified.value, now);
    if (expired) return plan.fail("expiry", expired);
    plan.pass("expiry", undefined, `until ${verified.value.signed.expires}`);
  });
}

async function followingRoot(kernel: Kernel, pinned: VerifiedRoot, bytes: Uint8Array) {
  const itself = await verifyPinnedRoot(kernel, bytes);
  if (!itself.ok || itself.value.digest === pinned.digest) return itself;
  if (itself.value.signed.version === pinned.signed.version) {
    return failure("KEY", `root ${pinned.signed.version} as it is pinned`, "another one");
  }
  return await verifyNextRoot(kernel, pinned, bytes);
}

/** What a file of metadata says that it is, unverified; undefined for what is none. */
export function metadataTypeOf(bytes: Uint8Array): MetadataType | undefined {
  return TYPES.find((type) => parseMetadata(type, bytes).ok);
}

const TYPES: readonly MetadataType[] = ["root", "timestamp", "snapshot", "targets"];
