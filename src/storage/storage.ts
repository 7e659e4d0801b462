/**
 * The one storage interface. Paths are relative, with `/` between their parts; no part is empty, `.`
 * or `..`. A driver throws on a fault of the medium; that something is not there is an answer.
 */

/** What reading a log needs. */
export interface Reader {
  /** The bytes at a path, or undefined when nothing is there. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** The names directly under a path, in no order; empty when there is nothing. */
  list(path: string): Promise<readonly string[]>;
}

export interface Storage extends Reader {
  /**
   * Replaces what is at a path. When the promise resolves the bytes survive a crash; at any moment
   * before, a reader sees the old bytes or the new ones, whole.
   */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Takes the only writer's place, or throws if another holds it. Call the result to give it back. */
  lock(): Promise<() => Promise<void>>;
}

/** Throws unless `path` has the form that every driver takes. */
export function requirePath(path: string): void {
  const parts = path.split("/");
  // oxlint-disable-next-line no-control-regex
  if (parts.some((part) => /^\.{0,2}$|[\\:\x00-\x1f]/.test(part))) {
    throw new TypeError(`not a storage path: ${JSON.stringify(path)}`);
  }
}
