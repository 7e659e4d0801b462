/** The checkpoints of a stored log that tell when its entries were written, with their proofs. */
import { encodeBase64 } from "../bytes/base64.js";
import type { Kernel } from "../kernel/kernel.js";
import { cosignedSizes, readCosigned } from "../lineage/cosigned.js";
import type { Reader } from "../storage/storage.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import type { NoteSignature } from "../tlog/note.js";
import { MAX_NOTE_BYTES } from "../tlog/note.js";
import type { VerifierKey } from "../tlog/vkey.js";
import { TreeReader } from "../tlog/tree-reader.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { BundledCheckpoint } from "./manifest.js";

/** A stored checkpoint, unverified. */
export interface StoredNote {
  readonly size: number;
  readonly bytes: Uint8Array;
  /**
   * Milliseconds since the epoch: when cosignatures by others than the log's own domain say that they
   * were made, the earliest first.
   */
  readonly times: readonly number[];
}

/**
 * All that are kept of a log, by size: the history of cosigned ones, and the newest. `own`: the witnesses
 * of the log's own domain, whose word proves nothing to others.
 */
export async function storedCheckpoints(
  log: Reader,
  own: readonly VerifierKey[],
): Promise<Result<readonly StoredNote[]>> {
  const found = new Map<number, StoredNote>();
  const isOwn = (line: NoteSignature): boolean =>
    own.some(({ name, keyId }) => name === line.name && keyId === line.keyId);
  const add = (bytes: Uint8Array): Failure | undefined => {
    const signed = parseCheckpoint(bytes);
    if (!signed.ok) return signed;
    const size = Number(signed.value.checkpoint.size);
    if (found.has(size)) return undefined;
    const times = signed.value.note.signatures
      .filter((line) => !isOwn(line))
      .flatMap(timeOf)
      .sort((a, b) => a - b);
    found.set(size, { size, bytes, times });
    return undefined;
  };
  for (const size of await cosignedSizes(log)) {
    const bytes = await readCosigned(log, size);
    if (!bytes) continue;
    const wrong = bytes.ok ? add(bytes.value) : bytes;
    if (wrong) return wrong;
  }
  const newest = await log.read(CHECKPOINT, MAX_NOTE_BYTES);
  const wrong = newest && add(newest);
  if (wrong) return wrong;
  const sorted = [...found.values()].sort((a, b) => a.size - b.size);
  return sorted.length > 0 ? ok(sorted) : failure("MISSING", "a checkpoint of the log", "none");
}

/** A cosignature is its time and the signature; a log's own signature states none. */
function timeOf({ signature }: NoteSignature): number[] {
  if (signature.length !== 72 && signature.length !== 2428) return [];
  const view = new DataView(signature.buffer, signature.byteOffset);
  return [Number(view.getBigUint64(0)) * 1000];
}

/**
 * Those that say something of the entries from `from` up to `to`: the last before them, those among
 * them, the first that covers all, and the largest. One that was cosigned only when later entries were
 * there long since says when it was seen, and not that what follows was written after: it is left out.
 */
export function chooseCheckpoints(
  stored: readonly StoredNote[],
  from: number,
  to: number,
  timeAt: ReadonlyMap<number, number>,
): readonly StoredNote[] {
  const timely = stored.filter(({ size, times }) => {
    if (size >= to) return true;
    const next = timeAt.get(size);
    return next === undefined || times.every((time) => time <= next + TOLERANCE);
  });
  const before = timely.findLast(({ size }) => size < from);
  const covering = timely.find(({ size, times }) => size >= to && times.length > 0);
  const largest = timely.findLast(({ times }) => times.length > 0) ?? timely.at(-1);
  const among = timely.filter(({ size, times }) => size >= from && size < to && times.length > 0);
  const chosen = new Set(
    [before, ...among, covering, largest].filter((each) => each !== undefined),
  );
  return stored.filter((each) => chosen.has(each));
}

/** Milliseconds that a cosignature may be later than the entry that comes next: a witness rounds down. */
const TOLERANCE = 1_000;

/** Names a checkpoint, with the proof that it needs beside the entries from `from` to `to`. */
export async function bundleCheckpoint(
  kernel: Kernel,
  log: Reader,
  { size, sha256 }: { readonly size: number; readonly sha256: string },
  { from, to, largest }: { readonly from: number; readonly to: number; readonly largest: number },
): Promise<Result<BundledCheckpoint>> {
  if ((size >= from && size <= to) || size === 0) return ok({ size, sha256, proof: [] });
  const [older, newer] = size > to ? [to, size] : [size, largest];
  if (older === newer) return ok({ size, sha256, proof: [] });
  const proof = await new TreeReader(kernel, log, BigInt(newer), "c2sp").proveConsistency(
    BigInt(older),
  );
  return proof.ok ? ok({ size, sha256, proof: proof.value.map(encodeBase64) }) : proof;
}
