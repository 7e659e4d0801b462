import type { Clock } from "./clock.js";

/** What the promise gives or rejects with, or `late()` (which may throw) after `ms` milliseconds. */
export async function within<T, L>(
  clock: Pick<Clock, "after">,
  ms: number,
  promise: Promise<T>,
  late: () => L,
): Promise<T | L> {
  let cancel = (): void => {};
  const over = new Promise<"over">((resolve) => {
    cancel = clock.after(ms, () => resolve("over"));
  });
  try {
    const first = await Promise.race([promise.then((value) => ({ value })), over]);
    return first === "over" ? late() : first.value;
  } finally {
    cancel();
  }
}
