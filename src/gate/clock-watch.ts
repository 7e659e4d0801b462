/** The clock that somebody may set, held against the one that nobody sets. */
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Clock } from "./clock.js";

export class ClockWatch {
  readonly #clock: Clock;
  readonly #skew: number;
  /** What the wall clock was ahead of the other, at most. */
  #ahead: number;

  constructor(clock: Clock, skew: number) {
    this.#clock = clock;
    this.#skew = skew;
    this.#ahead = clock.now() - clock.elapsed();
  }

  /**
   * CLOCK once the clock was set back by more than the skew: what is too old would be young again. One
   * that was set forward makes everything older, which denies by itself; from then on it is the measure.
   */
  check(): Failure | undefined {
    const ahead = this.#clock.now() - this.#clock.elapsed();
    if (!(ahead >= this.#ahead - this.#skew)) {
      const expected = `a clock that is not set back by more than ${this.#skew} ms`;
      return failure("CLOCK", expected, `${Math.round(this.#ahead - ahead)} ms`);
    }
    this.#ahead = Math.max(this.#ahead, ahead);
    return undefined;
  }

  /** What is told now is right: after somebody has set the clock and answers for it. */
  accept(): void {
    this.#ahead = this.#clock.now() - this.#clock.elapsed();
  }
}
