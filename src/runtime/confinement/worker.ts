import type { Effect, EffectContext, Ended, Interrupted, Running, Step } from "./effect.js";
import { failedWith } from "./effect.js";
import { described, Handle } from "./handle.js";
import type { Patience } from "./patience.js";
import { BOUND, once, requirePatience, settlesWithin } from "./patience.js";
import type { ResourceLimits, Thread } from "./thread.js";
import { canHaltThreads, startThread } from "./thread.js";
import { WORKER_SIDE } from "./worker-side.js";

/**
 * A module whose default export is `async ({request, signal, call, checkpoint}) => value`. `source` is
 * run as it is, and must need no other file; `module` is loaded by the platform when the run begins,
 * so that a digest of it binds only if nobody can write there.
 */
export type WorkerProgram = { readonly source: string } | { readonly module: URL };

export interface WorkerOptions extends Patience {
  /** Answers what the program asks of the host through `call`; what it throws, the program is told. */
  readonly handle?: (call: unknown) => unknown;
  /** How many calls and checkpoints may wait for an answer at a time (64); one more is refused. */
  readonly calls?: number;
  /** Of a thread of Node: all of its `process.env`. */
  readonly environment?: { readonly [name: string]: string };
  /** Of a thread of Node: V8's limits of memory. A program that goes beyond them has failed. */
  readonly resourceLimits?: ResourceLimits;
}

const CALLS = 64;

/**
 * A program in a worker: Node, Bun, browsers. An interruption closes its handle at once, tells it, and
 * after the grace time ends the thread. `stopped` means that this thread and the workers it started
 * run no more. It promises halting, not rights: in Node such a program can do all that this process
 * can, files and network included, and a child process that it started lives on.
 *
 * Where a busy worker cannot be ended (Deno), or its end not be known (a page without Web Locks), the
 * level is cooperative, and nothing is said to have stopped. In a browser the program gets no `Worker`
 * and no `navigator.locks`. What `call` began at the host is the host's to end.
 */
export function worker(program: WorkerProgram, options: WorkerOptions): Effect {
  requirePatience(options);
  const level = canHaltThreads() ? "worker" : "cooperative";
  return {
    isolation: Object.freeze({ level }),
    start: (context) => new WorkerRun(program, options, context),
  };
}

class WorkerRun implements Running {
  readonly ended: Promise<Ended>;
  readonly interrupt = once(() => this.#interrupt());
  readonly #options: WorkerOptions;
  readonly #request: unknown;
  #thread: Thread | undefined;
  readonly #handle: Handle;
  #settle!: (ended: Ended) => void;
  /** When the program has ended; the thread may still be there. */
  readonly #settled: Promise<Ended>;
  #gone: Promise<boolean> | undefined;

  constructor(program: WorkerProgram, options: WorkerOptions, context: EffectContext) {
    this.#options = options;
    this.#request = context.request;
    this.#handle = new Handle({
      answer: options.handle,
      checkpoint: context.checkpoint,
      calls: options.calls ?? CALLS,
    });
    this.#settled = new Promise<Ended>((resolve) => {
      this.#settle = resolve;
    });
    this.ended = this.#settled.then(async (ended) => {
      await this.#terminate();
      return ended;
    });
    try {
      this.#begin(program);
    } catch (error) {
      this.#settle(failedWith(error));
    }
  }

  #begin(program: WorkerProgram): void {
    this.#thread = startThread(WORKER_SIDE, this.#options, {
      message: (message) => this.#settle(endedOf(message)),
      failed: (error) => this.#settle(failedWith(error)),
      exited: (code) =>
        this.#settle({ outcome: code === 0 ? "done" : "failed", exit: code, signal: null }),
    });
    const url = "source" in program ? dataUrl(program.source) : program.module.href;
    const { remote } = this.#handle;
    const { lock } = this.#thread;
    const first = { program: url, request: this.#request, handle: remote, lock };
    this.#thread.post(first, [remote]);
  }

  #terminate(): Promise<boolean> {
    this.#handle.close();
    const { clock } = this.#options;
    this.#gone ??= (async () => {
      const gone = this.#thread?.terminate() ?? Promise.resolve(true);
      return (await settlesWithin(clock, BOUND, gone)) && gone;
    })();
    return this.#gone;
  }

  async #interrupt(): Promise<Interrupted> {
    const { clock, grace } = this.#options;
    const began = clock.elapsed();
    const steps: Step[] = [];
    if (this.#handle.close()) steps.push("closed");
    let settled = this.#gone !== undefined;
    if (!settled) {
      this.#thread?.post({ stop: true }, []);
      steps.push("signalled");
      settled = await settlesWithin(clock, grace, this.#settled);
      this.#settle(failedWith(new Error("the worker was terminated")));
      steps.push("terminated");
    }
    const gone = await this.#terminate();
    const took = Math.round(clock.elapsed() - began);
    if (gone) return { answer: "stopped", steps, took };
    return { answer: settled && !canHaltThreads() ? "unknown" : "not-stopped", steps, took };
  }
}

/** What a program says of its end; it may say anything. */
function endedOf(message: unknown): Ended {
  const { ended, value, error } = Object(message) as Record<string, unknown>;
  if (ended === true) return { outcome: "done", exit: null, signal: null, value };
  const { name, message: text } = described(error);
  return failedWith(Object.assign(new Error(text), { name }));
}

/** Every runtime imports from one, and a strict policy of a page refuses it: then nothing begins. */
function dataUrl(source: string): string {
  const bytes = new TextEncoder().encode(source);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:text/javascript;base64,${btoa(text)}`;
}
