/**
 * Following the log of a domain's trust changes: each checkpoint that a source shows must extend the
 * largest one that was seen.
 */
import { decodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { TreeHead } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../tlog/note.js";
import { TreeReader } from "../tlog/tree-reader.js";
import { NO_VERIFIERS } from "../tlog/verifiers.js";
import { checkLog } from "../tlog/verify-checkpoint.js";
import { verifyConsistency } from "../tlog/verify-consistency.js";
import type { VerifierKey } from "../tlog/vkey.js";
import { makeVerifierKey } from "../tlog/vkey.js";
import type { Authority } from "../trust/contents/authority.js";
import { trustLogOrigin } from "../trust/contents/authority.js";
import type { Failure, Result, Verdict } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/** The verifier key of a domain's log of trust changes. */
export function trustLogKey(
  kernel: Kernel,
  domain: string,
  authority: Authority,
): VerifierKey | undefined {
  const origin = trustLogOrigin(domain);
  const listed = authority.logs.find((log) => log.origin === origin);
  const key = listed && decodeHex(listed.key);
  return key && makeVerifierKey(kernel, origin, "ed25519", key);
}

/** What a proof between two checkpoints consists of. */
export interface TreeProof {
  readonly proof: readonly Uint8Array[];
  readonly olderRootInNewer?: Uint8Array | undefined;
}

/** `contradiction`: the two checkpoints, the one of the smaller tree first, and the proof. */
export type Followed =
  | {
      readonly status: "first" | "extended" | "known";
      readonly checkpoint: Uint8Array;
      readonly size: bigint;
    }
  | {
      readonly status: "contradiction";
      readonly first: Uint8Array;
      readonly second: Uint8Array;
      readonly proof: TreeProof;
      readonly size: bigint;
    };

/**
 * Reads the checkpoint in the first of `logs` and holds it against the one that is remembered, with a
 * proof from any of them. A failure says that nothing could be concluded: a missing checkpoint or
 * tile, or a proof that leads nowhere, is a bad source and not a bad domain.
 */
export async function followLog(
  kernel: Kernel,
  logs: readonly Reader[],
  key: VerifierKey,
  remembered: Uint8Array | undefined,
): Promise<Result<Followed>> {
  const shown = await logs[0]?.read(CHECKPOINT, MAX_NOTE_BYTES);
  if (!shown) return failure("MISSING", `the checkpoint of ${key.name}`, "none");
  const signed = parseCheckpoint(shown);
  if (!signed.ok) return signed;
  const bad = checkLog(kernel, signed.value, key);
  if (bad) return bad;
  const { size, rootHash } = signed.value.checkpoint;
  if (!remembered) return ok({ status: "first", checkpoint: shown, size });

  const before = parseCheckpoint(remembered);
  if (!before.ok) return before;
  // An empty tree is nothing to hold another against.
  if (before.value.checkpoint.size === 0n) return ok({ status: "first", checkpoint: shown, size });
  const forward = before.value.checkpoint.size <= size;
  const [first, second] = forward ? [remembered, shown] : [shown, remembered];
  const [older, newer] = forward
    ? [before.value.checkpoint, { size, rootHash }]
    : [{ size, rootHash }, before.value.checkpoint];
  let inconclusive: Failure | undefined;
  for (const log of logs) {
    const proof = await proveExtension(kernel, log, older, newer);
    if (!proof.ok) {
      inconclusive ??= proof;
      continue;
    }
    const consistent = checkExtension(kernel, key, first, second, proof.value);
    if (consistent.outcome === "PROVEN") {
      return forward && older.size < newer.size
        ? ok({ status: "extended", checkpoint: shown, size })
        : ok({ status: "known", checkpoint: second, size: newer.size });
    }
    if (consistent.code === "EQUIVOCATION") {
      return ok({ status: "contradiction", first, second, proof: proof.value, size: older.size });
    }
    inconclusive ??= failureOf(consistent);
  }
  return inconclusive ?? failure("MISSING", "tiles for a consistency proof", "none");
}

async function proveExtension(
  kernel: Kernel,
  log: Reader,
  older: TreeHead,
  newer: TreeHead,
): Promise<Result<TreeProof>> {
  if (older.size === newer.size || older.size === 0n) return ok({ proof: [] });
  const tree = new TreeReader(kernel, log, newer.size, "c2sp");
  const proof = await tree.proveConsistency(older.size);
  if (!proof.ok) return proof;
  if (!isPowerOfTwo(older.size)) return ok({ proof: proof.value });
  const root = await tree.rootAt(older.size);
  return root.ok ? ok({ proof: proof.value, olderRootInNewer: root.value }) : root;
}

function checkExtension(
  kernel: Kernel,
  key: VerifierKey,
  first: Uint8Array,
  second: Uint8Array,
  { proof, olderRootInNewer }: TreeProof,
): Verdict {
  const log = { logs: [key], origin: key.name, verifiers: NO_VERIFIERS };
  const [older, newer] = [parseCheckpoint(first), parseCheckpoint(second)];
  const sameSize =
    older.ok && newer.ok && older.value.checkpoint.size === newer.value.checkpoint.size;
  const rootInNewer = sameSize ? newer.value.checkpoint.rootHash : olderRootInNewer;
  return verifyConsistency(kernel, first, second, { log, proof, olderRootInNewer: rootInNewer });
}

/** Where the proof has no hash for the older root, since that is a node of the newer tree. */
function isPowerOfTwo(size: bigint): boolean {
  return size > 0n && (size & (size - 1n)) === 0n;
}

/** The sizes of two checkpoints by `key` that contradict each other, or what else is the matter. */
export function contradictoryTrees(
  kernel: Kernel,
  key: VerifierKey,
  first: Uint8Array,
  second: Uint8Array,
  proof: TreeProof,
): Result<string> {
  const verdict = checkExtension(kernel, key, first, second, proof);
  const [older, newer] = [parseCheckpoint(first), parseCheckpoint(second)];
  if (!older.ok || !newer.ok) return failureOf(verdict);
  const [from, to] = [older.value.checkpoint.size, newer.value.checkpoint.size];
  if (proof.olderRootInNewer && (from === to || !isPowerOfTwo(from))) {
    return failure("MALFORMED", "no root beside a proof that holds it", "one");
  }
  // Both must be signed: what is unsigned or missing accuses nobody.
  const unsigned = verdict.checks.find(
    ({ name, outcome }) => name !== "consistency" && outcome !== "passed",
  );
  if (unsigned) {
    const { code, expected, found } = unsigned;
    return failure(code ?? "UNSIGNED", expected ?? "two signed checkpoints", found ?? "none");
  }
  return verdict.code === "EQUIVOCATION" ? ok(`sizes ${from} and ${to}`) : failureOf(verdict);
}

function failureOf({ code, checks }: Verdict): Failure {
  const check = checks.find(({ outcome }) => outcome !== "passed");
  const expected = check?.expected ?? "two trees that contradict each other";
  return failure(code ?? "CONSISTENCY", expected, check?.found ?? "one that begins with the other");
}
