/** The chain of roots (specification, section 5.3): each signed by the one before it and by itself. */
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { VerifiedMetadata } from "./metadata.js";
import { parseMetadata } from "./metadata.js";
import type { Signers } from "./threshold.js";
import { keysOf, verifyThreshold } from "./threshold.js";

export type VerifiedRoot = VerifiedMetadata<"root">;

export type TopLevelRole = "root" | "timestamp" | "snapshot" | "targets";

/**
 * A root that the caller trusts because of where it comes from. It must be signed by its own
 * threshold, so that a file cut short or mixed up is seen. Its expiry does not matter: later roots
 * may follow.
 */
export async function verifyPinnedRoot(
  kernel: Kernel,
  bytes: Uint8Array,
): Promise<Result<VerifiedRoot>> {
  const parsed = parseMetadata("root", bytes);
  if (!parsed.ok) return parsed;
  return await verifyThreshold(kernel, parsed.value, signersOf(parsed.value, "root"));
}

/** The root that follows `trusted`: version N + 1, by the threshold of N and by its own. */
export async function verifyNextRoot(
  kernel: Kernel,
  trusted: VerifiedRoot,
  bytes: Uint8Array,
): Promise<Result<VerifiedRoot>> {
  const parsed = parseMetadata("root", bytes);
  if (!parsed.ok) return parsed;
  const { signed } = parsed.value;
  const byOld = await verifyThreshold(kernel, parsed.value, signersOf(trusted, "root"));
  if (!byOld.ok) return byOld;
  const byNew = await verifyThreshold(kernel, parsed.value, signersOf(parsed.value, "root"));
  if (!byNew.ok) return byNew;
  const version = trusted.signed.version + 1;
  if (signed.version !== version) {
    return failure("ROLLBACK", `root version ${version}`, `version ${signed.version}`);
  }
  if (signed.domain !== trusted.signed.domain) {
    const expected = `a root of ${trusted.signed.domain ?? "no named domain"}`;
    return failure("KEY", expected, `one of ${signed.domain ?? "no named domain"}`);
  }
  return byNew;
}

export function signersOf({ signed }: Pick<VerifiedRoot, "signed">, role: TopLevelRole): Signers {
  return {
    name: `role ${role} of root ${signed.version}`,
    keys: signed.keys,
    role: signed.roles[role],
  };
}

/**
 * What versions of timestamp and snapshot are counted under (section 5.3.11): their keys and
 * thresholds. When it changes, remembered versions say nothing of the new ones.
 */
export function versionEpoch(root: Pick<VerifiedRoot, "signed">): string {
  return (["timestamp", "snapshot"] as const)
    .map((role) => {
      const keys = [...keysOf(signersOf(root, role)).values()].map(({ identity }) => identity);
      return `${root.signed.roles[role].threshold}:${[...new Set(keys)].sort().join()}`;
    })
    .join(";");
}

/** Follows roots as far as there are any; a root that does not follow ends the walk with a failure. */
export async function walkRoots(
  kernel: Kernel,
  trusted: VerifiedRoot,
  read: (version: number) => Promise<Result<Uint8Array | undefined>>,
  most: number,
): Promise<{ readonly roots: readonly VerifiedRoot[]; readonly stopped: Result<undefined> }> {
  const roots: VerifiedRoot[] = [];
  for (let last = trusted; roots.length < most; last = roots.at(-1) as VerifiedRoot) {
    const bytes = await read(last.signed.version + 1);
    if (!bytes.ok) return { roots, stopped: bytes };
    if (!bytes.value) return { roots, stopped: ok(undefined) };
    const next = await verifyNextRoot(kernel, last, bytes.value);
    if (!next.ok) return { roots, stopped: next };
    roots.push(next.value);
  }
  return { roots, stopped: ok(undefined) };
}
