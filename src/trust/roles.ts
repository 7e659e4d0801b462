/**
 * Timestamp, snapshot and targets (specification, sections 5.4 to 5.6): signatures, what the parent
 * says of the file, and what an earlier one forbids. Each function is one step; none of them knows
 * the time or where bytes come from.
 */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { Meta, MetadataType, SignedPart, Target, VerifiedMetadata } from "./metadata.js";
import { parseMetadata } from "./metadata.js";
import type { VerifiedRoot } from "./root.js";
import { signersOf } from "./root.js";
import type { Signers } from "./threshold.js";
import { verifyMetadata, verifyThresholds } from "./threshold.js";

export type VerifiedTimestamp = VerifiedMetadata<"timestamp">;
export type VerifiedSnapshot = VerifiedMetadata<"snapshot">;
export type VerifiedTargets = VerifiedMetadata<"targets">;

export async function verifyTimestamp(
  kernel: Kernel,
  root: VerifiedRoot,
  bytes: Uint8Array,
): Promise<Result<VerifiedTimestamp>> {
  return await verifyMetadata(kernel, "timestamp", bytes, signersOf(root, "timestamp"));
}

/** `verifyTimestamp` of each, with the signatures of all in one call of the kernel. */
export async function verifyTimestamps(
  kernel: Kernel,
  root: VerifiedRoot,
  files: readonly Uint8Array[],
): Promise<Result<VerifiedTimestamp>[]> {
  const parsed = files.map((bytes) => parseMetadata("timestamp", bytes));
  const whole = parsed.flatMap((each) => (each.ok ? [each.value] : []));
  const verified = await verifyThresholds(kernel, whole, signersOf(root, "timestamp"));
  let at = 0;
  return parsed.map((each) => (each.ok ? (verified[at++] as Result<VerifiedTimestamp>) : each));
}

export async function verifySnapshot(
  kernel: Kernel,
  root: VerifiedRoot,
  timestamp: VerifiedTimestamp,
  bytes: Uint8Array,
): Promise<Result<VerifiedSnapshot>> {
  const meta = timestamp.signed.meta["snapshot.json"];
  const bad = checkFile(kernel, "snapshot metadata", meta, bytes);
  if (bad) return bad;
  const verified = await verifyMetadata(kernel, "snapshot", bytes, signersOf(root, "snapshot"));
  return verified.ok ? atVersion("snapshot", verified.value, meta) : verified;
}

/** `name`: `targets`, or a delegated role, whose `signers` the delegating metadata names. */
export async function verifyTargets(
  kernel: Kernel,
  signers: Signers,
  snapshot: VerifiedSnapshot,
  name: string,
  bytes: Uint8Array,
): Promise<Result<VerifiedTargets>> {
  const meta = metaOf(snapshot, name);
  if (!meta.ok) return meta;
  const bad = checkFile(kernel, `metadata of role ${abbreviate(name)}`, meta.value, bytes);
  if (bad) return bad;
  const verified = await verifyMetadata(kernel, "targets", bytes, signers);
  return verified.ok ? atVersion(name, verified.value, meta.value) : verified;
}

/** What the snapshot says of the metadata of a role. */
export function metaOf({ signed }: VerifiedSnapshot, name: string): Result<Meta> {
  const file = `${name}.json`;
  if (Object.hasOwn(signed.meta, file)) return ok(signed.meta[file] as Meta);
  return failure("MISSING", `${abbreviate(file)} in snapshot ${signed.version}`, "no such file");
}

function atVersion<Type extends MetadataType>(
  name: string,
  metadata: VerifiedMetadata<Type>,
  { version }: Meta,
): Result<VerifiedMetadata<Type>> {
  if (metadata.signed.version === version) return ok(metadata);
  const found = `version ${metadata.signed.version}`;
  return failure("DIGEST", `version ${version} of ${abbreviate(name)} metadata`, found);
}

/** Length and every digest that is given (section 4.1 and 4.4), if the algorithm is known here. */
export function checkFile(
  kernel: Kernel,
  what: string,
  { length, hashes }: Meta | Target,
  bytes: Uint8Array,
): Failure | undefined {
  if (length !== undefined && bytes.length !== length) {
    return failure("DIGEST", `${what} of ${length} bytes`, `${bytes.length} bytes`);
  }
  if (!hashes) return undefined;
  let known = 0;
  for (const algorithm of ["sha256", "sha512"] as const) {
    if (!Object.hasOwn(hashes, algorithm)) continue;
    known += 1;
    const found = encodeHex(kernel[algorithm](bytes));
    const expected = hashes[algorithm] as string;
    if (found !== expected) {
      return failure("DIGEST", `${what} with ${algorithm} ${abbreviate(expected)}`, found);
    }
  }
  if (known > 0) return undefined;
  const found = abbreviate(Object.keys(hashes).join());
  return failure("DIGEST", `a digest of ${what} by sha256 or sha512`, found);
}

/** Versions may not go back (5.4.3): the timestamp's own, and that of the snapshot it names. */
export function checkTimestampOrder(
  older: SignedPart<"timestamp">,
  newer: SignedPart<"timestamp">,
): Failure | undefined {
  const snapshot = (signed: SignedPart<"timestamp">) => signed.meta["snapshot.json"].version;
  return (
    notBelow("timestamp", older.version, newer.version) ??
    notBelow("snapshot named by the timestamp", snapshot(older), snapshot(newer))
  );
}

/** No file of the older snapshot may be missing from the newer one, or be older there (5.5.5). */
export function checkSnapshotOrder(
  older: SignedPart<"snapshot">,
  newer: SignedPart<"snapshot">,
): Failure | undefined {
  for (const [file, { version }] of Object.entries(older.meta)) {
    const name = `${abbreviate(file)} named by the snapshot`;
    const later = Object.hasOwn(newer.meta, file) ? newer.meta[file] : undefined;
    if (!later) return failure("ROLLBACK", `${name}, as before`, "none");
    const back = notBelow(name, version, later.version);
    if (back) return back;
  }
  return undefined;
}

function notBelow(name: string, older: number, newer: number): Failure | undefined {
  if (newer >= older) return undefined;
  return failure("ROLLBACK", `${name}: version ${older} or later`, `version ${newer}`);
}

/** `now` must be before the expiry (5.3.10, 5.4.4, 5.5.6, 5.6.6). */
export function checkExpiry(
  name: string,
  { signed, expires }: VerifiedMetadata<MetadataType>,
  now: number,
): Failure | undefined {
  if (now < expires) return undefined;
  const expected = `${name} metadata that is valid at the given time`;
  return failure("EXPIRED", expected, `version ${signed.version}, expired ${signed.expires}`);
}
