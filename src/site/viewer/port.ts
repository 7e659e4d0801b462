/**
 * Messages between the page and its worker. The worker is a classic one, made of a blob: opened from
 * disk, Chromium starts no module from a blob, and in WebKit a worker reads no blob; so what it works
 * on is sent to it as bytes, and the kernel as a compiled module.
 */
export interface Port {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  listen(call: (message: unknown) => void): void;
}

export interface WorkerPort extends Port {
  onFailure(call: (reason: string) => void): void;
  end(): void;
}

/** Throws where there are no workers, or none of this kind. */
export function startWorker(program: string): WorkerPort {
  const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  const worker = new Worker(url);
  return {
    ...portOf(worker),
    onFailure: (call) => {
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        call(event.message || "the worker did not start");
      });
      worker.addEventListener("messageerror", () => call("a message could not be read"));
    },
    end: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}

/** The worker's own side. */
export function hostPort(): Port {
  return portOf(globalThis as unknown as Worker);
}

function portOf(end: Worker): Port {
  return {
    post: (message, transfer = []) => end.postMessage(message, [...transfer]),
    listen: (call) => end.addEventListener("message", ({ data }) => call(data)),
  };
}
