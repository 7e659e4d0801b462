/** Where lines are written to. */
export interface Sink {
  /**
   * Takes a line; lines go out in the order of the calls. Resolves when more may be written; rejects
   * when nobody reads any more.
   */
  write(line: string): Promise<void>;
  /** No more is written. */
  close(): Promise<void>;
}

/** A sink that drops what is written after its end, and ends once. */
export class LastingSink implements Sink {
  readonly #sink: Sink;
  #closing: Promise<void> | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  async write(line: string): Promise<void> {
    if (this.#closing === undefined) await this.#sink.write(line);
  }

  close(): Promise<void> {
    this.#closing ??= this.#sink.close();
    return this.#closing;
  }
}
