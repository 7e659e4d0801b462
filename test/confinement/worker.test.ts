/** Workers of Node; the other runtimes are in web-worker.test.ts. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { Running } from "../../src/runtime/confinement/effect.js";
import type { WorkerOptions } from "../../src/runtime/confinement/worker.js";
import { worker } from "../../src/runtime/confinement/worker.js";
import { context, eventually, IMPATIENCE, killMarked, mark, marked, PATIENCE } from "./fixture.js";

function begin(
  source: string,
  options: Partial<WorkerOptions> = {},
  request: unknown = {},
): Running {
  return worker({ source }, { ...PATIENCE, ...options }).start(context(request));
}

/** Counts in memory that is shared with the test, so that it shows whether a thread runs. */
const BUSY = `export default ({ request }) => {
  const count = new Int32Array(request);
  for (;;) Atomics.add(count, 0, 1);
}`;

async function moves(count: Int32Array): Promise<boolean> {
  const before = Atomics.load(count, 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return Atomics.load(count, 0) !== before;
}

test("a program gets the request and gives a value", async () => {
  const running = begin("export default async ({ request }) => request.a + 1", {}, { a: 2 });
  expect(await running.ended).toEqual({ outcome: "done", exit: null, signal: null, value: 3 });
});

test("a program that throws, does not parse, has no default, or gives what cannot be sent, has failed", async () => {
  const bad = [
    "export default () => { throw new RangeError('no') }",
    "export default (",
    "export const a = 1",
    "export default () => () => 1",
    "import './elsewhere.js'; export default () => 1",
    "process.exit(3)",
    "setTimeout(() => { throw new Error('late') }); export default () => new Promise(() => {})",
  ];
  for (const source of bad) {
    expect((await begin(source).ended).outcome, source).toBe("failed");
  }
  const { error } = await begin(bad[0] as string).ended;
  expect(error).toMatchObject({ name: "RangeError", message: "no" });
});

test("a module is run from where it is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "writ-worker-"));
  try {
    const file = join(folder, "program.mjs");
    await writeFile(file, "export default () => import.meta.url");
    const running = worker({ module: pathToFileURL(file) }, PATIENCE).start(context());
    expect((await running.ended).value).toBe(pathToFileURL(file).href);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the environment is what is given, and nothing by default", async () => {
  const source = "export default () => ({ ...process.env })";
  expect((await begin(source).ended).value).toEqual({});
  expect((await begin(source, { environment: { A: "1" } }).ended).value).toEqual({ A: "1" });
});

test("the handle answers, and its errors are told by name and message", async () => {
  const source = `export default async ({ call }) => {
    const got = [];
    for (const each of [1, 2]) got.push(await call({ each }));
    return [got, await call("throw").catch((e) => [e.name, e.message]),
      await call("function").catch((e) => e.name)];
  }`;
  const handle = async (asked: unknown): Promise<unknown> => {
    if (asked === "throw") throw new RangeError("not that");
    return asked === "function" ? () => 1 : asked;
  };
  const { value } = await begin(source, { handle }).ended;
  expect(value).toEqual([[{ each: 1 }, { each: 2 }], ["RangeError", "not that"], "DataCloneError"]);
});

test("without a handle a call fails, and messages of another form are no calls", async () => {
  const source = `import { parentPort } from "node:worker_threads";
    export default async ({ call }) => {
      parentPort.on("message", () => {});
      return call(1).catch((e) => e.message);
    }`;
  expect((await begin(source).ended).value).toBe("this program was given no handle");
});

test("a checkpoint is the host's, and what it throws ends the program if it lets it", async () => {
  let asked = 0;
  const given = {
    ...context(),
    checkpoint: async () => {
      asked += 1;
      if (asked === 2) throw Object.assign(new Error("no longer"), { name: "RunInterrupted" });
    },
  };
  const source = "export default async ({ checkpoint }) => { for (;;) await checkpoint(); }";
  const { outcome, error } = await worker({ source }, PATIENCE).start(given).ended;
  expect([outcome, asked]).toEqual(["failed", 2]);
  expect(error).toMatchObject({ name: "RunInterrupted", message: "no longer" });
});

test("F35: an interruption closes the handle, tells the program, and ends the thread", async () => {
  const calls: unknown[] = [];
  const source = `export default async ({ signal, call }) => {
    await call("before");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    void call("after");
    await new Promise((resolve) => setTimeout(resolve, 20));
    return "orderly";
  }`;
  const running = begin(source, { handle: (asked) => void calls.push(asked) });
  await eventually(() => calls.length === 1, "a call");
  const { answer, steps } = await running.interrupt();
  expect([answer, steps]).toEqual(["stopped", ["closed", "signalled", "terminated"]]);
  expect(calls).toEqual(["before"]);
  expect((await running.ended).value).toBe("orderly");
});

test("F35: what was asked before an interruption is not answered after it", async () => {
  const shared = new SharedArrayBuffer(4);
  const count = new Int32Array(shared);
  let answer: ((value: unknown) => void) | undefined;
  const handle = (): Promise<unknown> => new Promise((resolve) => (answer = resolve));
  const source = `export default async ({ request, call }) => {
    await call(1);
    Atomics.add(new Int32Array(request), 0, 1);
  }`;
  const running = begin(source, { handle, grace: 100 }, shared);
  await eventually(() => answer !== undefined, "a call");
  const interrupted = running.interrupt();
  answer?.("late");
  expect((await interrupted).answer).toBe("stopped");
  expect(Atomics.load(count, 0)).toBe(0);
});

test("F35: a hung program in a worker is stopped, as are the workers that it started", async () => {
  const shared = new SharedArrayBuffer(4);
  const count = new Int32Array(shared);
  const source = `import { Worker } from "node:worker_threads";
    export default ({ request }) => {
      const text = 'const { workerData } = require("node:worker_threads");' +
        "const count = new Int32Array(workerData); for (;;) Atomics.add(count, 0, 1);";
      new Worker(text, { eval: true, workerData: request });
      return new Promise(() => {});
    }`;
  const running = begin(source, IMPATIENCE, shared);
  await eventually(() => Atomics.load(count, 0) !== 0, "the inner worker runs");
  expect((await running.interrupt()).answer).toBe("stopped");
  expect(await moves(count)).toBe(false);
});

test("F35: a thread that the platform cannot end is not stopped", async () => {
  const word = mark();
  const source = `import { spawnSync } from "node:child_process";
    export default ({ request }) => {
      spawnSync("/bin/sh", ["-c", "sleep 7; :", request]);
    }`;
  const running = begin(source, IMPATIENCE, word);
  await eventually(() => marked(word).length > 0, "the thread waits for its child");
  const { answer, steps } = await running.interrupt();
  expect([answer, steps]).toEqual(["not-stopped", ["closed", "signalled", "terminated"]]);
  killMarked(word);
});

test("F39: a busy loop in a worker is ended, with one answer every time: 100 runs", async () => {
  const answers = new Set<string>();
  const ends = new Set<string>();
  const counts: Int32Array[] = [];
  for (let i = 0; i < 100; i++) {
    const shared = new SharedArrayBuffer(4);
    const count = new Int32Array(shared);
    counts.push(count);
    const running = begin(BUSY, { grace: 1 }, shared);
    await eventually(() => Atomics.load(count, 0) !== 0, "the loop runs");
    const { answer, steps } = await running.interrupt();
    answers.add(`${answer} ${steps.join()}`);
    ends.add(JSON.stringify(await running.ended));
  }
  expect([...answers]).toEqual(["stopped closed,signalled,terminated"]);
  expect(ends.size).toBe(1);
  expect(await Promise.all(counts.map(moves))).not.toContain(true);
});

test("F37: a worker of Node promises halting and no rights: it reads files, and its child lives on", async () => {
  const word = mark();
  const source = `export default async ({ request }) => {
    const { readFileSync } = await import("node:fs");
    const { spawn } = await import("node:child_process");
    const wait = "setTimeout(() => {}, 60_000)";
    spawn(process.execPath, ["-e", wait, request], { detached: true, stdio: "ignore" });
    return readFileSync("/proc/self/status", "utf8").length;
  }`;
  const effect = worker({ source }, PATIENCE);
  expect(effect.isolation).toEqual({ level: "worker" });
  const running = effect.start(context(word));
  try {
    expect((await running.ended).value).toBeGreaterThan(0);
    expect((await running.interrupt()).answer).toBe("stopped");
    expect(marked(word)).toHaveLength(1);
  } finally {
    killMarked(word);
  }
});

test("an interruption after the end, or before the beginning, is stopped", async () => {
  const ended = begin("export default () => 1");
  await ended.ended;
  expect(await ended.interrupt()).toMatchObject({ answer: "stopped", steps: [] });
  const early = begin("export default () => new Promise(() => {})", { grace: 0 });
  expect((await early.interrupt()).answer).toBe("stopped");
});
