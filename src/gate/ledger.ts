/**
 * A gate's log and what it comes to, grown together. An entry that cannot be stored ends the gate:
 * nothing is decided from then on.
 */
import { formatCanonical } from "../bytes/canonical.js";
import { encodeHex } from "../bytes/hex.js";
import { formatRfc3339 } from "../bytes/rfc3339.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Entry, EntryBody } from "../lineage/entry.js";
import type { Appended, GateLog } from "../lineage/log.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Clock } from "./clock.js";
import { messageOf } from "./message.js";
import type { GateFold, GateState } from "./state.js";

/** An entry in its place. */
export interface Placed {
  readonly index: number;
  readonly leaf: string;
  readonly entry: EntryBody;
}

export interface Written {
  readonly entries: readonly Placed[];
  /** Resolves once they survive a crash: true, or false where they could not be stored. */
  readonly durable: Promise<boolean>;
}

export interface LedgerOptions {
  /** Entries from one `state` entry to the next. */
  readonly stateEvery: number;
  /** Keeps a state beside the log, by its digest. */
  readonly keep: (digest: string, bytes: Uint8Array) => Promise<void>;
}

export class Ledger {
  #failure: Failure | undefined;
  #onFailure: (why: Failure) => void = () => {};
  #sinceState = 0;
  readonly #watchers = new Set<(placed: Placed) => void>();

  constructor(
    readonly kernel: Kernel,
    readonly log: GateLog,
    readonly fold: GateFold,
    readonly clock: Pick<Clock, "now">,
    readonly options: LedgerOptions,
  ) {}

  get state(): GateState {
    return this.fold;
  }

  /** Why nothing can be written any more. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Called once, where nothing can be written any more. */
  set onFailure(call: (why: Failure) => void) {
    this.#onFailure = call;
  }

  /** Called with every entry as it gets its place, before it is durable. */
  watch(call: (placed: Placed) => void): () => void {
    this.#watchers.add(call);
    return () => this.#watchers.delete(call);
  }

  /** `append` of what has happened already: where it cannot be said, nothing more is decided here. */
  require(bodies: readonly EntryBody[], at?: number): Result<Written> {
    const written = this.append(bodies, at);
    return written.ok ? written : this.fail({ ...written, code: "LOG" });
  }

  /**
   * Adds all of the entries or, with a failure, none: one that does not fit is not the end. `at`:
   * milliseconds since the epoch; the clock's time unless told.
   */
  append(bodies: readonly EntryBody[], at = Math.floor(this.clock.now())): Result<Written> {
    if (this.#failure) return this.#failure;
    const written = this.#append(bodies, at);
    if (written.ok && this.#sinceState >= this.options.stateEvery) this.#appendState();
    return written;
  }

  #append(bodies: readonly EntryBody[], at: number): Result<Written> {
    const time = Math.max(at, this.fold.time);
    let appended: Result<Appended>;
    try {
      // What no gate may write would make the log one that nobody can open again.
      this.fold.check(bodies);
      appended = this.log.append(bodies, time);
    } catch (error) {
      const why = messageOf(error);
      // Nothing was added, and the log is as it was: what was to be written is no entry.
      if (error instanceof TypeError) return failure("INTERNAL", "entries to be written", why);
      return this.fail(failure("LOG", "a log that can be written", why));
    }
    if (!appended.ok) return appended;
    try {
      const { first, leaves, durable } = appended.value;
      const entries = bodies.map((entry, i) => ({
        index: first + i,
        leaf: leaves[i] as string,
        entry,
      }));
      const text = formatRfc3339(time, "ms");
      for (const { entry, leaf } of entries) {
        this.fold.apply({ ...entry, time: text, prev: null } as Entry, leaf);
        this.#sinceState += 1;
      }
      for (const placed of entries) for (const call of this.#watchers) call(placed);
      const stored = durable.then(
        () => true,
        (error: unknown) => {
          this.fail(failure("LOG", "a log that can be written", messageOf(error)));
          return false;
        },
      );
      return ok({ entries, durable: stored });
    } catch (error) {
      return this.fail(failure("LOG", "a log that can be written", messageOf(error)));
    }
  }

  #appendState(): void {
    this.#sinceState = 0;
    try {
      const bytes = encodeUtf8(formatCanonical(this.fold.toJson()));
      const digest = encodeHex(this.kernel.sha256(bytes));
      const written = this.#append([{ kind: "state", digest, size: bytes.length }], this.fold.time);
      if (!written.ok) return;
      this.options.keep(digest, bytes).catch((error: unknown) => {
        this.fail(failure("LOG", "a state kept beside the log", messageOf(error)));
      });
    } catch (error) {
      this.fail(failure("LOG", "a state that can be written down", messageOf(error)));
    }
  }

  /** Ends it. */
  fail(why: Failure): Failure {
    if (this.#failure) return this.#failure;
    this.#failure = why;
    this.#onFailure(why);
    return why;
  }
}
