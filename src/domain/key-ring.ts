/** The private keys that a publication can use, found by their public keys. */
import { decodeHex } from "../bytes/hex.js";
import type { Signer } from "../tlog/signer.js";
import type { MetadataSigner } from "../trust/sign.js";
import type { Signers } from "../trust/threshold.js";
import { keysOf } from "../trust/threshold.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

export interface KeyRing {
  /** The signer for an Ed25519 public key, or undefined where the ring does not hold it. */
  find(publicKey: Uint8Array): Promise<Signer | undefined>;
}

/** As many signers as the role's threshold demands, or KEY. No more are asked for. */
export async function signersFor(
  ring: KeyRing,
  { name, keys, role }: Signers,
): Promise<Result<MetadataSigner[]>> {
  const found = new Map<string, MetadataSigner>();
  for (const key of keysOf({ name, keys, role }).values()) {
    if (found.size >= role.threshold) break;
    if (key.algorithm !== "ed25519" || found.has(key.identity)) continue;
    const signer = await ring.find(key.material);
    if (signer) {
      const { publicKey } = signer.key;
      found.set(key.identity, { publicKey, sign: (message) => signer.sign(message) });
    }
  }
  if (found.size >= role.threshold) return ok([...found.values()]);
  const expected = `private keys of ${role.threshold} of the ${role.keyids.length} keys of ${name}`;
  return failure("KEY", expected, `${found.size}`);
}

/** The signer of one key, in hexadecimal, or KEY. */
export async function signerFor(ring: KeyRing, what: string, key: string): Promise<Result<Signer>> {
  const signer = await ring.find(decodeHex(key) ?? new Uint8Array());
  return signer ? ok(signer) : failure("KEY", `the private key of ${what}: ${key}`, "none");
}
