/** Putting what the sources gave into the memory, one after the other. */
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import { verifyTimestamp } from "../trust/roles.js";
import type { VerifiedRoot } from "../trust/root.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { CONTENTS, verifyState } from "../trust/state.js";
import type { Failure, Result } from "../verdict.js";
import { ok } from "../verdict.js";
import type { LogEvidence } from "./evidence.js";
import { formatEvidence, makeMetadataEvidence, parseEvidence, verifySides } from "./evidence.js";
import type { DomainFiles } from "./files.js";
import type { Contradiction, Memory } from "./memory.js";
import { fromFiles, stateOf } from "./open.js";
import type { Pulled } from "./pull.js";
import { rowsOfState } from "./rows.js";
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
  if (!pulled.state) {
    const status = pulled.failure ? "failed" : grown ? "new" : "unchanged";
    if (status !== "failed") keepValidator(memory, pulled);
    return { ...report, status };
  }
  const state = await underRootInForce(kernel, memory, files, pulled.state);
  if (!state.ok) return { ...report, status: "failed", failure: state };
  const before = memory.current();
  const contradictions = memory.learn(rowsOfState(kernel, state.value));
  for (const each of contradictions) await record(kernel, memory, files, each);
  keepValidator(memory, pulled);
  const log = await mergeLog(kernel, memory, files, state.value, logs);
  const status = memory.current() === before ? "behind" : "new";
  return { ...report, status, log: log && (log.ok ? log.value : log) };
}

function keepValidator(memory: Memory, { source, validator }: Pulled): void {
  if (validator) memory.validators.set(source, validator);
}

/** Follows the roots, and drops what does not verify under the last of them. True if there were any. */
async function mergeRoots(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  { roots, fork }: Pulled,
): Promise<boolean> {
  const first = (memory.roots[0] as VerifiedRoot).signed.version;
  const added: VerifiedRoot[] = [];
  for (const root of [...roots, ...(fork ? [fork] : [])]) {
    files.add(root.bytes);
    const ours = memory.roots[root.signed.version - first];
    if (!ours) added.push(root);
    else if (ours.digest !== root.digest) {
      const version = root.signed.version;
      const sides = [ours, root].map(({ bytes }) => files.add(bytes)) as [string, string];
      await record(kernel, memory, files, { role: "root", version, files: sides });
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
  const verified = new Set<string>();
  for (const row of memory.timestamps()) {
    if ((await stateOf(kernel, memory, files, row)).ok) verified.add(row.digest);
  }
  memory.retain(verified);
  for (const [i, each] of memory.contradictions.entries()) {
    if (each.role === "root" || each.role === "log") continue;
    const bytes = await files.read(each.evidence);
    const evidence = bytes ? parseEvidence(bytes) : undefined;
    const live =
      evidence?.ok === true &&
      evidence.value.kind === "metadata" &&
      (await verifySides(kernel, memory.root, evidence.value)).ok;
    memory.contradictions[i] = { ...each, live };
  }
}

/** The state as it stands under the root in force, which another source may have moved on. */
async function underRootInForce(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  state: VerifiedTrustState,
): Promise<Result<VerifiedTrustState>> {
  if (state.metadata.root.digest === memory.root.digest) return ok(state);
  const { bytes } = state.metadata.timestamp;
  const timestamp = await verifyTimestamp(kernel, memory.root, bytes);
  if (!timestamp.ok) return timestamp;
  return await verifyState(kernel, memory.root, timestamp.value, fromFiles(files));
}

/** Keeps the evidence of a contradiction, once. */
async function record(
  kernel: Kernel,
  memory: Memory,
  files: DomainFiles,
  { role, version, files: sides, delegator }: Contradiction,
): Promise<void> {
  const [first, second, delegating] = await Promise.all(
    [...sides, delegator].map((digest) => (digest === undefined ? undefined : files.read(digest))),
  );
  if (!first || !second) return;
  const evidence = await makeMetadataEvidence(kernel, memory.roots, {
    role,
    first,
    second,
    ...(delegating ? { delegator: delegating } : {}),
  });
  if (!evidence) return;
  keepEvidence(memory, files, role, `${version}`, evidence);
}

function keepEvidence(
  memory: Memory,
  files: DomainFiles,
  role: Contradiction["role"] | "log",
  version: string,
  bytes: Uint8Array,
): void {
  const evidence = files.add(bytes);
  if (memory.contradictions.some((each) => each.evidence === evidence)) return;
  memory.contradictions.push({ role, version, evidence, live: true });
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
  const remembered = memory.log ? await files.read(memory.log.file) : undefined;
  const followed = await followLog(kernel, logs, key, remembered);
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
    keepEvidence(memory, files, "log", `${size}`, formatEvidence(kernel, evidence));
  } else if (followed.value.status !== "known") {
    const { checkpoint, size } = followed.value;
    memory.log = { file: files.add(checkpoint), size: `${size}` };
  }
  return ok(followed.value.status);
}
