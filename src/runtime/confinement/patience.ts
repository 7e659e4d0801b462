/** Waiting that has an end. */

export interface Clock {
  /** Monotonic milliseconds. */
  elapsed(): number;
  /** A timer; the result cancels it. */
  after(ms: number, call: () => void): () => void;
}

export interface Patience {
  readonly clock: Clock;
  /** Milliseconds that an interruption leaves for an orderly end, before it uses force. */
  readonly grace: number;
}

/** Milliseconds that the platform has to obey in, after the grace time: then it is told that it did not. */
export const BOUND = 5_000;

const SHORTEST_PAUSE = 1;
const LONGEST_PAUSE = 50;

export function requirePatience({ grace }: Patience): void {
  if (Number.isSafeInteger(grace) && grace >= 0 && grace < 2 ** 31) return;
  throw new RangeError(`a grace time is 0 to ${2 ** 31 - 1} whole milliseconds, not ${grace}`);
}

/** Whether the promise settles in time, either way. */
export async function settlesWithin(
  clock: Clock,
  ms: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  let cancel = (): void => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    cancel();
  }
}

/** Asks again and again until the answer is yes; no when the time is over. */
export async function becomesTrue(clock: Clock, ms: number, ask: () => boolean): Promise<boolean> {
  const end = clock.elapsed() + ms;
  for (let pause = SHORTEST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    if (ask()) return true;
    if (clock.elapsed() >= end) return false;
    await new Promise<void>((resolve) => void clock.after(pause, resolve));
  }
}

/** An interruption is carried out once, however often it is asked for. */
export function once<T>(call: () => Promise<T>): () => Promise<T> {
  let called: Promise<T> | undefined;
  return () => (called ??= call());
}
