const WIDTH = 24;
const SHOW_AFTER = 1000;
const EVERY = 100;

/** A progress bar on stderr: only on a terminal, and only for work that takes over a second. */
export class Progress {
  readonly #label: string;
  readonly #started = performance.now();
  #drawn = 0;

  constructor(label: string) {
    this.#label = label;
  }

  update(done: number, total: number): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#started < SHOW_AFTER) return;
    if (now - this.#drawn < EVERY && done < total) return;
    this.#drawn = now;
    const filled = Math.min(WIDTH, Math.floor((done / Math.max(total, 1)) * WIDTH));
    const bar = "#".repeat(filled).padEnd(WIDTH, ".");
    process.stderr.write(`\r${this.#label} [${bar}] ${done} of ${total}\u001b[K`);
  }

  end(): void {
    if (this.#drawn > 0) process.stderr.write("\r\u001b[K");
  }
}
