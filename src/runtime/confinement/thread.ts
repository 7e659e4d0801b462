/** A thread that runs JavaScript: a Web Worker, or one of Node's worker_threads. */

export interface Thread {
  /** A name that the thread has to hold a lock on, of the Web Locks, before it runs anything else. */
  readonly lock?: string | undefined;
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

/** Of Node's worker_threads: megabytes. */
export interface ResourceLimits {
  readonly maxYoungGenerationSizeMb?: number;
  readonly maxOldGenerationSizeMb?: number;
  readonly codeRangeSizeMb?: number;
  readonly stackSizeMb?: number;
}

export interface ThreadOptions {
  readonly environment?: { readonly [name: string]: string };
  readonly resourceLimits?: ResourceLimits;
}

type NodeThreads = typeof import("node:worker_threads");

/** Node's own, and not what Deno, Bun and workerd have under that name: that ends by other rules, or never begins. */
function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as {
    process?: {
      readonly versions?: { readonly [name: string]: string | undefined };
      getBuiltinModule?: (name: string) => unknown;
    };
  };
  const { node, deno, bun } = process?.versions ?? {};
  if (node === undefined || deno !== undefined || bun !== undefined) return undefined;
  // Node has had a name for itself since version 21.
  if (!/^(?:Node\.js\/|$)/.test(platform())) return undefined;
  return process?.getBuiltinModule?.("node:worker_threads") as NodeThreads | undefined;
}

function platform(): string {
  return (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? "";
}

/**
 * Whether a busy thread can be ended here, and be known to have ended, as the tests found it. Deno
 * (2.9) goes on with a loop after `terminate()`, and its worker_threads say "exit" all the same.
 */
export function canHaltThreads(): boolean {
  if (nodeThreads()) return true;
  return typeof Worker === "function" && (tellsOfEnds() || locks() !== undefined);
}

/** Bun has an event "close" for it. */
function tellsOfEnds(): boolean {
  return platform().startsWith("Bun/");
}

/** Those of a browser; a page of an opaque origin, or one that is not secure, has none. */
function locks(): LockManager | undefined {
  if (!platform().startsWith("Mozilla/") || globalThis.origin === "null") return undefined;
  return (navigator as { locks?: LockManager }).locks;
}

/** Starts a thread with this text; throws where the platform has none (workerd, edge runtimes). */
export function startThread(text: string, options: ThreadOptions, events: ThreadEvents): Thread {
  const threads = nodeThreads();
  if (threads) return nodeThread(threads, text, options, events);
  if (typeof Worker === "function") return webThread(text, events);
  throw new Error("this platform has no workers");
}

function nodeThread(
  { Worker }: NodeThreads,
  text: string,
  { environment, resourceLimits }: ThreadOptions,
  events: ThreadEvents,
): Thread {
  const worker = new Worker(text, {
    eval: true,
    env: { ...environment },
    argv: [],
    execArgv: [],
    stdin: false,
    ...(resourceLimits && { resourceLimits }),
  });
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
 * `terminate()` aborts the script (HTML, section 10.2.4, "terminate a worker"), and no browser says
 * when: Chromium lets a busy one run for two more seconds. But a lock that the thread holds is released
 * when its agent is no more (Web Locks, section 2.6): whoever gets it then knows.
 */
function webThread(text: string, events: ThreadEvents): Thread {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const lock = locks() && `writ-worker-${crypto.randomUUID()}`;
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
    lock,
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    terminate: async () => {
      worker.terminate();
      URL.revokeObjectURL(url);
      return lock === undefined ? tellsOfEnds() && closed : isReleased(lock);
    },
  };
}

/** A page that may not store anything is refused its locks: then nothing is known. */
async function isReleased(lock: string): Promise<boolean> {
  try {
    return await navigator.locks.request(lock, () => true);
  } catch {
    return false;
  }
}
