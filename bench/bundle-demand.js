// @ts-check
/**
 * What a verifier of the bundles of these rows brings along.
 * @param {{now: number, roots: readonly Uint8Array[]}} log
 * @returns {import("../src/proof.js").BundleDemand}
 */
export function bundleDemand({ now, roots }) {
  return {
    roots,
    now: now + 1_000,
    skew: 1_000,
    policy: undefined,
    // Ed25519 is enough.
    verifiers: {},
    witnessInterval: 60_000,
    limit: 2 ** 31,
  };
}
