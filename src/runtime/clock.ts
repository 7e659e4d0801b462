/** The clocks and timers of every runtime. */

/** The longest that a timer takes everywhere: 2^31 - 1 milliseconds. A longer one fires at once. */
const LONGEST = 0x7fff_ffff;

/**
 * A `Clock` of `src/gate/`. A timer keeps a process alive until it has fired or was taken back: an
 * effect that holds nothing open itself must not end with a process that believes to have nothing to do.
 */
export const systemClock = {
  now: (): number => Date.now(),
  elapsed: (): number => performance.now(),
  after(ms: number, call: () => void): () => void {
    if (Number.isNaN(ms)) throw new RangeError("a timer is set to milliseconds, not to NaN");
    const due = performance.now() + ms;
    let timer: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      const left = Math.max(0, Math.ceil(due - performance.now()));
      // A platform's timer may be early by a part of a millisecond.
      timer = setTimeout(() => (performance.now() < due ? arm() : call()), Math.min(left, LONGEST));
    };
    arm();
    return () => clearTimeout(timer);
  },
} as const;
