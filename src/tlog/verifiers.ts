import type { Policy } from "./policy.js";

/**
 * Verification functions of algorithms that the kernel does not hold, loaded once so that
 * verification itself stays synchronous.
 */
export interface Verifiers {
  /** ML-DSA-44 (FIPS 204), empty context. */
  readonly mlDsa44?: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}

/** None: ML-DSA-44 signatures are then not checked, and a verdict that needs one is INCOMPLETE. */
export const NO_VERIFIERS: Verifiers = {};

/** Loads what the policy's keys need: the ML-DSA-44 chunk only if a key of that type is named. */
export async function loadVerifiers(policy: Policy): Promise<Verifiers> {
  const keys = [...policy.logs, ...policy.witnesses.map((witness) => witness.key)];
  if (!keys.some((key) => key.type === "cosignature-ml-dsa-44")) return NO_VERIFIERS;
  return await import("./ml-dsa.js");
}
