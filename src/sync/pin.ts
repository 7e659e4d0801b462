import type { Kernel } from "../kernel/kernel.js";
import type { Terms } from "../trust/contents/peers.js";
import type { VerifiedRoot } from "../trust/root.js";
import { verifyPinnedRoot } from "../trust/root.js";
import type { Result } from "../verdict.js";
import { failure } from "../verdict.js";

/** A domain that is trusted by its root, and how far. */
export interface Pin {
  /** Root metadata, obtained in a way that the reader trusts. */
  readonly root: Uint8Array;
  readonly terms: Pick<Terms, "maxLifetime" | "skew" | "maxStaleness">;
}

export async function verifyPin(kernel: Kernel, bytes: Uint8Array): Promise<Result<VerifiedRoot>> {
  const root = await verifyPinnedRoot(kernel, bytes);
  if (!root.ok || root.value.signed.domain !== undefined) return root;
  return failure("MALFORMED", "a root that names its domain", "none");
}
