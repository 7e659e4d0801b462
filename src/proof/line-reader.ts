/** The lines of a bundle, from bytes that come in pieces of any size. */
import { concatBytes } from "../bytes/concat.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/** A bundle's bytes, whole or as they come. */
export type BundleSource = Uint8Array | AsyncIterable<Uint8Array>;

export interface LineLimits {
  /** Of all lines together. */
  readonly bytes: number;
  /** Of one line. */
  readonly line: number;
}

const NEWLINE = 0x0a;

/** Gives one line after the other, without its newline. What it gives is valid until the next piece. */
export class LineReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #limits: LineLimits;
  #piece: Uint8Array = new Uint8Array();
  #at = 0;
  #ended = false;
  /** Bytes that were taken from the source. */
  taken = 0;

  constructor(source: BundleSource, limits: LineLimits) {
    this.#source = pieces(source)[Symbol.asyncIterator]();
    this.#limits = limits;
  }

  /** The next line where it is there already. */
  buffered(): Uint8Array | undefined {
    const end = this.#piece.indexOf(NEWLINE, this.#at);
    if (end < 0) return undefined;
    const line = this.#piece.subarray(this.#at, end);
    this.#at = end + 1;
    return line;
  }

  /** The next line, or undefined at the end. TOO_LARGE over a limit; MALFORMED for a line without an end. */
  async next(): Promise<Result<Uint8Array | undefined>> {
    for (;;) {
      const line = this.buffered();
      if (line) {
        return line.length <= this.#limits.line ? ok(line) : this.#tooLong();
      }
      const rest = this.#piece.subarray(this.#at);
      if (rest.length > this.#limits.line) return this.#tooLong();
      const more = this.#ended ? undefined : await this.#read();
      if (more && !more.ok) return more;
      if (!more?.value) {
        if (rest.length === 0) return ok(undefined);
        return failure("MALFORMED", "a newline at the end of each line", "a last line without");
      }
      this.#piece = rest.length === 0 ? more.value : concatBytes(rest, more.value);
      this.#at = 0;
    }
  }

  async #read(): Promise<Result<Uint8Array | undefined>> {
    // Pieces are joined until they hold a line, so that a long one is not copied again and again.
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done) {
        this.#ended = true;
        break;
      }
      this.taken += value.length;
      if (this.taken > this.#limits.bytes) {
        const expected = `a bundle of at most ${this.#limits.bytes} bytes`;
        return failure("TOO_LARGE", expected, "a longer one");
      }
      parts.push(value);
      length += value.length;
      if (value.includes(NEWLINE) || length > this.#limits.line) break;
    }
    if (length === 0) return ok(undefined);
    return ok(parts.length === 1 ? parts[0] : concatBytes(...parts));
  }

  #tooLong(): Result<never> {
    return failure("TOO_LARGE", `lines of at most ${this.#limits.line} bytes`, "a longer one");
  }
}

async function* pieces(source: BundleSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else yield* source;
}
