import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Result } from "../verdict.js";
import { ok } from "../verdict.js";
import { Ahead } from "./ahead.js";
import type { LoggedEntry } from "./log-reader.js";
import { LogReader } from "./log-reader.js";
import { readWhole } from "./recovery.js";
import type { Replay } from "./stored-tree.js";

/** A stored log as it was when it was read. */
export interface StoredLog {
  /** The newest checkpoint; undefined where there is none. */
  readonly checkpoint: Uint8Array | undefined;
  /** Number of entries that it covers. */
  readonly covered: number;
  /** Number of entries that were read: what the write-ahead has beyond the checkpoint is among them. */
  readonly size: number;
  /** Bytes of a write that a crash cut short, or that is under way. */
  readonly torn: number;
  read(index: number): Promise<Uint8Array | undefined>;
  /** The entries from `from` up to and without `to`, by default all, in order. */
  entries(from: number, to?: number): AsyncIterable<LoggedEntry>;
}

/**
 * Reads a stored log whole and verifies it, without a lock and without changing anything; its writer
 * may be at work. With `key` the checkpoint must be by it, and the write-ahead is read as well; without
 * one, whoever signed the checkpoint has the word, and it ends the log.
 */
export async function readLog(
  kernel: Kernel,
  reader: Reader,
  key?: VerifierKey,
  replay?: Replay,
): Promise<Result<StoredLog>> {
  const whole = await readWhole(kernel, reader, key, replay);
  if (!whole.ok) return whole;
  const { checkpoint, edge, ahead: behind, torn } = whole.value;
  const ahead = new Ahead(edge.size);
  ahead.add(behind);
  const entries = new LogReader(kernel, reader, ahead);
  return ok({
    checkpoint: checkpoint?.bytes,
    covered: edge.size,
    size: ahead.size,
    torn,
    read: (index) => entries.read(index),
    entries: (from, to = ahead.size) => entries.entries(from, Math.min(to, ahead.size)),
  });
}
