import type { Effect, EffectContext, Ended, Interrupted, Running, Step } from "./effect.js";
import { failedWith } from "./effect.js";
import type { Patience } from "./patience.js";
import { BOUND, once, requirePatience, settlesWithin } from "./patience.js";
import type { Thread } from "./thread.js";
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
  /** Of a thread of Node: all of its `process.env`. */
  readonly environment?: { readonly [name: string]: string };
}

/**
 * A program in a worker: Node, Bun, browsers. An interruption closes its handle at once, tells it, and
 * after the grace time ends the thread. `stopped` means that this thread and the workers it started
 * run no more. It promises halting, not rights: in Node such a program can do all that this process
 * can, files and network included, and a child process that it started lives on.
 *
 * Where a busy worker cannot be ended (Deno), the level is cooperative, and nothing is said to have
 * stopped. What `call` began at the host is the host's to end.
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
  readonly #context: EffectContext;
  #thread: Thread | undefined;
  #handle: MessagePort | undefined;
  #settle!: (ended: Ended) => void;
  /** When the program has ended; the thread may still be there. */
  readonly #settled: Promise<Ended>;
  #gone: Promise<boolean> | undefined;

  constructor(program: WorkerProgram, options: WorkerOptions, context: EffectContext) {
    this.#options = options;
    this.#context = context;
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
    this.#thread = startThread(WORKER_SIDE, this.#options.environment ?? {}, {
      message: (message) => this.#settle(endedOf(message)),
      failed: (error) => this.#settle(failedWith(error)),
      exited: (code) =>
        this.#settle({ outcome: code === 0 ? "done" : "failed", exit: code, signal: null }),
    });
    const { port1, port2 } = new MessageChannel();
    this.#handle = port1;
    port1.addEventListener("message", ({ data }) => void this.#answer(port1, data));
    port1.start();
    const url = "source" in program ? dataUrl(program.source) : program.module.href;
    const { request } = this.#context;
    this.#thread.post({ program: url, request, handle: port2 }, [port2]);
  }

  /** Nothing that the program sends may end this process; what is no question has no answer. */
  async #answer(port: MessagePort, message: unknown): Promise<void> {
    const { id, call, checkpoint } = Object(message) as Record<string, unknown>;
    if (this.#handle !== port || typeof id !== "number") return;
    let answer: object;
    try {
      if (checkpoint === true) await this.#context.checkpoint();
      else if (!this.#options.handle) throw new TypeError("this program was given no handle");
      answer = { id, value: checkpoint ? undefined : await this.#options.handle?.(call) };
    } catch (error) {
      answer = { id, error: described(error) };
    }
    if (this.#handle !== port) return;
    try {
      port.postMessage(answer);
    } catch (error) {
      port.postMessage({ id, error: described(error) });
    }
  }

  #close(): boolean {
    const open = this.#handle !== undefined;
    this.#handle?.close();
    this.#handle = undefined;
    return open;
  }

  #terminate(): Promise<boolean> {
    this.#close();
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
    if (this.#close()) steps.push("closed");
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

/** What a program says of its end. */
function endedOf(message: unknown): Ended {
  const { ended, value, error } = Object(message) as Record<string, unknown>;
  if (ended === true) return { outcome: "done", exit: null, signal: null, value };
  const { name, message: text } = Object(error) as Record<string, unknown>;
  return failedWith(Object.assign(new Error(String(text)), { name: String(name) }));
}

function described(error: unknown): { name: string; message: string } {
  const { name, message } = Object(error) as Record<string, unknown>;
  return { name: String(name ?? "Error"), message: String(message ?? error) };
}

/** Every runtime imports from one, and a strict policy of a page refuses it: then nothing begins. */
function dataUrl(source: string): string {
  const bytes = new TextEncoder().encode(source);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:text/javascript;base64,${btoa(text)}`;
}
