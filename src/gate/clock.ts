/** Time as a gate has it: what tells it, and what wakes the gate. */
export interface Clock {
  /** Milliseconds since the epoch, by a clock that somebody may set. */
  now(): number;
  /** Milliseconds since some moment, by a clock that nobody sets: it only goes forward. */
  elapsed(): number;
  /**
   * Calls once, when `ms` milliseconds of `elapsed` have passed or later, and never before this
   * returns. The result takes the call back; after the call it does nothing.
   */
  after(ms: number, call: () => void): () => void;
}
