/**
 * Checkpoints (C2SP tlog-checkpoint): a signed note whose text is the origin, the tree size, the root
 * hash in base64, and extension lines, which we read and never write.
 */
import { decodeBase64, encodeBase64 } from "../bytes/base64.js";
import { parseDecimal } from "../bytes/decimal.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { UnverifiedNote } from "./note.js";
import { parseNote } from "./note.js";

/** The state of a log: its first `size` entries have this root hash. */
export interface TreeHead {
  readonly size: bigint;
  readonly rootHash: Uint8Array;
}

export interface Checkpoint extends TreeHead {
  /** Identity of the log: the first line, whole. */
  readonly origin: string;
  /** Opaque lines after the root hash; nobody audits them. */
  readonly extensions: readonly string[];
}

/** A checkpoint taken apart, its signatures unverified. */
export interface UnverifiedCheckpoint {
  readonly note: UnverifiedNote;
  readonly checkpoint: Checkpoint;
}

/** Takes a note's text apart. */
export function parseCheckpointText(text: string): Result<Checkpoint> {
  const lines = text.split("\n");
  const [origin, size, root, ...extensions] = lines.slice(0, -1);
  if (lines.at(-1) !== "" || origin === undefined || size === undefined || root === undefined) {
    const expected = "a checkpoint: origin, size, root hash, each on its line";
    return failure("MALFORMED", expected, abbreviate(text));
  }
  if (origin === "") return failure("MALFORMED", "an origin that is not empty", '""');
  const leaves = parseDecimal(size);
  if (leaves === undefined) {
    return failure("MALFORMED", "a size from 0 to 2^63 - 1, in plain decimal", abbreviate(size));
  }
  const rootHash = decodeBase64(root);
  if (rootHash?.length !== 32) {
    return failure("MALFORMED", "a root hash: base64 of 32 bytes", abbreviate(root));
  }
  if (extensions.includes("")) {
    return failure("MALFORMED", "extension lines that are not empty", "an empty line");
  }
  return ok({ origin, size: leaves, rootHash, extensions });
}

/** Takes a signed checkpoint apart. Nothing is verified. */
export function parseCheckpoint(bytes: Uint8Array): Result<UnverifiedCheckpoint> {
  const note = parseNote(bytes);
  if (!note.ok) return note;
  const checkpoint = parseCheckpointText(note.value.text);
  if (!checkpoint.ok) return checkpoint;
  return ok({ note: note.value, checkpoint: checkpoint.value });
}

/** The text to sign. */
export function formatCheckpointText(origin: string, { size, rootHash }: TreeHead): string {
  const text = `${origin}\n${size}\n${encodeBase64(rootHash)}\n`;
  const parsed = parseCheckpointText(text);
  if (!parsed.ok || parsed.value.origin !== origin || parsed.value.extensions.length > 0) {
    throw new TypeError(`no checkpoint has the origin ${abbreviate(origin)} and size ${size}`);
  }
  return text;
}
