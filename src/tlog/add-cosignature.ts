/** Adding witnesses' cosignatures (C2SP tlog-cosignature) to a checkpoint. */
import { concatBytes } from "../bytes/concat.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { TreeHead, UnverifiedCheckpoint } from "./checkpoint.js";
import { parseCheckpoint } from "./checkpoint.js";
import type { NoteSignature } from "./note.js";
import { formatNote, MAX_NOTE_BYTES, MAX_SIGNATURES, parseNote } from "./note.js";
import { checkSignatures } from "./signatures.js";
import type { Verifiers } from "./verifiers.js";
import type { VerifierKey } from "./vkey.js";

/** Whose cosignatures are taken. */
export interface WitnessKeys {
  /** Of types 04 and 06. */
  readonly witnesses: readonly VerifierKey[];
  /** From `loadVerifiers`, with what these keys need. */
  readonly verifiers: Verifiers;
}

export interface CosignedCheckpoint {
  readonly checkpoint: Uint8Array;
  readonly head: TreeHead;
  /** False where the lines added nothing: each key has a cosignature there that is as new. */
  readonly changed: boolean;
}

/**
 * The checkpoint with the cosignatures in `lines`, whole signature lines as a witness answers them.
 * Each must verify under one of the keys given, or nothing is added. Of one key the newest stays, also
 * where the checkpoint had others of it; the other signatures stay as they are.
 */
export function addCosignatures(
  kernel: Kernel,
  checkpoint: Uint8Array,
  lines: Uint8Array,
  keys: WitnessKeys,
): Result<CosignedCheckpoint> {
  requireWitnessKeys(keys);
  const signed = parseCheckpoint(checkpoint);
  if (!signed.ok) return signed;
  const { text, signatures } = signed.value.note;
  const added = parseNote(concatBytes(encodeUtf8(`${text}\n`), lines));
  if (!added.ok) return added;
  if (added.value.text !== text) {
    return failure("MALFORMED", "signature lines and nothing else", "an empty line");
  }

  let merged: readonly NoteSignature[] = signatures;
  for (const line of added.value.signatures) {
    const time = timeOf(kernel, signed.value, line, keys);
    if (!time.ok) return time;
    merged = withNewest(kernel, signed.value, merged, { line, time: time.value }, keys);
  }
  const { size, rootHash } = signed.value.checkpoint;
  const head = { size, rootHash };
  if (merged === signatures) return ok({ checkpoint, head, changed: false });
  if (merged.length > MAX_SIGNATURES) {
    return failure("TOO_LARGE", `at most ${MAX_SIGNATURES} signatures`, `${merged.length}`);
  }
  // Only to measure: the longest note leaves no room for what formatNote would refuse by throwing.
  if (checkpoint.length + lines.length > MAX_NOTE_BYTES) {
    const found = `${checkpoint.length + lines.length}`;
    return failure("TOO_LARGE", `a note of at most ${MAX_NOTE_BYTES} bytes`, found);
  }
  return ok({ checkpoint: formatNote(text, merged), head, changed: true });
}

/** The signatures with one more, unless its key has one there that is as new; the same array then. */
function withNewest(
  kernel: Kernel,
  signed: UnverifiedCheckpoint,
  signatures: readonly NoteSignature[],
  { line, time }: { readonly line: NoteSignature; readonly time: bigint },
  keys: WitnessKeys,
): readonly NoteSignature[] {
  const mine = signatures.filter((each) => each.name === line.name && each.keyId === line.keyId);
  const [only] = mine;
  let newest = { line, time };
  for (const each of mine) {
    const found = timeOf(kernel, signed, each, keys);
    // One that does not verify would spoil the whole note: it gives way.
    if (found.ok && found.value >= newest.time) newest = { line: each, time: found.value };
  }
  if (mine.length === 1 && newest.line === only) return signatures;
  if (!only) return [...signatures, newest.line];
  return signatures.flatMap((each) =>
    each === only ? [newest.line] : mine.includes(each) ? [] : [each],
  );
}

/** The time that a cosignature states, in seconds, if a known key made it over this checkpoint. */
function timeOf(
  kernel: Kernel,
  { note: { text }, checkpoint }: UnverifiedCheckpoint,
  line: NoteSignature,
  { witnesses, verifiers }: WitnessKeys,
): Result<bigint> {
  const note = { text, signatures: [line] };
  const [status] = checkSignatures(kernel, { note, checkpoint }, witnesses, verifiers);
  const name = `${line.name}+${line.keyId}`;
  if (!status) {
    const names = witnesses.map((key) => `${key.name}+${key.keyId}`).join(" or ");
    return failure("KEY", `a cosignature by ${names}`, `one by ${abbreviate(name)}`);
  }
  const expected = `a cosignature by ${name} of the checkpoint of size ${checkpoint.size}`;
  if (status.status === "not-loaded") {
    return failure("NOT_LOADED", expected, "one that was not checked");
  }
  if (status.status !== "ok" || status.time === undefined) {
    return failure("SIGNATURE", expected, `another signature (${status.reason})`);
  }
  return ok(status.time);
}

function requireWitnessKeys({ witnesses }: WitnessKeys): void {
  const log = witnesses.find(({ type }) => type === "ed25519");
  if (log) throw new TypeError(`"${log.name}" is a log's key, of type 01: it cosigns nothing`);
}
