/** What a domain has published last, read from its own public folder and verified like anybody's. */
import type { Kernel } from "../kernel/kernel.js";
import { readFolder } from "../storage/folder.js";
import type { Reader } from "../storage/storage.js";
import type { ReadFile } from "../trust/repository.js";
import { MAX_ROOTS, readTimestamp, rootPath } from "../trust/repository.js";
import type { VerifiedRoot } from "../trust/root.js";
import { verifyPinnedRoot, walkRoots } from "../trust/root.js";
import { MAX_FILE_BYTES } from "../trust/schema.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { verifyState } from "../trust/state.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { PUBLIC } from "./layout.js";

export interface Published {
  /** From the first to the one in force. */
  readonly roots: readonly VerifiedRoot[];
  readonly root: VerifiedRoot;
  readonly state: VerifiedTrustState;
}

/** `whole`: the domain's own folder. */
export async function readPublished(kernel: Kernel, whole: Reader): Promise<Result<Published>> {
  const published = await readPublication(kernel, readFolder(whole, PUBLIC));
  if (published.ok || published.code !== "MISSING") return published;
  const expected = `${PUBLIC}/${published.expected}; make a domain with "writ domain init"`;
  return published.expected === rootPath(1) ? { ...published, expected } : published;
}

/** `folder`: what others see of it. */
export async function readPublication(kernel: Kernel, folder: Reader): Promise<Result<Published>> {
  const read: ReadFile = async (path, limit) => ok(await folder.read(path, limit));
  const first = await folder.read(rootPath(1), MAX_FILE_BYTES);
  if (!first) {
    return failure("MISSING", rootPath(1), "none");
  }
  const pinned = await verifyPinnedRoot(kernel, first);
  if (!pinned.ok) return pinned;
  const byVersion = (version: number) => read(rootPath(version), MAX_FILE_BYTES);
  const walk = await walkRoots(kernel, pinned.value, byVersion, MAX_ROOTS);
  if (!walk.stopped.ok) return walk.stopped;
  const roots = [pinned.value, ...walk.roots];
  const root = roots.at(-1) as VerifiedRoot;
  const timestamp = await readTimestamp(kernel, root, read);
  if (!timestamp.ok) return timestamp;
  const state = await verifyState(kernel, root, timestamp.value, read);
  return state.ok ? ok({ roots, root, state: state.value }) : state;
}
