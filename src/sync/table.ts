/** The files of one role that are remembered, and which of them contradict each other. */

/** `digest`: of the signed part. `file`: of the bytes. */
export interface Row {
  readonly version: number;
  readonly digest: string;
  readonly file: string;
}

/** Versions that are kept: within so many, the order of arrival changes nothing. */
export const WINDOW = 64;
/** Versions with a contradiction that are kept whatever their age. */
const MAX_CONTRADICTIONS = 16;
/** Signed parts of one version that are kept: two contradict each other, more say nothing new. */
const MAX_SIDES = 2;

export class Table<R extends Row> {
  readonly #key: "digest" | "file";
  readonly #group: (row: R) => string;
  readonly #rows: Map<string, R>;

  /** `group`: only rows of one group can contradict each other. */
  constructor(
    key: "digest" | "file",
    rows: readonly R[] = [],
    group: (row: R) => string = () => "",
  ) {
    this.#key = key;
    this.#group = group;
    this.#rows = new Map(rows.map((row) => [row[key], row]));
  }

  get(key: string): R | undefined {
    return this.#rows.get(key);
  }

  rows(): R[] {
    return [...this.#rows.values()];
  }

  /** By version, and by digest where two contradict each other, so that the order is one. */
  sorted(): R[] {
    return this.rows().sort(
      (a, b) => a.version - b.version || compare(a.digest, b.digest) || compare(a.file, b.file),
    );
  }

  /** Puts a row in, if it is not there, and gives the others of its version that it contradicts. */
  put(row: R): R[] {
    if (this.#rows.has(row[this.#key])) return [];
    const others = this.rows().filter(
      (other) =>
        other.version === row.version &&
        other.digest !== row.digest &&
        this.#group(other) === this.#group(row),
    );
    const digests = [...new Set([row.digest, ...others.map(({ digest }) => digest)])].sort();
    const kept = digests.slice(0, MAX_SIDES);
    // The lowest digests stay, whichever came first.
    for (const other of others) {
      if (!kept.includes(other.digest)) this.#rows.delete(other[this.#key]);
    }
    if (!kept.includes(row.digest)) return [];
    this.#rows.set(row[this.#key], row);
    return others.filter(({ digest }) => kept.includes(digest));
  }

  /** Changes a row that is there. */
  change(key: string, change: Partial<R>): void {
    const row = this.#rows.get(key);
    if (row) this.#rows.set(key, { ...row, ...change });
  }

  /** Versions with two signed parts, and their digests in order. */
  contradictions(): {
    readonly version: number;
    readonly group: string;
    readonly digests: readonly string[];
  }[] {
    const found = new Map<string, { version: number; group: string; digests: Set<string> }>();
    for (const row of this.#rows.values()) {
      const [version, group] = [row.version, this.#group(row)];
      const name = `${version} ${group}`;
      const there = found.get(name);
      if (there) there.digests.add(row.digest);
      else found.set(name, { version, group, digests: new Set([row.digest]) });
    }
    return [...found.values()]
      .filter(({ digests }) => digests.size > 1)
      .map(({ version, group, digests }) => ({ version, group, digests: [...digests].sort() }));
  }

  isOver(): boolean {
    return this.#rows.size > WINDOW;
  }

  keep(wanted: (row: R) => boolean): void {
    for (const [key, row] of this.#rows) if (!wanted(row)) this.#rows.delete(key);
  }

  /** Keeps the newest rows, those that contradict each other, and those that are wanted. */
  keepNewest(wanted: (row: R) => boolean): void {
    const newest = new Set(this.sorted().slice(-WINDOW));
    const contradicting = this.#contradicting();
    this.keep((row) => newest.has(row) || contradicting.has(row.version) || wanted(row));
  }

  /** Keeps the rows of these files, and those that contradict each other. */
  keepNamed(files: ReadonlySet<string>): void {
    const contradicting = this.#contradicting();
    this.keep(({ file, version }) => files.has(file) || contradicting.has(version));
  }

  #contradicting(): ReadonlySet<number> {
    const versions = this.contradictions().map(({ version }) => version);
    return new Set(versions.sort((a, b) => b - a).slice(0, MAX_CONTRADICTIONS));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
