/** A thread that runs JavaScript: a Web Worker, or one of Node's worker_threads. */

export interface Thread {
  post(message: unknown, transfer: readonly MessagePort[]): void;
  /** Ends the thread. Resolves with whether it is gone; may never resolve. */
  terminate(): Promise<boolean>;
}

export interface ThreadEvents {
  message(message: unknown): void;
  /** It did not start, or threw what nobody caught. */
  failed(error: unknown): void;
  /** It has ended by itself, with this exit code. */
  exited(code: number): void;
}

type NodeThreads = typeof import("node:worker_threads");

/** Node's own, and not those that Deno and Bun have under that name: they end by other rules. */
function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as {
    process?: {
      readonly versions?: { readonly [name: string]: string | undefined };
      getBuiltinModule?: (name: string) => unknown;
    };
  };
  const { node, deno, bun } = process?.versions ?? {};
  if (node === undefined || deno !== undefined || bun !== undefined) return undefined;
  return process?.getBuiltinModule?.("node:worker_threads") as NodeThreads | undefined;
}

function platform(): string {
  return (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? "";
}

/**
 * Whether a busy thread can be ended here, as the tests found it. Deno (2.9) goes on with a loop after
 * `terminate()`, and its worker_threads say "exit" all the same.
 */
export function canHaltThreads(): boolean {
  if (nodeThreads()) return true;
  return typeof Worker === "function" && /^(?:Mozilla|Bun)\//.test(platform());
}

/** Starts a thread with this text; throws where the platform has none (workerd, edge runtimes). */
export function startThread(
  text: string,
  environment: { readonly [name: string]: string },
  events: ThreadEvents,
): Thread {
  const threads = nodeThreads();
  if (threads) return nodeThread(threads, text, environment, events);
  if (typeof Worker === "function") return webThread(text, events);
  throw new Error("this platform has no workers");
}

function nodeThread(
  { Worker }: NodeThreads,
  text: string,
  environment: { readonly [name: string]: string },
  events: ThreadEvents,
): Thread {
  const worker = new Worker(text, { eval: true, env: { ...environment }, argv: [], execArgv: [] });
  const gone = new Promise<boolean>((resolve) => {
    worker.once("exit", (code) => {
      resolve(true);
      events.exited(code);
    });
  });
  worker.on("message", (message) => events.message(message));
  worker.on("messageerror", (error) => events.failed(error));
  worker.on("error", (error) => events.failed(error));
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer] as never),
    terminate: () => {
      void worker.terminate();
      return gone;
    },
  };
}

/**
 * Browsers do not tell when a worker is gone: `terminate()` aborts its script (HTML, section 10.2.6.3
 * "terminate a worker"), and that is taken for the fact. Bun does tell, by the event "close".
 */
function webThread(text: string, events: ThreadEvents): Thread {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const tells = platform().startsWith("Bun/");
  const closed = new Promise<boolean>((resolve) => {
    worker.addEventListener("close", (event) => {
      resolve(true);
      events.exited((event as { code?: number }).code ?? 0);
    });
  });
  worker.addEventListener("message", ({ data }) => events.message(data));
  worker.addEventListener("messageerror", () => events.failed(new Error("an unreadable message")));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    events.failed(new Error(event.message || "the worker did not start"));
  });
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    terminate: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
      return tells ? closed : Promise.resolve(canHaltThreads());
    },
  };
}
