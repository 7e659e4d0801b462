/** How many distinct keys of a role have signed (specification, section 4.2.1 and 5.3.4). */
import { decodeHex } from "../bytes/hex.js";
import type { SignatureClaim } from "../kernel/ed25519.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { checkEcdsa } from "./ecdsa.js";
import type { TrustKey } from "./key.js";
import { readKey } from "./key.js";
import type { Keys, MetadataType, Role, UnverifiedMetadata, VerifiedMetadata } from "./metadata.js";
import { asVerified, parseMetadata } from "./metadata.js";

/** Who must sign: the keys by their ids, which of them, and how many. */
export interface Signers {
  /** For people: `role targets of root 3`. */
  readonly name: string;
  readonly keys: Keys;
  readonly role: Pick<Role, "keyids" | "threshold">;
}

/** The role's keys by key id. Ids are labels: two of them may name one key, and it counts once. */
export function keysOf({ keys, role }: Signers): ReadonlyMap<string, TrustKey> {
  const found = new Map<string, TrustKey>();
  for (const id of new Set(role.keyids)) {
    const key = Object.hasOwn(keys, id) ? readKey(keys[id] as Keys[string]) : undefined;
    if (key) found.set(id, key);
  }
  return found;
}

/** Gives the metadata as verified, or KEY: how many distinct keys were demanded, and how many signed. */
export async function verifyThreshold<Type extends MetadataType>(
  kernel: Kernel,
  metadata: UnverifiedMetadata<Type>,
  signers: Signers,
): Promise<Result<VerifiedMetadata<Type>>> {
  const [verified] = await verifyThresholds(kernel, [metadata], signers);
  return verified as Result<VerifiedMetadata<Type>>;
}

/** `verifyThreshold` of each, with the Ed25519 signatures of all in one call of the kernel. */
export async function verifyThresholds<Type extends MetadataType>(
  kernel: Kernel,
  all: readonly UnverifiedMetadata<Type>[],
  signers: Signers,
): Promise<Result<VerifiedMetadata<Type>>[]> {
  const { threshold } = signers.role;
  const signed = await signedBy(kernel, all, keysOf(signers));
  return all.map((metadata, i) => {
    const { size } = signed[i] as ReadonlySet<string>;
    if (size >= threshold) return ok(asVerified(kernel, metadata));
    const expected = `signatures by ${threshold} distinct keys of ${signers.name}`;
    return failure("KEY", expected, `${size}`);
  });
}

/** Bytes to metadata of a type that the threshold of `signers` has signed. */
export async function verifyMetadata<Type extends MetadataType>(
  kernel: Kernel,
  type: Type,
  bytes: Uint8Array,
  signers: Signers,
): Promise<Result<VerifiedMetadata<Type>>> {
  const parsed = parseMetadata(type, bytes);
  return parsed.ok ? await verifyThreshold(kernel, parsed.value, signers) : parsed;
}

/** Of each, the identities of the keys whose signatures verify. Any other signature says nothing. */
async function signedBy(
  kernel: Kernel,
  all: readonly UnverifiedMetadata<MetadataType>[],
  keys: ReadonlyMap<string, TrustKey>,
): Promise<readonly ReadonlySet<string>[]> {
  const claims: { signed: Set<string>; key: TrustKey; claim: SignatureClaim }[] = [];
  const found: Set<string>[] = [];
  for (const { message, signatures } of all) {
    const signed = new Set<string>();
    found.push(signed);
    for (const { keyid, sig } of signatures) {
      const key = keys.get(keyid);
      const signature = decodeHex(sig);
      if (!key || !signature) continue;
      if (key.algorithm === "ecdsa-p256") {
        if (await checkEcdsa(key, message, signature)) signed.add(key.identity);
      } else if (signature.length === 64) {
        claims.push({ signed, key, claim: { key: key.material, message, signature } });
      }
    }
  }
  const statuses = kernel.checkEd25519Many(claims.map(({ claim }) => claim));
  claims.forEach(({ signed, key }, i) => {
    if (statuses[i] === "ok") signed.add(key.identity);
  });
  return found;
}
