const EVERY = 250;
const CLEAR_TO_END = "\u001b[J";

/** Lines on stderr that are drawn anew as long as it lasts: on a terminal only. */
export class Live {
  readonly #lines: () => readonly string[];
  #timer: ReturnType<typeof setInterval> | undefined;
  #drawn = 0;

  constructor(lines: () => readonly string[]) {
    this.#lines = lines;
    if (!process.stderr.isTTY || process.env["TERM"] === "dumb") return;
    this.#timer = setInterval(() => this.#draw(), EVERY);
    this.#timer.unref();
  }

  get shown(): boolean {
    return this.#timer !== undefined;
  }

  /** Takes the lines off the terminal, for good. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    process.stderr.write(this.#erase());
    this.#drawn = 0;
  }

  #draw(): void {
    const columns = process.stderr.columns ?? 80;
    const lines = this.#lines().map((line) => line.slice(0, columns - 1));
    process.stderr.write(this.#erase() + lines.map((line) => `${line}\n`).join(""));
    this.#drawn = lines.length;
  }

  #erase(): string {
    return this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A\r${CLEAR_TO_END}`;
  }
}
