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
  const signed = await signedBy(kernel, metadata, keysOf(signers));
  const { threshold } = signers.role;
  if (signed.size >= threshold) return ok(asVerified(kernel, metadata));
  const expected = `signatures by ${threshold} distinct keys of ${signers.name}`;
  return failure("KEY", expected, `${signed.size}`);
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

/** The identities of the keys whose signatures verify. Any other signature says nothing. */
async function signedBy(
  kernel: Kernel,
  { message, signatures }: UnverifiedMetadata<MetadataType>,
  keys: ReadonlyMap<string, TrustKey>,
): Promise<Set<string>> {
  const claims: { key: TrustKey; claim: SignatureClaim }[] = [];
  const signed = new Set<string>();
  for (const { keyid, sig } of signatures) {
    const key = keys.get(keyid);
    const signature = decodeHex(sig);
    if (!key || !signature) continue;
    if (key.algorithm === "ecdsa-p256") {
      if (await checkEcdsa(key, message, signature)) signed.add(key.identity);
    } else if (signature.length === 64) {
      claims.push({ key, claim: { key: key.material, message, signature } });
    }
  }
  const statuses = kernel.checkEd25519Many(claims.map(({ claim }) => claim));
  claims.forEach(({ key }, i) => {
    if (statuses[i] === "ok") signed.add(key.identity);
  });
  return signed;
}
