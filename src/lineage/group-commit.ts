import type { Kernel } from "../kernel/kernel.js";
import type { Journal } from "../storage/storage.js";
import type { Leaf } from "./segment.js";
import { encodeBatch } from "./segment.js";

/**
 * The log takes nothing more: a write to it has failed, or it is closed. What was not yet durable may
 * be there after the next opening or not.
 */
export class LogFailed extends Error {
  override readonly name = "LogFailed";
}

/** Entries that are written together: all of them survive a crash, or none. */
interface Pending {
  readonly first: number;
  readonly leaves: Leaf[];
  /** Of the entries, with two for the length of each. */
  bytes: number;
  readonly durable: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Next {
  readonly journal: Journal;
  readonly resolve: (end: number) => void;
  readonly reject: (error: unknown) => void;
}

interface Options {
  readonly kernel: Kernel;
  readonly tag: Uint8Array;
  readonly journal: Journal;
  /** Index of the first entry to come. */
  readonly first: number;
  /** Bytes of entries that are written together at the most, unless one call alone has more. */
  readonly batchBytes: number;
  /** What a batch has to wait for. */
  readonly pace: () => Promise<void> | undefined;
  readonly onDurable: () => void;
  readonly onFailed: (error: LogFailed) => void;
}

/** Writes entries ahead: one sync at a time, and all that came meanwhile goes with the next. */
export class GroupCommit {
  readonly #options: Options;
  readonly #queue: Pending[] = [];
  #journal: Journal;
  #next: Next | undefined;
  #newest: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;
  #failed: LogFailed | undefined;
  #size: number;
  #durable: number;
  #waiting = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#journal = options.journal;
    this.#size = options.first;
    this.#durable = options.first;
  }

  /** Number of entries that survive a crash. */
  get durable(): number {
    return this.#durable;
  }

  /** Why nothing is written any more. */
  get failed(): LogFailed | undefined {
    return this.#failed;
  }

  /** Bytes that wait to be written. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Adds entries, which stay together; the promise resolves when they and all before survive a crash. */
  add(leaves: readonly Leaf[]): Promise<void> {
    if (leaves.length === 0) return this.#newest;
    const bytes = leaves.reduce((sum, each) => sum + 2 + each.bytes.length, 0);
    let pending = this.#queue.at(-1);
    if (!pending || pending.bytes + bytes > this.#options.batchBytes) {
      pending = pendingFrom(this.#size);
      this.#queue.push(pending);
      this.#newest = pending.durable;
    }
    for (const leaf of leaves) pending.leaves.push(leaf);
    pending.bytes += bytes;
    this.#waiting += bytes;
    this.#size += leaves.length;
    this.#run();
    return pending.durable;
  }

  /** Resolves when all that was added survives a crash. */
  async flush(): Promise<void> {
    while (this.#running) await this.#running;
    if (this.#failed) throw this.#failed;
  }

  /** Goes on in another journal; gives how many entries those before hold, all of them durable. */
  switchTo(journal: Journal): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#failed) return reject(this.#failed);
      this.#next = { journal, resolve, reject };
      this.#run();
    });
  }

  /** Ends it for whatever reason; nothing is written any more but what is being written. */
  fail(error: LogFailed): void {
    if (this.#failed) return;
    this.#failed = error;
    for (const pending of this.#queue) pending.reject(error);
    this.#queue.length = 0;
    this.#next?.reject(error);
    this.#options.onFailed(error);
  }

  /** Closes the journal, when nothing is being written to it any more. */
  async close(): Promise<void> {
    await this.#running;
    await this.#journal.close();
  }

  #run(): void {
    // Not at once: whatever is added before this turn ends goes with the first.
    this.#running ??= Promise.resolve().then(() => this.#write());
  }

  async #write(): Promise<void> {
    const { kernel, tag, pace, onDurable } = this.#options;
    while (!this.#failed && (this.#queue.length > 0 || this.#next)) {
      if (this.#next) this.#switch(this.#next);
      const wait = pace();
      if (wait) {
        await wait;
        if (this.#failed) break;
      }
      const pending = this.#queue.shift();
      if (!pending) continue;
      try {
        await this.#journal.append(encodeBatch(kernel, tag, pending.first, pending.leaves));
      } catch (error) {
        const failed = new LogFailed("a write to the log has failed", { cause: error });
        pending.reject(failed);
        this.fail(failed);
        break;
      }
      this.#waiting -= pending.bytes;
      this.#durable += pending.leaves.length;
      pending.resolve();
      onDurable();
    }
    // In the same turn as the last look at the queue.
    this.#running = undefined;
  }

  #switch({ journal, resolve }: Next): void {
    const [before, end] = [this.#journal, this.#durable];
    this.#next = undefined;
    this.#journal = journal;
    // All of it is durable: what closing it says changes nothing.
    void before
      .close()
      .catch(() => {})
      .then(() => resolve(end));
  }
}

function pendingFrom(first: number): Pending {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const durable = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  // Whoever waits for it sees it; where nobody does, it is not to end the program.
  durable.catch(() => {});
  return { first, leaves: [], bytes: 0, durable, resolve, reject };
}
