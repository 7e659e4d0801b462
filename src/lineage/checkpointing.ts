import { equalBytes } from "../bytes/concat.js";
import type { Journal, LogStorage } from "../storage/storage.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import type { NoteSignature } from "../tlog/note.js";
import { parseNote } from "../tlog/note.js";
import type { Signer } from "../tlog/signer.js";
import { signCheckpoint } from "../tlog/signer.js";
import { formatTilePath, TILE_WIDTH } from "../tlog/tile.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Ahead } from "./ahead.js";
import type { GroupCommit } from "./group-commit.js";
import { LogFailed } from "./group-commit.js";
import type { Recovered } from "./recovery.js";
import { formatSegmentPath } from "./recovery.js";
import type { Leaf } from "./segment.js";
import { writeTiles } from "./tile-writer.js";
import type { FilledTile, TreeEdge } from "./tree-edge.js";

/** A checkpoint that is stored. */
interface Covered {
  readonly size: number;
  readonly bytes: Uint8Array;
}

/** A segment of the write-ahead, by its number. */
interface SegmentEnd {
  readonly number: number;
  /** Index behind its last entry; undefined while it is written to. */
  end: number | undefined;
}

/** Entries that are put under one checkpoint at the most, so that many are not kept until all are written. */
const SLICE = 64 * TILE_WIDTH;

/**
 * Puts entries that are durable into tiles and under a signed checkpoint, beside the appends. What the
 * new checkpoint makes superfluous goes only when it is durable: narrower tiles, and the segments of
 * the write-ahead that it covers.
 */
export class Checkpointing {
  readonly #storage: LogStorage;
  readonly #signer: Signer;
  readonly #edge: TreeEdge;
  /** Partial tiles that are stored. */
  readonly #partial: Set<string>;
  /** The segments that are stored; the last is written to. */
  #segments: SegmentEnd[];
  /** Number of the last segment that was begun. */
  #begun: number;
  #covered: Covered | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #slice: Promise<void> | undefined;

  constructor(storage: LogStorage, signer: Signer, recovered: Recovered) {
    const { edge, checkpoint, superseded, segments, ahead } = recovered;
    this.#storage = storage;
    this.#signer = signer;
    this.#edge = edge;
    this.#covered = checkpoint && { size: edge.size, bytes: checkpoint.bytes };
    this.#partial = new Set([...superseded, ...paths(edge.partial())]);
    this.#segments = segments.map((number) => ({ number, end: edge.size + ahead.length }));
    this.#begun = segments.at(-1) ?? 0;
  }

  /** Number of entries that a checkpoint covers. */
  get size(): number {
    return this.#covered?.size ?? 0;
  }

  /** Resolves when the entries that are being covered are, or cannot be; undefined where none are. */
  get slice(): Promise<void> | undefined {
    return this.#slice;
  }

  /** Covers what was only written ahead, and begins a new segment behind it. */
  async recover(ahead: readonly Leaf[]): Promise<Journal> {
    if (ahead.length > 0) {
      await this.#publish(ahead).catch((error: unknown) => {
        throw error instanceof SignerFailed ? error.cause : error;
      });
    }
    await this.#tidy();
    return await this.#begin();
  }

  /** Covers all that is durable now, after whatever was asked for before. */
  checkpoint(commit: GroupCommit, ahead: Ahead): Promise<Uint8Array> {
    return this.#inTurn(commit, async () => {
      if (this.#covered?.size === commit.durable) return this.#covered.bytes;
      const end = await this.#roll(commit);
      return await this.#cover(commit, ahead, end);
    });
  }

  /** The last checkpoint of a log that takes no more entries; no segment stays. */
  end(commit: GroupCommit, ahead: Ahead): Promise<Uint8Array> {
    return this.#inTurn(commit, async () => {
      await commit.close();
      const end = commit.durable;
      for (const segment of this.#segments) segment.end ??= end;
      if (this.#covered?.size !== end) return await this.#cover(commit, ahead, end);
      await this.#tidy();
      return this.#covered.bytes;
    });
  }

  async #cover(commit: GroupCommit, ahead: Ahead, end: number): Promise<Uint8Array> {
    for (;;) {
      const whole = this.#edge.size + SLICE;
      const to = Math.min(end, whole - (whole % TILE_WIDTH));
      const slice = this.#coverSlice(commit, ahead, to);
      this.#slice = slice.then(
        () => {},
        () => {},
      );
      const { size, bytes } = await slice.finally(() => (this.#slice = undefined));
      if (size >= end) return bytes;
    }
  }

  async #coverSlice(commit: GroupCommit, ahead: Ahead, to: number): Promise<Covered> {
    const covered = await this.#publish(ahead.slice(this.#edge.size, to), commit);
    ahead.cover(covered.size);
    await this.#tidy();
    return covered;
  }

  /**
   * Stores the newest checkpoint with more signatures. MISSING: it is not the newest any more, or lacks
   * a signature that is stored. The added ones are the caller's to verify.
   */
  store(commit: GroupCommit, bytes: Uint8Array): Promise<Result<void>> {
    return this.#inTurn(commit, async () => {
      const added = parseNote(bytes);
      if (!added.ok) return added;
      const stored = this.#covered && parseNote(this.#covered.bytes);
      if (!this.#covered || !stored?.ok || stored.value.text !== added.value.text) {
        return failure(
          "MISSING",
          `the log's newest checkpoint, of ${this.size} entries`,
          "another",
        );
      }
      const has = (each: NoteSignature): boolean =>
        added.value.signatures.some((other) => isSame(each, other));
      if (!stored.value.signatures.every(has)) {
        return failure("MISSING", "all signatures that are stored, and more", "fewer");
      }
      await this.#storage.write(CHECKPOINT, bytes);
      this.#covered = { ...this.#covered, bytes: bytes.slice() };
      return ok(undefined);
    });
  }

  /** Resolves when nothing is being written here. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** One after another. The log fails with whatever the storage throws. */
  #inTurn<T>(commit: GroupCommit, change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      try {
        if (commit.failed) throw commit.failed;
        return await change();
      } catch (error) {
        if (error instanceof SignerFailed) throw error.cause;
        const failed =
          error instanceof LogFailed
            ? error
            : new LogFailed("a checkpoint could not be written", { cause: error });
        commit.fail(failed);
        throw failed;
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** A new segment for what comes; gives how many entries those before hold. */
  async #roll(commit: GroupCommit): Promise<number> {
    if (commit.durable === this.#edge.size) return commit.durable;
    // Beside the appends: only the change from one to the other comes between two of them.
    const before = [...this.#segments];
    const journal = await this.#begin();
    try {
      const end = await commit.switchTo(journal);
      for (const segment of before) segment.end ??= end;
      return end;
    } catch (error) {
      await journal.close().catch(() => {});
      throw error;
    }
  }

  async #begin(): Promise<Journal> {
    const number = ++this.#begun;
    const journal = await this.#storage.createJournal(formatSegmentPath(number));
    this.#segments.push({ number, end: undefined });
    return journal;
  }

  /** Writes the tiles of the tree with these entries, and then its checkpoint. */
  async #publish(leaves: readonly Leaf[], commit?: GroupCommit): Promise<Covered> {
    await writeTiles(this.#storage, this.#edge.grow(leaves));
    const partial = [...this.#edge.partial()];
    for (const path of paths(partial)) this.#partial.add(path);
    await writeTiles(this.#storage, partial);
    const { key } = this.#signer;
    const bytes = await signCheckpoint(key.name, this.#edge.head(), this.#signer).catch(
      (error: unknown) => {
        throw new SignerFailed("the signer failed", { cause: error });
      },
    );
    if (commit?.failed) throw commit.failed;
    await this.#storage.write(CHECKPOINT, bytes);
    return (this.#covered = { size: this.#edge.size, bytes });
  }

  /** Removes segments that the checkpoint covers, and partial tiles of smaller trees. */
  async #tidy(): Promise<void> {
    const needed = new Set(paths(this.#edge.partial()));
    for (const path of [...this.#partial].filter((each) => !needed.has(each))) {
      await this.#storage.remove(path);
      this.#partial.delete(path);
    }
    const covered = this.#segments.filter(({ end = Infinity }) => end <= this.size);
    for (const segment of covered) {
      await this.#storage.remove(formatSegmentPath(segment.number));
      this.#segments = this.#segments.filter((each) => each !== segment);
    }
  }
}

/** A fault of the signer is none of the log's: what is durable stays so, and it is asked again. */
class SignerFailed extends Error {}

function paths(tiles: Iterable<FilledTile>): string[] {
  return Array.from(tiles, ({ tile }) => formatTilePath(tile, "c2sp"));
}

function isSame(one: NoteSignature, other: NoteSignature): boolean {
  return (
    one.name === other.name &&
    one.keyId === other.keyId &&
    equalBytes(one.signature, other.signature)
  );
}
