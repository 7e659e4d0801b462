import type { Clock } from "../../src/gate/clock.js";
import { START } from "../domain/fixture.js";

interface Timer {
  readonly due: number;
  readonly call: () => void;
}

/** A clock that moves only when a test moves it. */
export class TestClock implements Clock {
  #elapsed = 0;
  #offset: number;
  #timers: Timer[] = [];

  constructor(now = START) {
    this.#offset = now;
  }

  now(): number {
    return this.#offset + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(ms: number, call: () => void): () => void {
    if (Number.isNaN(ms)) throw new RangeError("a timer is set to milliseconds, not to NaN");
    const timer = { due: this.#elapsed + Math.max(0, ms), call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Timers that were not taken back and have not fired. */
  get pending(): number {
    return this.#timers.length;
  }

  /** When the next timer is due, by `elapsed`. */
  get next(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map(({ due }) => due));
  }

  /** Sets the wall clock alone, as a person or a time server does: no timer fires. */
  set(now: number): void {
    this.#offset = now - this.#elapsed;
  }

  /**
   * Moves on. Timers that fall due fire in their order, those of one moment in the order in which they
   * were set; after each, and before the first, all that can go on without time goes on.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    for (;;) {
      await settle();
      const next = this.next;
      if (next === undefined || next > until) break;
      this.#elapsed = Math.max(this.#elapsed, next);
      const timer = this.#timers.find(({ due }) => due === next) as Timer;
      this.#timers = this.#timers.filter((each) => each !== timer);
      timer.call();
    }
    this.#elapsed = until;
    await settle();
  }

  /** Moves on to the end of a promise, a millisecond after the other; throws where it takes longer than `most`. */
  async until<T>(promise: Promise<T>, most = 60_000): Promise<T> {
    const state = { open: true };
    const end = (): void => {
      state.open = false;
    };
    promise.then(end, end);
    const last = this.#elapsed + most;
    await settle();
    while (state.open && this.#elapsed < last) await this.advance(1);
    if (state.open) throw new Error(`no end of it within ${most} ms`);
    return await promise;
  }
}

/** Lets everything go on that waits for no time: microtasks, and what the platform finished meanwhile. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
}
