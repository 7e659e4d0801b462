/** Putting what the sources gave into the memory, one after the other. */
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import { verifyTimestamp } from "../trust/roles.js";
import type { VerifiedRoot } from "../trust/root.js";
import type { ReadState, VerifiedTrustState } from "../trust/state.js";
import { CONTENTS, readState } from "../trust/state.js";
import type { Failure, Result } from "../verdict.js";
import { ok } from "../verdict.js";
import type { LogEvidence } from "./evidence.js";
import { formatEvidence, makeMetadataEvidence } from "./evidence.js";
import type { DomainFiles } from "./files.js";
import type { Contradiction, Memory } from "./memory.js";
import { dropRetired, fromFiles } from "./open.js";
import type { Pulled } from "./pull.js";
import type { ContradictionRow } from "./record.js";
import { rowsOf } from "./rows.js";
import type { Followed } from "./trust-log.js";
import { followLog, trustLogKey } from "./trust-log.js";

export interface SourceReport {
  readonly source: string;
  /**
   * `new`: it had something that was not known. `unchanged`: it shows what is known. `behind`: what
   * it showed is older than what is known. `failed`: see `failure`.
   */
  readonly status: "new" | "unchanged" | "behind" | "failed";
  readonly failure: Failure | undefined;
  /** How its log follows what was seen of it; undefined where it was not asked for. */
  readonly log: Followed["status"] | Failure | undefined;
}

/** Pieces of evidence that are kept of a domain. */
const MAX_EVIDENCE = 64;
/** Sources whose last answer is remembered. */
const MAX_VALIDATORS = 64;

/** `logs`: the logs of all sources, this one's first; any of them may have the tiles for a proof. */
export async function merge(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  pulled: Pulled,
  logs: readonly Reader[],
): Promise<SourceReport> {
  const { source } = pulled;
  const grown = await mergeRoots(kernel, memory, files, pulled);
  const report = { source, failure: pulled.failure, log: undefined };
  if (!pulled.read) {
    if (pulled.failure) return { ...report, status: "failed" };
    keepValidator(memory, pulled);
    const newest = memory.current()?.timestamp.digest === pulled.known;
    return { ...report, status: grown ? "new" : newest ? "unchanged" : "behind" };
  }
  const read = await underRootInForce(kernel, memory, files, pulled.read);
  if (!read.ok) return { ...report, status: "failed", failure: read };
  const before = memory.current()?.timestamp.digest;
  for (const each of memory.learn(rowsOf(kernel, read.value))) {
    await record(kernel, memory, files, each);
  }
  const { state } = read.value;
  if (!state.ok) return { ...report, status: "failed", failure: state };
  keepValidator(memory, pulled);
  const log = await mergeLog(kernel, memory, files, state.value, logs);
  const status = memory.current()?.timestamp.digest === before ? "behind" : "new";
  return { ...report, status, log: log && (log.ok ? log.value : log) };
}

function keepValidator({ validators }: Memory, { source, validator }: Pulled): void {
  if (!validator) return;
  validators.delete(source);
  validators.set(source, validator);
  const [oldest] = validators.keys();
  if (validators.size > MAX_VALIDATORS && oldest !== undefined) validators.delete(oldest);
}

/** Follows the roots, and drops what does not verify under the last of them. True if there were any. */
async function mergeRoots(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  { roots, rival }: Pulled,
): Promise<boolean> {
  const added: VerifiedRoot[] = [];
  for (const root of [...roots, ...(rival ? [rival] : [])]) {
    files.add(root.bytes);
    const ours = memory.rootAt(root.signed.version);
    if (!ours) added.push(root);
    else if (ours.digest !== root.digest) {
      const version = root.signed.version;
      const side = ({ digest, bytes }: VerifiedRoot) => ({ digest, file: files.add(bytes) });
      const sides = [side(ours), side(root)] as const;
      await record(kernel, memory, files, { role: "root", version, sides });
      break;
    }
  }
  if (added.length === 0) return false;
  await advance(kernel, memory, files, added);
  return true;
}

async function advance(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  added: readonly VerifiedRoot[],
): Promise<void> {
  memory.roots.push(...added);
  await dropRetired(kernel, memory, files);
}

/** What was read as it stands under the root in force, which another source may have moved on. */
async function underRootInForce(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  read: ReadState,
): Promise<Result<ReadState>> {
  if (read.root.digest === memory.root.digest) return ok(read);
  const timestamp = await verifyTimestamp(kernel, memory.root, read.documents.timestamp.bytes);
  if (!timestamp.ok) return timestamp;
  return ok(await readState(kernel, memory.root, timestamp.value, fromFiles(files)));
}

/** Keeps the evidence of a contradiction, once. */
async function record(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  { role, version, sides, delegator }: Contradiction,
): Promise<void> {
  const [first, second, delegating] = await Promise.all(
    [...sides.map(({ file }) => file), delegator].map((digest) =>
      digest === undefined ? undefined : files.read(digest),
    ),
  );
  if (!first || !second) return;
  const evidence = await makeMetadataEvidence(kernel, memory.roots, {
    role,
    first,
    second,
    ...(delegating ? { delegator: delegating } : {}),
  });
  if (!evidence) return;
  const digests = sides.map(({ digest }) => digest).sort();
  keepEvidence(memory, files, { role, version: `${version}`, digests }, evidence);
}

function keepEvidence(
  memory: Memory,
  files: DomainFiles,
  contradiction: Pick<ContradictionRow, "role" | "version" | "digests">,
  bytes: Uint8Array,
): void {
  const evidence = files.add(bytes);
  const { contradictions } = memory;
  if (contradictions.some((each) => each.evidence === evidence)) return;
  // Two roots or two trees count by their evidence: one that is open always finds room. Of the other
  // roles the files themselves tell; what is left out of evidence cannot be lifted.
  const { role } = contradiction;
  const open = contradictions.some(
    (each) => each.role === role && !each.settled && !memory.lifted.has(each.evidence),
  );
  const byEvidence = role === "root" || role === "log";
  if (contradictions.length >= MAX_EVIDENCE && (open || !byEvidence)) return;
  memory.contradictions.push({ ...contradiction, evidence, settled: false });
}

async function mergeLog(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  state: VerifiedTrustState,
  logs: readonly Reader[],
): Promise<Result<Followed["status"]> | undefined> {
  const key = trustLogKey(kernel, state.domain, state.authority);
  if (!key) return undefined;
  const remembered = memory.log ? await files.require(memory.log.file) : ok(undefined);
  if (!remembered.ok) return remembered;
  const followed = await followLog(kernel, logs, key, remembered.value);
  if (!followed.ok) return followed;
  if (followed.value.status === "contradiction") {
    const { first, second, proof, size } = followed.value;
    const { targets } = state.metadata;
    const evidence: LogEvidence = {
      format: "writ-equivocation/v1",
      kind: "log",
      roots: memory.roots.map(({ bytes }) => bytes),
      targets: targets.bytes,
      authority: state.contents.get(CONTENTS.authority) as Uint8Array,
      first,
      second,
      proof: [...proof.proof],
      ...(proof.olderRootInNewer ? { olderRootInNewer: proof.olderRootInNewer } : {}),
    };
    const bytes = formatEvidence(kernel, evidence);
    keepEvidence(memory, files, { role: "log", version: `${size}`, digests: [] }, bytes);
  } else if (followed.value.status !== "known") {
    const { checkpoint, size } = followed.value;
    memory.log = { file: files.add(checkpoint), size: `${size}` };
  }
  return ok(followed.value.status);
}
