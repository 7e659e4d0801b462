interface Uncovered {
  readonly entries: number;
  readonly bytes: number;
}

interface Options extends Uncovered {
  readonly ms: number;
  readonly after: ((ms: number, call: () => void) => () => void) | undefined;
  /** What is durable and in no checkpoint. */
  readonly uncovered: () => Uncovered;
  /** Writes a checkpoint. */
  readonly call: () => Promise<unknown>;
}

const NONE: Uncovered = { entries: 0, bytes: 0 };

/** When a checkpoint is due. One that fails is tried again after as many more entries, or as long. */
export class Cadence {
  readonly #options: Options;
  /** What was uncovered when the last one failed. */
  #failedAt = NONE;
  #cancel: (() => void) | undefined;
  #running = false;
  #ended = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** To be called when there is more to cover. */
  look(): void {
    const { ms, after } = this.#options;
    const { entries, bytes } = this.#options.uncovered();
    if (this.#ended || this.#running || entries === 0) return;
    const many = entries - this.#failedAt.entries >= this.#options.entries;
    if (many || bytes - this.#failedAt.bytes >= this.#options.bytes) void this.#call();
    else this.#cancel ??= after?.(ms, () => void this.#call());
  }

  end(): void {
    this.#ended = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #call(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#ended || this.#running) return;
    this.#running = true;
    try {
      await this.#options.call();
      this.#failedAt = NONE;
    } catch {
      // Whoever has failed says so elsewhere: the log by ending, the signer at the next checkpoint.
      this.#failedAt = this.#options.uncovered();
    }
    this.#running = false;
    this.look();
  }
}
