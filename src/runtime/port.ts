/** Messages between a pool and its workers, over Web Workers or Node's worker_threads. */
import type { Ed25519Status } from "../kernel/ed25519.js";

export interface Question {
  readonly module: WebAssembly.Module;
  readonly claims: Uint8Array<ArrayBuffer>;
  readonly count: number;
}

export type Answer =
  | { readonly statuses: readonly Ed25519Status[] }
  /** A defect of ours or of the worker; nothing was decided. */
  | { readonly fault: string };

export interface Port {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  listen(onMessage: (message: unknown) => void): void;
}

export interface WorkerPort extends Port {
  onFailure(fail: (reason: string) => void): void;
  end(): Promise<void>;
}

type NodeThreads = typeof import("node:worker_threads");

/** Node's threads, where there is a Node and no global Worker; never bundled. */
function nodeThreads(): NodeThreads | undefined {
  const host = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return host.process?.getBuiltinModule?.("node:worker_threads") as NodeThreads | undefined;
}

/** Starts a worker; throws where the platform has none (workerd, edge runtimes). */
export function startWorker(url: URL): WorkerPort {
  if (typeof Worker === "function") return webWorker(new Worker(url, { type: "module" }));
  const threads = nodeThreads();
  if (!threads) throw new Error("this platform has no workers: use the kernel itself");
  return nodeWorker(new threads.Worker(url, { execArgv: [] }));
}

/** The worker's own side. */
export function hostPort(): Port {
  const parent = nodeThreads()?.parentPort;
  if (parent && typeof Worker !== "function") {
    return {
      post: (message, transfer) => parent.postMessage(message, [...transfer]),
      listen: (onMessage) => void parent.on("message", onMessage),
    };
  }
  const scope = globalThis as unknown as Worker;
  return {
    post: (message, transfer) => scope.postMessage(message, [...transfer]),
    listen: (onMessage) => {
      scope.addEventListener("message", ({ data }) => onMessage(data));
    },
  };
}

function webWorker(worker: Worker): WorkerPort {
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    listen: (onMessage) => {
      worker.addEventListener("message", ({ data }) => onMessage(data));
    },
    onFailure: (fail) => {
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        fail(event.message || "the worker did not start");
      });
      worker.addEventListener("messageerror", () => fail("a message could not be read"));
    },
    end: async () => worker.terminate(),
  };
}

function nodeWorker(worker: InstanceType<NodeThreads["Worker"]>): WorkerPort {
  return {
    post: (message, transfer) => {
      worker.ref();
      worker.postMessage(message, [...transfer]);
    },
    listen: (onMessage) => {
      worker.on("message", (message) => {
        worker.unref();
        onMessage(message);
      });
      // A worker keeps the process alive while it has a question, and not when it is idle.
      worker.unref();
    },
    onFailure: (fail) => {
      worker.on("error", (error) => fail(String(error)));
      worker.on("messageerror", () => fail("a message could not be read"));
      worker.on("exit", (code) => fail(`the worker ended with ${code}`));
    },
    end: async () => void (await worker.terminate()),
  };
}
