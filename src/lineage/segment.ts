/**
 * Write-ahead segments: what a log holds that no checkpoint covers yet. A segment is batches, one
 * behind the other, and each is written once the one before is durable. So only the last can be torn
 * by a crash: a bad one with anything behind it was durable, and has been damaged since.
 *
 * A batch is a head of 72 bytes and a body. The head, its numbers big-endian:
 *
 *     0   8  the bytes of MAGIC
 *     8   8  the start of SHA-256 over the log's origin, a newline and its public key
 *     16  8  index of the first entry
 *     24  4  bytes of the body
 *     28  4  number of entries
 *     32  32 SHA-256 over bytes 0 to 31 and the entries' leaf hashes
 *     64  8  the start of SHA-256 over bytes 0 to 63
 *
 * The body is the entries, each after its length in two bytes, as in an entry bundle.
 */
import { concatBytes, equalBytes } from "../bytes/concat.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/** An entry with its place in the tree. */
export interface Leaf {
  readonly bytes: Uint8Array;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

export interface Batch {
  /** Index of the first entry. */
  readonly first: number;
  readonly entries: readonly Uint8Array[];
}

export interface Segment {
  readonly batches: readonly Batch[];
  /** Bytes at the end that a crash left of a batch: nobody was told that they were written. */
  readonly torn: number;
  readonly bytes: number;
}

/** No text holds the first byte, so that entries hold no head. */
const MAGIC = Uint8Array.from([0xff, ...encodeUtf8("writ-w"), 1]);
const HEAD = 72;

/** Which log a segment is of. */
export function tagOf(kernel: Kernel, { name, publicKey }: VerifierKey): Uint8Array {
  return kernel.sha256(concatBytes(encodeUtf8(`${name}\n`), publicKey)).slice(0, 8);
}

export function encodeBatch(
  kernel: Kernel,
  tag: Uint8Array,
  first: number,
  leaves: readonly Leaf[],
): Uint8Array {
  const length = leaves.reduce((sum, { bytes }) => sum + 2 + bytes.length, 0);
  const batch = new Uint8Array(HEAD + length);
  const view = new DataView(batch.buffer);
  let at = HEAD;
  for (const { bytes } of leaves) {
    view.setUint16(at, bytes.length);
    batch.set(bytes, at + 2);
    at += 2 + bytes.length;
  }
  batch.set(MAGIC);
  batch.set(tag, 8);
  view.setBigUint64(16, BigInt(first));
  view.setUint32(24, length);
  view.setUint32(28, leaves.length);
  const start = batch.subarray(0, 32);
  batch.set(kernel.sha256(concatBytes(start, ...leaves.map(({ hash }) => hash))), 32);
  batch.set(checkOf(kernel, batch), 64);
  return batch;
}

/** Takes a segment apart. LOG: what no crash leaves. */
export function decodeSegment(kernel: Kernel, tag: Uint8Array, bytes: Uint8Array): Result<Segment> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const batches: Batch[] = [];
  for (let at = 0; at < bytes.length;) {
    const torn = { batches, torn: bytes.length - at, bytes: bytes.length };
    if (!isHead(kernel, bytes, at)) {
      return hasHead(kernel, bytes, at + 1) ? damaged(at) : ok(torn);
    }
    if (!equalBytes(bytes.subarray(at + 8, at + 16), tag)) {
      return failure("LOG", "a write-ahead of this log", "one of another log or key");
    }
    const end = at + HEAD + view.getUint32(at + 24);
    const entries = end <= bytes.length ? bodyOf(kernel, bytes.subarray(at, end)) : undefined;
    // A batch is written once: its own write ends where it ends.
    if (!entries) return end < bytes.length ? damaged(at) : ok(torn);
    batches.push({ first: Number(view.getBigUint64(at + 16)), entries });
    at = end;
  }
  return ok({ batches, torn: 0, bytes: bytes.length });
}

function damaged(at: number): Result<never> {
  return failure("LOG", "a write-ahead as it was written", `a damaged batch at byte ${at}`);
}

/** The entries of a whole batch, if they are those that the head names. */
function bodyOf(kernel: Kernel, batch: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const entries: Uint8Array[] = [];
  for (let at = HEAD; at < batch.length;) {
    const end = at + 2 <= batch.length ? at + 2 + view.getUint16(at) : Number.POSITIVE_INFINITY;
    if (end > batch.length) return undefined;
    entries.push(batch.subarray(at + 2, end));
    at = end;
  }
  if (entries.length !== view.getUint32(28)) return undefined;
  const hashed = concatBytes(batch.subarray(0, 32), kernel.leafHashes(entries));
  return equalBytes(kernel.sha256(hashed), batch.subarray(32, 64)) ? entries : undefined;
}

function isHead(kernel: Kernel, bytes: Uint8Array, at: number): boolean {
  if (at + HEAD > bytes.length) return false;
  const head = bytes.subarray(at, at + HEAD);
  if (!MAGIC.every((byte, i) => head[i] === byte)) return false;
  return equalBytes(checkOf(kernel, head), head.subarray(64));
}

/** True if a head begins at `from` or later. */
function hasHead(kernel: Kernel, bytes: Uint8Array, from: number): boolean {
  const first = MAGIC[0] as number;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (isHead(kernel, bytes, at)) return true;
  }
  return false;
}

function checkOf(kernel: Kernel, head: Uint8Array): Uint8Array {
  return kernel.sha256(head.subarray(0, 64)).subarray(0, 8);
}
