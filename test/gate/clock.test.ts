import { afterEach, describe, expect, test, vi } from "vitest";
import type { Clock } from "../../src/gate/clock.js";
import { systemClock } from "../../src/runtime/clock.js";
import { START } from "../domain/fixture.js";
import { TestClock } from "./fake-clock.js";

const DAY = 86_400_000;

const clock: Clock = systemClock;

describe("the clock of the runtime", () => {
  afterEach(() => vi.useRealTimers());

  test("tells the time, and one that only goes forward", () => {
    const before = Date.now();
    expect(clock.now()).toBeGreaterThanOrEqual(before);
    const [first, second] = [clock.elapsed(), clock.elapsed()];
    expect(second).toBeGreaterThanOrEqual(first);
  });

  test("a timer calls once, not early, and not before it is set", async () => {
    let called = 0;
    const started = clock.elapsed();
    await new Promise<void>((resolve) => {
      clock.after(5, () => {
        called += 1;
        resolve();
      });
      expect(called).toBe(0);
    });
    expect(clock.elapsed() - started).toBeGreaterThanOrEqual(5);
    expect(called).toBe(1);
  });

  test("one that is due at once still waits for its turn", async () => {
    for (const ms of [0, -1, Number.NEGATIVE_INFINITY]) {
      let called = false;
      await new Promise<void>((resolve) => {
        clock.after(ms, () => {
          called = true;
          resolve();
        });
        expect(called).toBe(false);
      });
    }
  });

  test("one that is taken back never calls, also in a later part of a long wait", () => {
    vi.useFakeTimers();
    let called = 0;
    const cancel = clock.after(100 * DAY, () => (called += 1));
    vi.advanceTimersByTime(60 * DAY);
    cancel();
    vi.advanceTimersByTime(60 * DAY);
    expect(called).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("waits longer than a platform's timer can", () => {
    vi.useFakeTimers();
    let called = 0;
    clock.after(100 * DAY, () => (called += 1));
    vi.advanceTimersByTime(100 * DAY - 1);
    expect(called).toBe(0);
    vi.advanceTimersByTime(2);
    expect(called).toBe(1);
  });

  test("waits for ever where it is told to", () => {
    vi.useFakeTimers();
    let called = 0;
    const cancel = clock.after(Number.POSITIVE_INFINITY, () => (called += 1));
    vi.advanceTimersByTime(1000 * DAY);
    expect(called).toBe(0);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("NaN is misuse: a platform's timer would fire at once", () => {
    expect(() => clock.after(Number.NaN, () => {})).toThrow(RangeError);
  });

  test("keeps the process alive", () => {
    const timers: { hasRef?: () => boolean }[] = [];
    const original = globalThis.setTimeout;
    const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(((
      ...args: Parameters<typeof original>
    ) => {
      const timer = original(...args);
      timers.push(timer as never);
      return timer;
    }) as typeof original);
    clock.after(1000, () => {})();
    spy.mockRestore();
    expect(timers).toHaveLength(1);
    expect(timers[0]?.hasRef?.()).toBe(true);
  });
});

describe("the clock of the tests", () => {
  test("fires in order, and what a timer starts goes on before the next", async () => {
    const fake = new TestClock();
    const seen: string[] = [];
    fake.after(20, () => void seen.push("20"));
    fake.after(10, () => {
      void (async () => {
        await Promise.resolve();
        seen.push(`10 at ${fake.elapsed()}`);
        fake.after(5, () => seen.push(`15 at ${fake.elapsed()}`));
      })();
    });
    fake.after(10, () => void seen.push("10, second"));
    const cancel = fake.after(12, () => void seen.push("never"));
    cancel();
    await fake.advance(9);
    expect(seen).toEqual([]);
    await fake.advance(20);
    expect(seen).toEqual(["10 at 10", "10, second", "15 at 15", "20"]);
    expect(fake.pending).toBe(0);
    expect(fake.now()).toBe(START + 29);
  });

  test("setting the wall clock moves no timer", async () => {
    const fake = new TestClock();
    let fired = false;
    fake.after(10, () => (fired = true));
    fake.set(START - 3_600_000);
    await fake.advance(9);
    expect([fake.now(), fake.elapsed(), fired]).toEqual([START - 3_600_000 + 9, 9, false]);
    await fake.advance(1);
    expect(fired).toBe(true);
  });
});
