/** The log of a gate: durable before it is acknowledged, chained, and verified whole when it is opened. */
import { encodeHex } from "../bytes/hex.js";
import { formatRfc3339 } from "../bytes/rfc3339.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Journal, LogStorage } from "../storage/storage.js";
import type { Signer } from "../tlog/signer.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { Ahead } from "./ahead.js";
import { Cadence } from "./cadence.js";
import type { Link } from "./chain.js";
import { Checkpointing } from "./checkpointing.js";
import type { Entry, EntryBody } from "./entry.js";
import { formatEntry } from "./entry.js";
import { GroupCommit, LogFailed } from "./group-commit.js";
import type { LoggedEntry } from "./log-reader.js";
import { LogReader } from "./log-reader.js";
import { readWhole } from "./recovery.js";
import type { Leaf } from "./segment.js";
import { tagOf } from "./segment.js";
import { Slab } from "./slab.js";
import type { Replay } from "./stored-tree.js";

export interface LogOptions {
  /** A checkpoint is written after so many entries, or so long after the first that none covers. */
  readonly every: { readonly entries: number; readonly ms: number };
  /** A timer; call the result to cancel it. Without one only the number of entries counts. */
  readonly after?: ((ms: number, call: () => void) => () => void) | undefined;
  /** Called with each entry that is there, in order, while the log is read. */
  readonly replay?: Replay | undefined;
  /** Bytes that are written ahead at once. 4 MiB unless told. */
  readonly batchBytes?: number | undefined;
  /** Bytes that may wait to be written; more are refused. 64 MiB unless told. */
  readonly waitingBytes?: number | undefined;
  /**
   * Bytes that no checkpoint covers; more are refused, and from the half of it on appends wait while one
   * is written. 64 MiB unless told.
   */
  readonly aheadBytes?: number | undefined;
}

export interface OpenedLog {
  readonly log: GateLog;
  /** Bytes of a write that a crash cut short, of which nobody was told: they were dropped. */
  readonly torn: number;
}

export interface Appended {
  /** Index of the first entry. */
  readonly first: number;
  /** Leaf hashes, in hexadecimal. */
  readonly leaves: readonly string[];
  /** Resolves when all of them survive a crash; rejects with LogFailed when that is not certain. */
  readonly durable: Promise<void>;
}

/**
 * Opens a log, or begins one where nothing is, as its only writer, and reads all of it. LOG: another
 * holds it, or what is there is not what a writer with this key left, at whatever moment it ended.
 * What its write-ahead holds is under a checkpoint when this resolves. Throws what the storage throws.
 */
export async function openLog(
  kernel: Kernel,
  storage: LogStorage,
  signer: Signer,
  options: LogOptions,
): Promise<Result<OpenedLog>> {
  requireOptions(options);
  if (signer.key.type !== "ed25519") {
    throw new TypeError(`a log signs with an Ed25519 key, not ${signer.key.type}`);
  }
  let unlock: () => Promise<void>;
  try {
    unlock = await storage.lock();
  } catch (error) {
    const expected = "to be the log's only writer; stop the other, or give this gate its own log";
    return failure("LOG", expected, error instanceof Error ? error.message : String(error));
  }
  try {
    const recovered = await readWhole(kernel, storage, signer.key, options.replay);
    if (!recovered.ok) {
      await unlock();
      return asLog(recovered);
    }
    const checkpointing = new Checkpointing(storage, signer, recovered.value);
    const journal = await checkpointing.recover(recovered.value.ahead);
    const log = new GateLog({
      kernel,
      storage,
      signer,
      options,
      unlock,
      checkpointing,
      journal,
      last: recovered.value.last,
    });
    return ok({ log, torn: recovered.value.torn });
  } catch (error) {
    await unlock().catch(() => {});
    throw error;
  }
}

interface Parts {
  readonly kernel: Kernel;
  readonly storage: LogStorage;
  readonly signer: Signer;
  readonly options: LogOptions;
  readonly unlock: () => Promise<void>;
  readonly checkpointing: Checkpointing;
  readonly journal: Journal;
  readonly last: Link;
}

/**
 * A log that is open. What it acknowledges survives a crash. Once a write has failed it takes nothing
 * more, and says so by throwing LogFailed: open it again to see what is there.
 */
export class GateLog {
  /** The name of the key that signs its checkpoints. */
  readonly origin: string;
  readonly #kernel: Kernel;
  readonly #unlock: () => Promise<void>;
  readonly #checkpointing: Checkpointing;
  readonly #commit: GroupCommit;
  readonly #ahead: Ahead;
  readonly #reader: LogReader;
  readonly #cadence: Cadence;
  readonly #slab = new Slab();
  readonly #waitingBytes: number;
  readonly #aheadBytes: number;
  #last: Link;
  #failed: LogFailed | undefined;
  #closing: Promise<void> | undefined;

  /** @internal Use `openLog`. */
  constructor(parts: Parts) {
    const { kernel, storage, signer, options, checkpointing, journal } = parts;
    const { batchBytes = 4 << 20, waitingBytes = 64 << 20, aheadBytes = 64 << 20 } = options;
    this.origin = signer.key.name;
    this.#kernel = kernel;
    this.#unlock = parts.unlock;
    this.#last = parts.last;
    this.#checkpointing = checkpointing;
    this.#waitingBytes = waitingBytes;
    this.#aheadBytes = aheadBytes;
    this.#ahead = new Ahead(checkpointing.size);
    this.#reader = new LogReader(kernel, storage, this.#ahead);
    this.#cadence = new Cadence({
      ...options.every,
      bytes: aheadBytes / 8,
      after: options.after,
      uncovered: () => ({
        entries: this.#commit.durable - this.#ahead.start,
        bytes: this.#ahead.bytes,
      }),
      call: () => this.checkpoint(),
    });
    this.#commit = new GroupCommit({
      kernel,
      tag: tagOf(kernel, signer.key),
      journal,
      first: checkpointing.size,
      batchBytes,
      // Where checkpoints do not keep up, appends wait for them rather than be refused.
      pace: () => (this.#ahead.bytes > aheadBytes / 2 ? checkpointing.slice : undefined),
      onDurable: () => this.#cadence.look(),
      onFailed: (error) => this.#end(error),
    });
  }

  /** Number of entries, durable or not yet. */
  get size(): number {
    return this.#ahead.size;
  }

  /** The last entry, durable or not yet: its leaf hash and its time in milliseconds. */
  get last(): { readonly leaf: string; readonly time: number } | undefined {
    const { leaf, time } = this.#last;
    return leaf === null ? undefined : { leaf, time };
  }

  /**
   * Adds entries in their order, each linked to the one before; they have their place when this
   * returns, and survive a crash all together or not at all. `now` in milliseconds since the epoch.
   * `durable` for no entries is that of all before. Nothing is added with a failure: CLOCK where `now` is earlier than the last entry, TOO_LARGE where
   * one does not fit, LOG where more waits to be written than the log holds. Throws LogFailed.
   */
  append(bodies: readonly EntryBody[], now: number): Result<Appended> {
    if (this.#failed) throw this.#failed;
    const time = Math.floor(now);
    const text = formatRfc3339(time, "ms");
    if (time < this.#last.time) {
      const expected = `a time not before the last entry's, ${formatRfc3339(this.#last.time, "ms")}`;
      return failure("CLOCK", expected, text);
    }
    const first = this.size;
    let last = this.#last.leaf;
    let bytes = 0;
    const leaves: Leaf[] = [];
    const texts: string[] = [];
    for (const body of bodies) {
      const entry = formatEntry({ ...body, prev: last, time: text } as Entry);
      if (!entry.ok) return entry;
      const hash = this.#kernel.leafHash(entry.value);
      last = encodeHex(hash);
      bytes += entry.value.length + 2;
      leaves.push({ bytes: this.#slab.keep(entry.value), hash: this.#slab.keep(hash) });
      texts.push(last);
    }
    const full = this.#refusal(bytes);
    if (full) return full;
    if (leaves.length > 0) this.#last = { leaf: last, time };
    this.#ahead.add(leaves);
    return ok({ first, leaves: texts, durable: this.#commit.add(leaves) });
  }

  #refusal(bytes: number): Failure | undefined {
    const { waiting } = this.#commit;
    if (waiting + bytes > this.#waitingBytes) {
      const expected = `at most ${this.#waitingBytes} bytes that wait to be written`;
      return failure("LOG", expected, `${waiting} wait, and ${bytes} more`);
    }
    if (this.#ahead.bytes + bytes <= this.#aheadBytes) return undefined;
    const expected = `at most ${this.#aheadBytes} bytes that no checkpoint covers`;
    return failure("LOG", expected, `${this.#ahead.bytes}, and ${bytes} more`);
  }

  /**
   * Writes the tiles and a signed checkpoint of all that is durable now; gives the newest checkpoint.
   * Rejects with what the signer threw, which harms nothing, or with LogFailed.
   */
  checkpoint(): Promise<Uint8Array> {
    if (this.#failed) return Promise.reject(this.#failed);
    return this.#checkpointing.checkpoint(this.#commit, this.#ahead);
  }

  /**
   * Stores the newest checkpoint with more signatures, such as a witness's, which the caller has
   * verified. MISSING: it is not the newest any more, or lacks a signature that is stored.
   */
  async storeCheckpoint(note: Uint8Array): Promise<Result<void>> {
    if (this.#failed) throw this.#failed;
    return await this.#checkpointing.store(this.#commit, note.slice());
  }

  /** Resolves when everything so far is durable. */
  async flush(): Promise<void> {
    await this.#commit.flush();
  }

  /** Takes nothing more and writes nothing more, not even at its end: its writer may have gone wrong. */
  abandon(why: string): void {
    this.#commit.fail(new LogFailed(why));
  }

  /**
   * Ends the log: writes what waits, a last checkpoint, and gives the writer's place back, in any case.
   * Rejects with what went wrong; opening it again finds all that is durable.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const failed = this.#failed;
    this.#end(new LogFailed("the log is closed"));
    try {
      if (failed) throw failed;
      await this.#commit.flush();
      await this.#checkpointing.end(this.#commit, this.#ahead);
    } finally {
      // Nothing of this writer may come after the next one has begun.
      await this.#checkpointing.settled();
      await this.#commit.close().catch(() => {});
      await this.#unlock();
    }
  }

  /** The bytes of the entry at an index, durable or not yet; undefined beyond the end. */
  read(index: number): Promise<Uint8Array | undefined> {
    return this.#reader.read(index);
  }

  /** The entries from `from` up to and without `to`, by default all that are there now, in order. */
  entries(from: number, to: number = this.size): AsyncGenerator<LoggedEntry> {
    if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`no index: ${from}`);
    return this.#reader.entries(from, Math.min(to, this.size));
  }

  #end(error: LogFailed): void {
    this.#failed ??= error;
    this.#cadence.end();
  }
}

function requireOptions({ every, batchBytes = 1, waitingBytes = 1, aheadBytes = 1 }: LogOptions) {
  const whole = [every.entries, batchBytes, waitingBytes, aheadBytes];
  const wrong = whole.find((each) => !Number.isSafeInteger(each) || each < 1);
  if (wrong !== undefined) throw new RangeError(`not a number of entries or bytes: ${wrong}`);
  if (!(every.ms >= 0)) throw new RangeError(`not a time in milliseconds: ${every.ms}`);
}

function asLog({ code, expected, found }: Failure): Failure {
  if (code === "LOG" || code === "INTERNAL") return failure(code, expected, found);
  return failure("LOG", `${expected} (${code})`, found);
}
