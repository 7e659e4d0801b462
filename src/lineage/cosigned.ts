/**
 * The history of a log's cosigned checkpoints, kept beside it: at `cosigned/<size>`, in plain decimal,
 * the signed note of that size with every cosignature that was ever collected of it. Of one key the
 * newest stays. No size has two texts: a second one is an equivocation of the log, and is not written.
 */
import { equalBytes } from "../bytes/concat.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader, Storage } from "../storage/storage.js";
import type { CosignedCheckpoint, WitnessKeys } from "../tlog/add-cosignature.js";
import { addCosignatures } from "../tlog/add-cosignature.js";
import type { UnverifiedCheckpoint } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import type { NoteSignature } from "../tlog/note.js";
import { formatNote, MAX_NOTE_BYTES } from "../tlog/note.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";

const COSIGNED = "cosigned";

/** Throws where no log is of that size. */
export function cosignedPath(size: number): string {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`no size: ${size}`);
  return `${COSIGNED}/${size}`;
}

/**
 * Keeps a checkpoint that witnesses have cosigned, together with what is kept of its size; gives both
 * as one. Their cosignatures must verify under `keys`; other signatures, such as the log's own, stay as
 * they came first, and were the caller's to verify. EQUIVOCATION: another root hash of the same size is
 * kept. The caller is the only writer, as by the storage's lock; rejects with what the storage throws.
 */
export async function keepCosigned(
  kernel: Kernel,
  storage: Storage,
  checkpoint: Uint8Array,
  keys: WitnessKeys,
): Promise<Result<CosignedCheckpoint>> {
  const signed = parseCheckpoint(checkpoint);
  if (!signed.ok) return signed;
  const size = Number(signed.value.checkpoint.size);
  if (!Number.isSafeInteger(size)) {
    return failure("TOO_LARGE", "a log of at most 2^53 - 1 entries", `${size}`);
  }
  const isTheirs = (line: NoteSignature): boolean =>
    keys.witnesses.some(({ name, keyId }) => name === line.name && keyId === line.keyId);
  const { text, signatures } = signed.value.note;
  const lines = signatures.filter(isTheirs);
  const others = signatures.filter((line) => !isTheirs(line));
  if (lines.length === 0) return failure("QUORUM", "a cosignature by a known witness", "none");
  const path = cosignedPath(size);
  const kept = await storage.read(path, MAX_NOTE_BYTES);
  if (!kept && others.length === 0) return failure("UNSIGNED", "a signature by the log", "none");
  const wrong = kept && checkSameText(parseCheckpoint(kept), signed.value);
  if (wrong) return wrong;
  const note = kept ?? formatNote(text, others);
  const added = addCosignatures(kernel, note, linesOf(text, lines), keys);
  if (added.ok && added.value.changed) await storage.write(path, added.value.checkpoint);
  return added;
}

/** The whole signature lines, without the text. */
function linesOf(text: string, lines: readonly NoteSignature[]): Uint8Array {
  return formatNote(text, lines).subarray(encodeUtf8(`${text}\n`).length);
}

function checkSameText(
  kept: Result<UnverifiedCheckpoint>,
  { note, checkpoint }: UnverifiedCheckpoint,
): Failure | undefined {
  if (!kept.ok) return { ...kept, expected: `a kept checkpoint: ${kept.expected}` };
  if (kept.value.note.text === note.text) return undefined;
  const { origin, size, rootHash } = kept.value.checkpoint;
  if (origin !== checkpoint.origin) {
    return failure("ORIGIN", abbreviate(origin), abbreviate(checkpoint.origin));
  }
  if (size === checkpoint.size && equalBytes(rootHash, checkpoint.rootHash)) {
    return failure("MALFORMED", "the extension lines that are kept", "others");
  }
  const expected = `the checkpoint of size ${checkpoint.size} that was cosigned before`;
  return failure("EQUIVOCATION", expected, "another of the same size");
}

/** The sizes of which a cosigned checkpoint is kept, the smallest first. */
export async function cosignedSizes(reader: Reader): Promise<number[]> {
  const names = await reader.list(COSIGNED);
  return names
    .filter((name) => /^(?:0|[1-9][0-9]{0,15})$/.test(name) && Number.isSafeInteger(Number(name)))
    .map(Number)
    .sort((a, b) => a - b);
}

/** What is kept of a size, its signatures unverified; undefined where nothing is. */
export async function readCosigned(
  reader: Reader,
  size: number,
): Promise<Result<Uint8Array> | undefined> {
  const bytes = await reader.read(cosignedPath(size), MAX_NOTE_BYTES);
  if (!bytes) return undefined;
  const signed = parseCheckpoint(bytes);
  if (!signed.ok) return signed;
  const found = signed.value.checkpoint.size;
  if (found === BigInt(size)) return ok(bytes);
  return failure("MALFORMED", `a checkpoint of size ${size}`, `one of size ${found}`);
}
