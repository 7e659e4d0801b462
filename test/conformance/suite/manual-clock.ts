import type { Clock } from "writ/gate";

interface Timer {
  readonly due: number;
  readonly call: () => void;
}

/** A clock that moves only when it is told to. */
export class ManualClock implements Clock {
  #elapsed = 0;
  #timers: Timer[] = [];
  readonly #start: number;

  constructor(start: number) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { due: this.#elapsed + Math.max(0, ms), call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Moves on; the timers that fall due fire in their order. */
  advance(ms: number): void {
    const until = this.#elapsed + ms;
    for (;;) {
      const due = Math.min(...this.#timers.map((timer) => timer.due));
      if (due > until) break;
      this.#elapsed = Math.max(this.#elapsed, due);
      const timer = this.#timers.find((each) => each.due === due) as Timer;
      this.#timers = this.#timers.filter((each) => each !== timer);
      timer.call();
    }
    this.#elapsed = until;
  }
}
