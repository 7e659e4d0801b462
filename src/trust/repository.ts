/**
 * The client workflow of the TUF specification (section 5) over any repository: roots, timestamp,
 * snapshot, targets, then target files through their delegations. `src/sync/` follows domains of
 * Writ with the same steps, and remembers more.
 */
import type { Kernel } from "../kernel/kernel.js";
import { isPathPart } from "../storage/storage.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import { delegatedSigners, delegationsOf } from "./delegation.js";
import type { Meta, Target } from "./metadata.js";
import type { VerifiedSnapshot, VerifiedTargets, VerifiedTimestamp } from "./roles.js";
import {
  checkExpiry,
  checkFile,
  checkSnapshotOrder,
  checkTimestampOrder,
  metaOf,
  verifySnapshot,
  verifyTargets,
  verifyTimestamp,
} from "./roles.js";
import type { VerifiedRoot } from "./root.js";
import { signersOf, versionEpoch, walkRoots } from "./root.js";
import { MAX_FILE_BYTES } from "./schema.js";
import type { Signers } from "./threshold.js";

/**
 * Reads a file of the repository: `metadata/...` or `targets/...`; undefined: it is not there.
 * `sha256`: the digest that its bytes must have, where signed metadata gives one; a reader may use
 * it to find them elsewhere. What it gives is checked again.
 */
export type ReadFile = (
  path: string,
  limit: number,
  sha256?: string,
) => Promise<Result<Uint8Array | undefined>>;

/** What a client keeps from one refresh to the next. */
export interface Remembered {
  readonly root: VerifiedRoot;
  readonly timestamp?: VerifiedTimestamp;
  readonly snapshot?: VerifiedSnapshot;
  readonly targets?: VerifiedTargets;
}

export type Refreshed = Required<Remembered>;

/** Roots that one refresh follows at most (5.3.3 asks for a bound). */
export const MAX_ROOTS = 1024;
/** Delegated roles that one search visits at most (5.6.7.1). */
const MAX_VISITED = 32;

/** Sections 5.3 to 5.6, with the time fixed by the caller, in milliseconds. */
export async function refreshRepository(
  kernel: Kernel,
  remembered: Remembered,
  read: ReadFile,
  now: number,
): Promise<Result<Refreshed>> {
  const walk = await walkRoots(
    kernel,
    remembered.root,
    (version) => read(rootPath(version), MAX_FILE_BYTES),
    MAX_ROOTS,
  );
  if (!walk.stopped.ok) return walk.stopped;
  const root = walk.roots.at(-1) ?? remembered.root;
  const expired = checkExpiry("root", root, now);
  if (expired) return expired;
  // 5.3.11: other keys for timestamp or snapshot undo a fast-forward of their versions.
  const kept = versionEpoch(root) === versionEpoch(remembered.root) ? remembered : { root };

  const timestamp = await readTimestamp(kernel, root, read);
  if (!timestamp.ok) return timestamp;
  const badTimestamp =
    (kept.timestamp && checkTimestampOrder(kept.timestamp.signed, timestamp.value.signed)) ??
    checkExpiry("timestamp", timestamp.value, now);
  if (badTimestamp) return badTimestamp;
  const snapshot = await readSnapshot(kernel, root, timestamp.value, read);
  if (!snapshot.ok) return snapshot;
  const badSnapshot =
    (kept.snapshot && checkSnapshotOrder(kept.snapshot.signed, snapshot.value.signed)) ??
    checkExpiry("snapshot", snapshot.value, now);
  if (badSnapshot) return badSnapshot;
  const signers = signersOf(root, "targets");
  const targets = await readTargets(kernel, root, signers, snapshot.value, "targets", read);
  if (!targets.ok) return targets;
  const badTargets = checkExpiry("targets", targets.value, now);
  if (badTargets) return badTargets;
  return ok({ root, timestamp: timestamp.value, snapshot: snapshot.value, targets: targets.value });
}

export async function readTimestamp(
  kernel: Kernel,
  root: VerifiedRoot,
  read: ReadFile,
): Promise<Result<VerifiedTimestamp>> {
  const bytes = await required(read, TIMESTAMP_PATH, {});
  return bytes.ok ? await verifyTimestamp(kernel, root, bytes.value) : bytes;
}

export async function readSnapshot(
  kernel: Kernel,
  root: VerifiedRoot,
  timestamp: VerifiedTimestamp,
  read: ReadFile,
): Promise<Result<VerifiedSnapshot>> {
  const meta = timestamp.signed.meta["snapshot.json"];
  const path = metadataPath(root, "snapshot", meta.version);
  const bytes = await required(read, path, meta);
  return bytes.ok ? await verifySnapshot(kernel, root, timestamp, bytes.value) : bytes;
}

export async function readTargets(
  kernel: Kernel,
  root: VerifiedRoot,
  signers: Signers,
  snapshot: VerifiedSnapshot,
  name: string,
  read: ReadFile,
): Promise<Result<VerifiedTargets>> {
  const meta = metaOf(snapshot, name);
  if (!meta.ok) return meta;
  const path = metadataPath(root, name, meta.value.version);
  const bytes = await required(read, path, meta.value);
  if (!bytes.ok) return bytes;
  return await verifyTargets(kernel, signers, snapshot, name, bytes.value);
}

/** Section 5.7: a target file that the repository vouches for at `now`. */
export async function readTarget(
  kernel: Kernel,
  refreshed: Refreshed,
  path: string,
  read: ReadFile,
  now: number,
): Promise<Result<Uint8Array>> {
  const found = await findTarget(kernel, refreshed, path, read, now);
  if (!found.ok) return found;
  return await readTargetFile(kernel, refreshed.root, path, found.value, read);
}

/** The bytes of a target file, checked against what signed metadata says of it. */
export async function readTargetFile(
  kernel: Kernel,
  root: VerifiedRoot,
  path: string,
  target: Target,
  read: ReadFile,
): Promise<Result<Uint8Array>> {
  if (target.length > MAX_FILE_BYTES) {
    return failure("TOO_LARGE", `a target of at most ${MAX_FILE_BYTES} bytes`, `${target.length}`);
  }
  const bytes = await required(read, targetPath(root, path, target), target);
  if (!bytes.ok) return bytes;
  return checkFile(kernel, `target ${abbreviate(path)}`, target, bytes.value) ?? bytes;
}

/** 5.6.7: depth first, in the order of the delegations; a terminating one ends the search. */
async function findTarget(
  kernel: Kernel,
  { root, snapshot, targets }: Refreshed,
  path: string,
  read: ReadFile,
  now: number,
): Promise<Result<Target>> {
  const absent = failure("MISSING", `target ${abbreviate(path)}`, "no role names it");
  const visited = new Set<string>(["targets"]);
  const search = async (role: VerifiedTargets): Promise<Result<Target> | undefined> => {
    const own = Object.hasOwn(role.signed.targets, path) ? role.signed.targets[path] : undefined;
    if (own) return ok(own);
    for (const each of delegationsOf(kernel, role, path)) {
      if (visited.has(each.name)) continue;
      if (visited.size > MAX_VISITED) {
        return failure("TOO_LARGE", `at most ${MAX_VISITED} delegated roles to search`, "more");
      }
      visited.add(each.name);
      const signers = delegatedSigners(role, each);
      const next = await readTargets(kernel, root, signers, snapshot, each.name, read);
      if (!next.ok) return next;
      const found = checkExpiry(each.name, next.value, now) ?? (await search(next.value));
      if (found) return found;
      if (each.terminating) return absent;
    }
    return undefined;
  };
  return (await search(targets)) ?? absent;
}

async function required(
  read: ReadFile,
  path: string,
  { length, hashes }: Pick<Meta, "length" | "hashes">,
): Promise<{ readonly ok: true; readonly value: Uint8Array } | Failure> {
  const most = Math.min(length ?? MAX_FILE_BYTES, MAX_FILE_BYTES);
  // Signed or not, a name is not a way out of the folder.
  if (!path.split("/").every(isPathPart)) {
    return failure("MALFORMED", "names that can stand in a path", abbreviate(path));
  }
  const bytes = await read(path, most, hashes?.["sha256"]);
  if (!bytes.ok) return bytes;
  if (!bytes.value) return failure("MISSING", path, "no such file");
  if (bytes.value.length > most) {
    return failure("TOO_LARGE", `${path} of at most ${most} bytes`, "more");
  }
  return ok(bytes.value);
}

export const TIMESTAMP_PATH = "metadata/timestamp.json";

export function rootPath(version: number): string {
  return `metadata/${version}.root.json`;
}

/** Where metadata of a role lies; with its version where snapshots are consistent (section 6.2). */
export function metadataPath({ signed }: VerifiedRoot, name: string, version: number): string {
  // A delegated role's name is a file's name only once it is encoded.
  const file = `${encodeURIComponent(name)}.json`;
  return `metadata/${signed.consistent_snapshot ? `${version}.` : ""}${file}`;
}

/** Where a target file lies: with its digest before the name where snapshots are consistent. */
export function targetPath({ signed }: VerifiedRoot, path: string, { hashes }: Target): string {
  if (!signed.consistent_snapshot) return `targets/${path}`;
  const digest = hashes["sha256"] ?? Object.values(hashes)[0] ?? "";
  const slash = path.lastIndexOf("/") + 1;
  return `targets/${path.slice(0, slash)}${digest}.${path.slice(slash)}`;
}
