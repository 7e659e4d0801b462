/** Frames of MCP's stdio transport: one message a line, ended by a newline. */

const NEWLINE = 0x0a;
const FIRST_BYTES = 4096;

/** Splits a stream of bytes into lines, in time linear in its length and memory of twice a line. */
export class LineSplitter {
  readonly #most: number;
  /** Holds the line so far in its first bytes. */
  #buffer = new Uint8Array(FIRST_BYTES);
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
      if (this.#length + end - start > this.#most) return { lines, tooLong: true };
      this.#append(chunk.subarray(start, end));
      if (newline >= 0) lines.push(this.#take());
      start = end + 1;
    }
    return { lines, tooLong: false };
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  #take(): Uint8Array {
    const line = this.#buffer.slice(0, this.#length);
    this.#buffer = new Uint8Array(FIRST_BYTES);
    this.#length = 0;
    return line;
  }
}
