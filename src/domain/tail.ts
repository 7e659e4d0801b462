/** Where the next entry of a domain's log goes. */
import { encodeHex } from "../bytes/hex.js";
import { formatRfc3339 } from "../bytes/rfc3339.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../tlog/note.js";
import { readEntry } from "../tlog/tile.js";
import { parseTrustEntry } from "../trust/entry.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/** What the next entry must follow. */
export interface Tail {
  readonly index: bigint;
  readonly prev: string | null;
  /** Milliseconds: the next entry is not earlier. */
  readonly time: number;
}

export async function readTail(kernel: Kernel, log: Reader): Promise<Result<Tail>> {
  const bytes = await log.read(CHECKPOINT, MAX_NOTE_BYTES);
  if (!bytes) return ok({ index: 0n, prev: null, time: 0 });
  const signed = parseCheckpoint(bytes);
  if (!signed.ok) return signed;
  const { size } = signed.value.checkpoint;
  if (size === 0n) return ok({ index: 0n, prev: null, time: 0 });
  const last = await readEntry(log, size, size - 1n);
  if (!last.ok) return last;
  const entry = parseTrustEntry(last.value);
  if (!entry.ok) return entry;
  const prev = encodeHex(kernel.leafHash(last.value));
  return ok({ index: size, prev, time: millisecondsOf(entry.value.time) });
}

/** The time of an entry at `now` that follows `tail`: never earlier than the entry before. */
export function entryTime(tail: Tail, now: number): Result<string> {
  if (now >= tail.time) return ok(formatRfc3339(now, "ms"));
  const expected = `a time not before the last entry's, ${formatRfc3339(tail.time, "ms")}`;
  return failure("CLOCK", expected, formatRfc3339(now, "ms"));
}
