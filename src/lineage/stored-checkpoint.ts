import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { TreeHead } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../tlog/note.js";
import { checkLog } from "../tlog/verify-checkpoint.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/** A log's newest checkpoint. */
export interface StoredCheckpoint {
  readonly head: TreeHead;
  readonly bytes: Uint8Array;
}

/** Undefined where the log has none. `key`: who must have signed it; undefined takes any that is well formed. */
export async function readStoredCheckpoint(
  kernel: Kernel,
  reader: Reader,
  key: VerifierKey | undefined,
): Promise<Result<StoredCheckpoint | undefined>> {
  const bytes = await reader.read(CHECKPOINT, MAX_NOTE_BYTES);
  if (!bytes) return ok(undefined);
  const signed = parseCheckpoint(bytes);
  if (!signed.ok) return signed;
  const { size, rootHash } = signed.value.checkpoint;
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) {
    return failure("TOO_LARGE", "a log of at most 2^53 - 1 entries", `${size}`);
  }
  const bad = key && checkLog(kernel, signed.value, key);
  if (bad) return { ...bad, expected: `a checkpoint by this log's key: ${bad.expected}` };
  return ok({ head: { size, rootHash }, bytes });
}
