/** Adding witnesses' cosignatures to a stored log: to its checkpoint, and to the history of those. */
import { equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader, Storage } from "../storage/storage.js";
import type { CosignedCheckpoint, WitnessKeys } from "../tlog/add-cosignature.js";
import { addCosignatures } from "../tlog/add-cosignature.js";
import type { TreeHead, UnverifiedCheckpoint } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import { formatNote, MAX_NOTE_BYTES } from "../tlog/note.js";
import { TreeReader } from "../tlog/tree-reader.js";
import { checkLog } from "../tlog/verify-checkpoint.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Failure, Result } from "../verdict.js";
import { failure } from "../verdict.js";
import { keepCosigned } from "./cosigned.js";

/** A checkpoint that witnesses were shown, and that the log may have grown past since. */
export interface ShownCheckpoint {
  readonly checkpoint: Uint8Array;
  /** The log's key, which must have signed it and the stored one. */
  readonly log: VerifierKey;
}

/**
 * Adds cosignatures, whole signature lines as witnesses answer them, under the storage's lock, all or
 * none. `shown`: the checkpoint that they are of, of which the stored log must be a continuation (else
 * CONSISTENCY; of the same size, EQUIVOCATION); undefined is the stored one. Gives it with what is kept.
 */
export async function cosignLog(
  kernel: Kernel,
  storage: Storage,
  lines: Uint8Array,
  keys: WitnessKeys,
  shown?: ShownCheckpoint,
): Promise<Result<CosignedCheckpoint>> {
  const unlock = await storage.lock();
  try {
    const note = await storage.read(CHECKPOINT, MAX_NOTE_BYTES);
    if (!note) return failure("MISSING", `a log with a file "${CHECKPOINT}"`, "none");
    const stored = parseCheckpoint(note);
    if (!stored.ok) return stored;
    const older = shown && (await readShown(kernel, storage, stored.value, shown));
    if (older && !older.ok) return older;
    const isStored = !older || older.value.note.text === stored.value.note.text;
    const base = isStored ? note : ofLog(older.value, (shown as ShownCheckpoint).log);
    const added = addCosignatures(kernel, base, lines, keys);
    if (!added.ok) return added;
    const kept = await keepCosigned(kernel, storage, added.value.checkpoint, keys);
    if (!kept.ok || !isStored) return kept;
    if (added.value.changed) await storage.write(CHECKPOINT, added.value.checkpoint);
    return added;
  } finally {
    await unlock();
  }
}

/** The checkpoint that was shown, if this log signed it and holds its tree. */
async function readShown(
  kernel: Kernel,
  reader: Reader,
  stored: UnverifiedCheckpoint,
  { checkpoint, log }: ShownCheckpoint,
): Promise<Result<UnverifiedCheckpoint>> {
  const shown = parseCheckpoint(checkpoint);
  if (!shown.ok) return shown;
  const wrong =
    checkLog(kernel, stored, log) ??
    checkLog(kernel, shown.value, log) ??
    (await checkContinued(kernel, reader, shown.value.checkpoint, stored.checkpoint));
  return wrong ?? shown;
}

async function checkContinued(
  kernel: Kernel,
  reader: Reader,
  older: TreeHead,
  newer: TreeHead,
): Promise<Failure | undefined> {
  const sizes = `${older.size} and ${newer.size} entries`;
  if (older.size > newer.size) {
    return failure("CONSISTENCY", "a log that has grown past that checkpoint", sizes);
  }
  if (older.size === newer.size) {
    if (equalBytes(older.rootHash, newer.rootHash)) return undefined;
    return failure("EQUIVOCATION", `one root hash at size ${older.size}`, "two, both signed");
  }
  if (older.size === 0n) {
    if (equalBytes(older.rootHash, kernel.treeRoot(new Uint8Array()))) return undefined;
    return failure("CONSISTENCY", "the root hash of no entries", "another");
  }
  const tree = new TreeReader(kernel, reader, newer.size, "c2sp");
  const proof = await tree.proveConsistency(older.size);
  if (!proof.ok) return proof;
  const { status } = kernel.checkConsistency({
    oldSize: older.size,
    oldRoot: older.rootHash,
    newSize: newer.size,
    newRoot: newer.rootHash,
    proof: proof.value,
  });
  if (status === "ok") return undefined;
  return failure("CONSISTENCY", `one log at ${sizes}`, `another (${status})`);
}

/** Without what others have added: nobody has verified it. */
function ofLog({ note }: UnverifiedCheckpoint, { name, keyId }: VerifierKey): Uint8Array {
  const own = note.signatures.filter((line) => line.name === name && line.keyId === keyId);
  return formatNote(note.text, own);
}
