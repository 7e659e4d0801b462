/** Workers on runtimes other than Node, as one module without a framework: bundled for each of them. */
import { systemClock } from "../../src/runtime/clock.js";
import type { Interrupted, Running } from "../../src/runtime/confinement/effect.js";
import { runtimeLevels } from "../../src/runtime/confinement/host.js";
import type { WorkerOptions } from "../../src/runtime/confinement/worker.js";
import { worker } from "../../src/runtime/confinement/worker.js";

type Report = {
  passed: number;
  failed: number;
  failures: { name: string; errorName: string; message: string }[];
  digest: string;
};

const RUNS = 100;

/** Chromium takes two seconds for each. */
const AT_ONCE = 25;

const agent = navigator.userAgent;
const hasWorkers = typeof Worker === "function";
/** Where a busy worker can be ended. */
const halts = /^(?:Mozilla|Bun)\//.test(agent);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function begin(
  source: string,
  options: Partial<WorkerOptions> = {},
  request: unknown = 1,
): Running {
  const patience = { clock: systemClock, grace: 5_000 };
  return worker({ source }, { ...patience, ...options }).start({
    request,
    signal: new AbortController().signal,
    checkpoint: async () => {},
  });
}

function equal(found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b}, found ${a}`);
}

const isStopped = ({ answer }: Interrupted): void => equal(answer, "stopped");

const BUSY = `export default ({ request }) => {
  const count = new Int32Array(request);
  for (;;) Atomics.add(count, 0, 1);
}`;

/** A thread in a thread: where it cannot be kept from running on, there is none. */
const NESTED = `export default ({ request }) => {
  const text = "onmessage = ({ data }) => { for (const a = new Int32Array(data);;) Atomics.add(a, 0, 1); }";
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  globalThis.nested = new Worker(url, { type: "module" });
  globalThis.nested.postMessage(request);
  return new Promise(() => {});
}`;

async function busy(): Promise<{ running: Running; count: Int32Array }> {
  const shared = new SharedArrayBuffer(4);
  const count = new Int32Array(shared);
  const running = begin(BUSY, { grace: 1 }, shared);
  while (Atomics.load(count, 0) === 0) await sleep(1);
  return { running, count };
}

async function moves(count: Int32Array): Promise<boolean> {
  const before = Atomics.load(count, 0);
  await sleep(50);
  return Atomics.load(count, 0) !== before;
}

/** Ends a busy loop; gives its memory. */
async function end(): Promise<Int32Array> {
  const { running, count } = await busy();
  isStopped(await running.interrupt());
  const before = Atomics.load(count, 0);
  equal(String((await running.ended).error), "Error: the worker was terminated");
  equal(Atomics.load(count, 0), before);
  return count;
}

const cases: Record<string, () => Promise<void>> = {
  "F37: the level is what the runtime can keep": async () => {
    equal(runtimeLevels(), halts ? ["cooperative", "worker"] : ["cooperative"]);
    const { isolation } = worker({ source: "" }, { clock: systemClock, grace: 0 });
    equal(isolation, { level: halts ? "worker" : "cooperative" });
  },
};

if (!hasWorkers) {
  cases["F37: without workers nothing begins, and that is a failed end"] = async () => {
    const running = begin("export default () => 1");
    equal((await running.ended).outcome, "failed");
  };
} else {
  Object.assign(cases, {
    "a program gives a value, and fails with what it throws": async () => {
      equal((await begin("export default ({ request }) => request + 1").ended).value, 2);
      const thrown = await begin("export default () => { throw new RangeError('no') }").ended;
      equal([thrown.outcome, (thrown.error as Error).name], ["failed", "RangeError"]);
      equal((await begin("export default (").ended).outcome, "failed");
    },
    "the handle answers until the interruption": async () => {
      const calls: unknown[] = [];
      const source = `export default async ({ signal, call }) => {
        const got = await call("before");
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        void call("after");
        return got;
      }`;
      const running = begin(source, { handle: (asked) => calls.push(asked) });
      while (calls.length === 0) await sleep(1);
      await sleep(50);
      const { answer, steps } = await running.interrupt();
      equal(steps, ["closed", "signalled", "terminated"]);
      equal(answer, halts ? "stopped" : "unknown");
      equal(calls, ["before"]);
      equal((await running.ended).value, 1);
    },
    "a program that lies about its end has failed, and nobody else has": async () => {
      for (const lie of ["{ error: { name: { toString: 1, valueOf: 1 } } }", "null", "1"]) {
        const running = begin(`postMessage(${lie}); export default () => new Promise(() => {})`);
        equal((await running.ended).outcome, "failed");
      }
    },
    "F35: a program has no thread that outlives it": async () => {
      const count = new Int32Array(new SharedArrayBuffer(4));
      const running = begin(NESTED, { grace: 1 }, count.buffer);
      const isBrowser = agent.startsWith("Mozilla/");
      if (isBrowser) {
        const ended = await Promise.race([running.ended, sleep(5_000)]);
        equal(String(ended?.error), "ReferenceError: Worker is not defined");
      } else {
        while (Atomics.load(count, 0) === 0) await sleep(1);
      }
      equal((await running.interrupt()).answer, halts ? "stopped" : "not-stopped");
      equal(halts && (await moves(count)), false);
    },
    "F35: a hung program": async () => {
      const running = begin("export default () => new Promise(() => {})", { grace: 50 });
      equal((await running.interrupt()).answer, halts ? "stopped" : "not-stopped");
    },
  });
}

if (hasWorkers && halts) {
  cases["F39: a busy loop is ended, with one answer every time: 100 runs"] = async () => {
    for (let done = 0; done < RUNS; done += AT_ONCE) {
      const counts = await Promise.all(Array.from({ length: AT_ONCE }, end));
      equal((await Promise.all(counts.map(moves))).includes(true), false);
    }
  };
} else if (hasWorkers) {
  cases["F39: a busy loop that cannot be ended is never said to have stopped"] = async () => {
    const { running } = await busy();
    equal((await running.interrupt()).answer, "not-stopped");
    const { Deno } = globalThis as unknown as { Deno: { exit(code: number): void } };
    // The thread would keep the process alive.
    setTimeout(() => Deno.exit(0), 1_000);
  };
}

export async function run(): Promise<Report> {
  const report: Report = { passed: 0, failed: 0, failures: [], digest: "0".repeat(64) };
  for (const [name, body] of Object.entries(cases)) {
    try {
      await body();
      report.passed += 1;
    } catch (error) {
      report.failed += 1;
      const { name: errorName, message } = error as Error;
      report.failures.push({ name: `${agent}: ${name}`, errorName, message });
    }
  }
  return report;
}
