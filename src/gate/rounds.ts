/** One thing done again and again: at intervals, on a hint, or because somebody waits for it. */
import type { Clock } from "./clock.js";

/**
 * Rounds of `work`, one at a time. A round begins `poll` milliseconds after the one before began, or at
 * its end where it took longer. `soon` brings the next one forward, but to no less than `gap` after the
 * last began, so that a flood of hints costs no more than one round in that time.
 */
export class Rounds {
  readonly #work: () => Promise<void>;
  readonly #clock: Clock;
  readonly #poll: number;
  readonly #gap: number;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #began = Number.NEGATIVE_INFINITY;
  #due = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #closed = false;

  /** What `work` throws goes to those who wait for its round, or to nobody: it should not. */
  constructor(work: () => Promise<void>, clock: Clock, poll: number, gap: number) {
    this.#work = work;
    this.#clock = clock;
    this.#poll = poll;
    this.#gap = gap;
  }

  /** A round that begins after this call; resolves at its end. Those who wait together share one. */
  now(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (!this.#running) return this.#begin();
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#closed ? undefined : this.#begin();
      });
    return this.#next;
  }

  /** Something may have changed. */
  soon(): void {
    const wait = this.#began + this.#gap - this.#clock.elapsed();
    if (wait > 0) this.#wakeIn(wait);
    else void this.now();
  }

  /** No round begins any more; resolves when none is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#running?.catch(() => {});
  }

  #begin(): Promise<void> {
    this.#began = this.#clock.elapsed();
    this.#due = Number.POSITIVE_INFINITY;
    this.#wakeIn(this.#poll);
    const running = this.#work().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  /** The earlier of this and what was due before. */
  #wakeIn(ms: number): void {
    const due = this.#clock.elapsed() + ms;
    if (this.#closed || due >= this.#due) return;
    this.#cancel?.();
    this.#due = due;
    this.#cancel = this.#clock.after(ms, () => {
      this.#due = Number.POSITIVE_INFINITY;
      void this.now();
    });
  }
}
