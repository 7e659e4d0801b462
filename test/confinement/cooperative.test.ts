import { expect, test } from "vitest";
import type { EffectContext } from "../../src/runtime/confinement/effect.js";
import { cooperative } from "../../src/runtime/confinement/cooperative.js";
import type { Clock } from "../../src/runtime/confinement/patience.js";
import { context } from "./fixture.js";

/** A clock that only a test moves. */
class HandClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; call: () => void }>();

  get pending(): number {
    return this.#timers.size;
  }

  elapsed(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      timer.call();
    }
  }
}

function begin(run: (context: EffectContext) => unknown) {
  const clock = new HandClock();
  const effect = cooperative(run, { clock, grace: 100 });
  const given = context({ command: "/x" });
  return { clock, effect, given, running: effect.start(given) };
}

test("a function gives its value, or what it threw, at once or later", async () => {
  const done = begin(({ request }) => request);
  expect(await done.running.ended).toEqual({
    outcome: "done",
    exit: null,
    signal: null,
    value: { command: "/x" },
  });
  const error = new RangeError("no");
  const thrown = begin(() => {
    throw error;
  });
  expect(await thrown.running.ended).toMatchObject({ outcome: "failed", error });
  const rejected = begin(() => Promise.reject(error));
  expect(await rejected.running.ended).toMatchObject({ outcome: "failed", error });
});

test("F35: a hung handler never answers stopped, and the answer comes when the grace time is over", async () => {
  const { clock, running, given } = begin(() => new Promise(() => {}));
  given.abort();
  let answered = false;
  const interrupted = running.interrupt().finally(() => (answered = true));
  clock.pass(99);
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  clock.pass(1);
  expect(await interrupted).toEqual({ answer: "not-stopped", steps: ["signalled"], took: 100 });
  expect(clock.pending).toBe(0);
});

test("F35: a function that settles on the signal is unknown: what it set in motion may go on", async () => {
  let ticks = 0;
  const { clock, running, given } = begin(async ({ signal }) => {
    const timer = setInterval(() => ticks++, 1);
    timer.unref();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  given.abort();
  expect(await running.interrupt()).toEqual({ answer: "unknown", steps: ["signalled"], took: 0 });
  const before = ticks;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(ticks).toBeGreaterThan(before);
  expect(clock.pending).toBe(0);
});

test("F35: also one that had ended, or threw on the signal, is unknown", async () => {
  const ended = begin(() => 1);
  await ended.running.ended;
  expect(await ended.running.interrupt()).toMatchObject({ answer: "unknown" });
  const throwing = begin(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      }),
  );
  throwing.given.abort();
  expect(await throwing.running.interrupt()).toMatchObject({ answer: "unknown" });
});

test("an interruption is carried out once", async () => {
  const { clock, running } = begin(() => new Promise(() => {}));
  const first = running.interrupt();
  expect(running.interrupt()).toBe(first);
  clock.pass(100);
  await first;
});

test("F37: a function is cooperative and claims no set", () => {
  expect(begin(() => 1).effect.isolation).toEqual({ level: "cooperative" });
});

test("a grace time is a whole number of milliseconds", () => {
  for (const grace of [-1, 0.5, Number.NaN, 2 ** 31]) {
    expect(() => cooperative(() => 1, { clock: new HandClock(), grace })).toThrow(RangeError);
  }
});
