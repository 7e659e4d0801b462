/** What a program in a worker can do to its host through messages: nothing but ask. */
import { expect, test } from "vitest";
import type { HandleOptions } from "../../src/runtime/confinement/handle.js";
import { described, Handle } from "../../src/runtime/confinement/handle.js";
import type { Running } from "../../src/runtime/confinement/effect.js";
import type { WorkerOptions } from "../../src/runtime/confinement/worker.js";
import { worker } from "../../src/runtime/confinement/worker.js";
import { context, eventually, PATIENCE } from "./fixture.js";

function begin(source: string, options: Partial<WorkerOptions> = {}): Running {
  return worker({ source }, { ...PATIENCE, ...options }).start(context());
}

function open(options: Partial<HandleOptions> = {}) {
  const handle = new Handle({ checkpoint: async () => {}, calls: 2, ...options });
  const received: unknown[] = [];
  handle.remote.addEventListener("message", ({ data }) => received.push(data));
  handle.remote.start();
  const ask = (message: unknown): void => handle.remote.postMessage(message, []);
  return { handle, received, ask };
}

/** Data that has no text: whoever makes one of it gets an exception. */
const TEXTLESS = { toString: 1, valueOf: 1 };

test("a program that lies about its end, in any form, is one that failed", async () => {
  const lies = [
    "{ ended: false, error: { name: { toString: 1, valueOf: 1 }, message: { toString: 1 } } }",
    "{ ended: false, error: { toString: 1, valueOf: 1 } }",
    "{ ended: false, error: null }",
    "{ ended: 1 }",
    "null",
    "'done'",
    "new Map([['ended', true]])",
  ];
  for (const lie of lies) {
    const source = `import { parentPort } from "node:worker_threads";
      parentPort.postMessage(${lie});
      export default () => new Promise(() => {});`;
    const { outcome, error } = await begin(source).ended;
    expect(outcome, lie).toBe("failed");
    expect(error, lie).toBeInstanceOf(Error);
  }
});

test("an error is told as two texts of bounded length, whatever was thrown", () => {
  expect(described(new RangeError("no"))).toEqual({ name: "RangeError", message: "no" });
  expect(described("text")).toEqual({ name: "Error", message: "text" });
  const nothing = { name: "Error", message: "not an error" };
  for (const odd of [undefined, null, 1, Symbol("s"), TEXTLESS, () => 1, Object.create(null)]) {
    expect(described(odd)).toEqual(nothing);
  }
  expect(described({ name: TEXTLESS, message: TEXTLESS })).toEqual(nothing);
  expect(described(new Error("x".repeat(1_000_000))).message).toHaveLength(10_000);
});

test("what is no question has no answer, and harms nobody", async () => {
  const asked: unknown[] = [];
  const { handle, received, ask } = open({ answer: (call) => asked.push(call) });
  for (const odd of [null, 1, "x", [], {}, { id: "1", call: 1 }, { id: TEXTLESS }, new Map()]) {
    ask(odd);
  }
  ask({ id: 1, call: "last" });
  await eventually(() => received.length > 0, "an answer");
  expect(received).toEqual([{ id: 1, value: 1 }]);
  expect(asked).toEqual(["last"]);
  handle.close();
});

test("one question too many at a time is refused, and the next is heard when one was answered", async () => {
  const answers: (() => void)[] = [];
  const answer = (): Promise<void> => new Promise((resolve) => answers.push(resolve));
  const { handle, received, ask } = open({ answer });
  for (const id of [1, 2, 3]) ask({ id, call: null });
  await eventually(() => received.length === 1, "a refusal");
  expect(received).toEqual([
    { id: 3, error: { name: "RangeError", message: "more than 2 open calls" } },
  ]);
  answers[0]?.();
  await eventually(() => received.length === 2, "an answer");
  ask({ id: 4, call: null });
  await eventually(() => answers.length === 3, "the next question");
  handle.close();
});

test("checkpoints count as questions: a program cannot pile them up", async () => {
  let asked = 0;
  const checkpoint = (): Promise<void> => new Promise(() => void asked++);
  const { handle, received, ask } = open({ checkpoint });
  for (let id = 0; id < 50; id++) ask({ id, checkpoint: true });
  await eventually(() => received.length === 48, "the refusals");
  expect(asked).toBe(2);
  handle.close();
});

test("F35: a closed handle hears nothing and says nothing, whatever is under way", async () => {
  const asked: unknown[] = [];
  let answer: (() => void) | undefined;
  const { handle, received, ask } = open({
    answer: (call) => {
      asked.push(call);
      return new Promise<void>((resolve) => (answer = resolve));
    },
  });
  ask({ id: 1, call: "before" });
  await eventually(() => asked.length === 1, "a question");
  ask({ id: 2, call: "on its way" });
  expect(handle.close()).toBe(true);
  expect(handle.close()).toBe(false);
  answer?.();
  ask({ id: 3, call: "after" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked).toEqual(["before"]);
  expect(received).toEqual([]);
});

test("F35: in the program, what waits and what it asks later rejects when it is told to end", async () => {
  let called = false;
  const handle = (): Promise<unknown> => {
    called = true;
    return new Promise(() => {});
  };
  const source = `export default async ({ call, checkpoint }) => {
    const name = (error) => error.name;
    return [await call(1).catch(name), await call(2).catch(name), await checkpoint().catch(name)];
  }`;
  const running = begin(source, { handle });
  await eventually(() => called, "a call");
  expect((await running.interrupt()).answer).toBe("stopped");
  expect((await running.ended).value).toEqual(["AbortError", "AbortError", "AbortError"]);
});

test("a worker that wants more memory than it may have has failed, and nothing else has", async () => {
  const source =
    "export default () => { const all = []; for (;;) all.push(new Array(1e5).fill(1)); }";
  const resourceLimits = { maxOldGenerationSizeMb: 16 };
  const { outcome, error } = await begin(source, { resourceLimits }).ended;
  expect(outcome).toBe("failed");
  expect(error).toMatchObject({ code: "ERR_WORKER_OUT_OF_MEMORY" });
  const asks = `import { resourceLimits } from "node:worker_threads";
    export default () => resourceLimits.maxOldGenerationSizeMb;`;
  expect((await begin(asks, { resourceLimits }).ended).value).toBe(16);
});
