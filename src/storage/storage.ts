/**
 * The one storage interface. Paths are relative, with `/` between their parts; no part is empty or
 * begins with a dot. A driver throws on a fault of the medium; that nothing is there is an answer.
 */

/** What reading a log needs. */
export interface Reader {
  /**
   * The bytes at a path, or undefined when no file is there. Of one that is longer than `limit` bytes
   * it gives the first `limit + 1`: the caller sees that it is too long, and nobody reads it all.
   */
  read(path: string, limit: number): Promise<Uint8Array | undefined>;
  /** The names directly under a path, each once, in no order; empty when there is nothing. */
  list(path: string): Promise<readonly string[]>;
}

export interface Storage extends Reader {
  /**
   * Replaces what is at a path. When the promise resolves the bytes survive a crash; at any moment
   * before, a reader sees the old bytes or the new ones, whole.
   */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes what is at a path, durably; nothing there is no error. */
  remove(path: string): Promise<void>;
  /** Takes the only writer's place, or throws if another holds it. Call the result to give it back, once. */
  lock(): Promise<() => Promise<void>>;
}

/** Storage of a log that is written to all the time: it can also append. */
export interface LogStorage extends Storage {
  /** Makes a new append-only file; throws where anything stands at the path. Its name is durable when this resolves. */
  createJournal(path: string): Promise<Journal>;
}

/** An append-only file. It is read and removed by its path, like any other; its holder closes it. */
export interface Journal {
  /**
   * Adds bytes. When it resolves they survive a crash, and so does all that was added before. One at
   * a time; after one that failed the journal takes nothing more. A crash before it resolves may leave
   * any part of the bytes, in any disorder, behind those that were added before.
   */
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Names that no path can hold: empty, beginning with a dot, or with a character of some system's own. */
// oxlint-disable-next-line no-control-regex
const FOREIGN = /^$|^\.|[\\:\x00-\x1f]/;

/** True for a name that can be part of a path. */
export function isPathPart(name: string): boolean {
  return !FOREIGN.test(name);
}

/** Throws unless `path` has the form that every driver takes. */
export function requirePath(path: string): void {
  if (!path.split("/").every(isPathPart)) {
    throw new TypeError(`not a storage path: ${JSON.stringify(path)}`);
  }
}
