/** Frames of MCP's stdio transport: one message a line, ended by a newline. */
import { concatBytes } from "../../bytes/concat.js";

const NEWLINE = 0x0a;

/** Splits a stream of bytes into lines, in memory of at most one line and a chunk. */
export class LineSplitter {
  readonly #most: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** `most`: bytes of a line, its newline not counted. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether the stream so far ends inside a line. */
  get isInside(): boolean {
    return this.#length > 0;
  }

  /** The lines that the chunk ends, without their newlines; after `tooLong` it is of no more use. */
  push(chunk: Uint8Array): { readonly lines: readonly Uint8Array[]; readonly tooLong: boolean } {
    const lines: Uint8Array[] = [];
    for (let start = 0; start < chunk.length;) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline < 0 ? chunk.length : newline;
      this.#length += end - start;
      if (this.#length > this.#most) return { lines, tooLong: true };
      // A copy: the chunk stays its maker's.
      if (end > start) this.#parts.push(chunk.slice(start, end));
      if (newline >= 0) lines.push(this.#take());
      start = end + 1;
    }
    return { lines, tooLong: false };
  }

  #take(): Uint8Array {
    const line = concatBytes(...this.#parts);
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}
