/**
 * Asking one source for what it has of a domain. Nothing is remembered here: what comes back is
 * verified, or is a failure of the source.
 */
import type { Kernel } from "../kernel/kernel.js";
import type { ReadFile } from "../trust/repository.js";
import { MAX_ROOTS, rootPath, TIMESTAMP_PATH } from "../trust/repository.js";
import type { VerifiedTimestamp } from "../trust/roles.js";
import { verifyTimestamp } from "../trust/roles.js";
import type { VerifiedRoot } from "../trust/root.js";
import { verifyNextRoot, walkRoots } from "../trust/root.js";
import { MAX_FILE_BYTES } from "../trust/schema.js";
import type { ReadState } from "../trust/state.js";
import { readState } from "../trust/state.js";
import type { Failure } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { DomainFiles } from "./files.js";
import type { Memory } from "./memory.js";
import type { Source } from "./source.js";

export interface Pulled {
  readonly source: string;
  /** Roots after the one in force, each following the last. */
  readonly roots: readonly VerifiedRoot[];
  /** Another root than ours, signed by the same one before it: where the chains part. */
  readonly rival: VerifiedRoot | undefined;
  /** The digest of the timestamp that the source shows, where it is known already. */
  readonly known: string | undefined;
  /** A timestamp that was not remembered as a whole state, and what it names. */
  readonly read: ReadState | undefined;
  readonly validator: { readonly timestamp: string; readonly validator: string } | undefined;
  /** Why the source gave less than it should. */
  readonly failure: Failure | undefined;
}

/** How far back the root at which two chains part is looked for, one request a root. */
const MAX_ROOTS_BACK = 64;

export async function pull(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  source: Source,
): Promise<Pulled> {
  const pulled = await pullOnce(kernel, memory, files, source);
  // Between the two requests a new root may have appeared, with a timestamp that only it allows.
  const named = pulled.read?.documents.timestamp.signed.root?.version ?? 0;
  const later = pulled.read !== undefined && named > pulled.read.root.signed.version;
  const rotated = (pulled.failure?.code === "KEY" && !pulled.rival) || later;
  return rotated ? await pullOnce(kernel, memory, files, source) : pulled;
}

async function pullOnce(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  source: Source,
): Promise<Pulled> {
  const pulled: { -readonly [Part in keyof Pulled]: Pulled[Part] } = {
    source: source.name,
    roots: [],
    rival: undefined,
    known: undefined,
    read: undefined,
    validator: undefined,
    failure: undefined,
  };
  const read = readerOf(memory.domain, source, files);
  const byVersion = (version: number) => read(rootPath(version), MAX_FILE_BYTES);
  const walk = await walkRoots(kernel, memory.root, byVersion, MAX_ROOTS);
  pulled.roots = walk.roots;
  if (!walk.stopped.ok) {
    const { code } = walk.stopped;
    pulled.failure = walk.stopped;
    // A next root by other keys may be the next root of another chain.
    if (code === "KEY" || code === "ROLLBACK") pulled.rival = await findRival(kernel, memory, read);
    return pulled;
  }
  const root = walk.roots.at(-1) ?? memory.root;
  // Asked for by its validator only where what it stands for is still remembered whole.
  const last = memory.validators.get(source.name);
  const known = walk.roots.length === 0 && last && memory.knows(last.timestamp) ? last : undefined;
  const answer = await source.read(memory.domain, TIMESTAMP_PATH, {
    limit: MAX_FILE_BYTES,
    validator: known?.validator,
  });
  if (!answer.ok) return { ...pulled, failure: answer };
  if (answer.status === "unchanged") return { ...pulled, known: known?.timestamp };
  if (answer.status === "absent") {
    return { ...pulled, failure: failure("MISSING", TIMESTAMP_PATH, "no such file") };
  }
  const timestamp = await verifyTimestamp(kernel, root, answer.bytes);
  if (!timestamp.ok) {
    const rival = timestamp.code === "KEY" ? await findRival(kernel, memory, read) : undefined;
    return { ...pulled, failure: timestamp, rival };
  }
  files.add(answer.bytes);
  const otherRoot = checkRootInChain([...memory.roots, ...walk.roots], timestamp.value);
  if (otherRoot) {
    return { ...pulled, failure: otherRoot, rival: await findRival(kernel, memory, read) };
  }
  const { validator } = answer;
  if (validator !== undefined) {
    pulled.validator = { timestamp: timestamp.value.digest, validator };
  }
  if (memory.knows(timestamp.value.digest)) return { ...pulled, known: timestamp.value.digest };
  pulled.read = await readState(kernel, root, timestamp.value, read);
  if (pulled.read.state.ok) return pulled;
  return { ...pulled, failure: pulled.read.state, validator: undefined };
}

/** The root that a timestamp names as the one in force must be one of the chain. */
function checkRootInChain(
  roots: readonly VerifiedRoot[],
  { signed }: VerifiedTimestamp,
): Failure | undefined {
  const ours = roots.find((root) => root.signed.version === signed.root?.version);
  if (!signed.root || !ours || ours.digest === signed.root.sha256) return undefined;
  const expected = `root ${signed.root.version} as it is known here, sha256 ${ours.digest}`;
  return failure("KEY", expected, `one with sha256 ${signed.root.sha256}`);
}

/** Files by their digest from the store, where they are there, else from the source. */
function readerOf(domain: string, source: Source, files: DomainFiles): ReadFile {
  return async (path, limit, sha256) => {
    const stored = sha256 === undefined ? undefined : await files.read(sha256);
    if (stored) return ok(stored);
    const answer = await source.read(domain, path, { limit });
    if (!answer.ok) return answer;
    if (answer.status !== "found") return ok(undefined);
    files.add(answer.bytes);
    return ok(answer.bytes);
  };
}

/**
 * Looks for the first root at which the source's chain leaves ours: two roots of one version that
 * the root before has both signed. Asks from the newest on, and ends where the chains agree.
 */
async function findRival(
  kernel: Kernel,
  { roots }: Memory,
  read: ReadFile,
): Promise<VerifiedRoot | undefined> {
  const lowest = Math.max(1, roots.length - MAX_ROOTS_BACK);
  for (let i = roots.length - 1; i >= lowest; i--) {
    const [ours, before] = [roots[i] as VerifiedRoot, roots[i - 1] as VerifiedRoot];
    const theirs = await read(rootPath(ours.signed.version), MAX_FILE_BYTES);
    if (!theirs.ok || !theirs.value) return undefined;
    const other = await verifyNextRoot(kernel, before, theirs.value);
    if (other.ok) return other.value.digest === ours.digest ? undefined : other.value;
  }
  return undefined;
}
