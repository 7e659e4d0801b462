import type { Leaf } from "./segment.js";

/** The entries of a log that no checkpoint covers, in memory. */
export class Ahead {
  #start: number;
  #leaves: Leaf[] = [];
  #bytes = 0;

  /** `start`: index of the first entry to come. */
  constructor(start: number) {
    this.#start = start;
  }

  /** Number of entries that are covered. */
  get start(): number {
    return this.#start;
  }

  /** Number of entries of the log. */
  get size(): number {
    return this.#start + this.#leaves.length;
  }

  /** Bytes of the entries that are here. */
  get bytes(): number {
    return this.#bytes;
  }

  add(leaves: readonly Leaf[]): void {
    for (const leaf of leaves) {
      this.#leaves.push(leaf);
      this.#bytes += leaf.bytes.length;
    }
  }

  /** Undefined for an entry that is covered, or not there. */
  at(index: number): Leaf | undefined {
    return this.#leaves[index - this.#start];
  }

  /** The entries of a range, all of which must be here. */
  slice(from: number, to: number): readonly Leaf[] {
    return this.#leaves.slice(from - this.#start, to - this.#start);
  }

  /** Lets go of all entries before `index`. */
  cover(index: number): void {
    for (const { bytes } of this.#leaves.splice(0, index - this.#start)) {
      this.#bytes -= bytes.length;
    }
    this.#start = index;
  }
}
