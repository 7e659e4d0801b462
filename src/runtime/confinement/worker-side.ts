/**
 * What runs in a worker before the program does, as text: it stands in no file, so that nothing but
 * the bytes that were decided on is loaded. It keeps the functions that it uses, and tells the host
 * how the program ended; a program that tells something else in its place lies about itself alone.
 *
 * The first message is {program, request, handle, lock}: a URL, a value, a MessagePort, and the name
 * of a lock or nothing. Later ones say that the program shall end. Over the handle go {id, call} or {id, checkpoint} and, back, {id, value}
 * or {id, error}.
 *
 * The lock is held for as long as the thread lives: its release is how a host learns of its end. So
 * the program gets no LockManager to break it with, and no Worker, which would outlive the thread
 * (Chromium: by two seconds) or have a LockManager of its own.
 */
const BODY = `
  const controller = new AbortController();
  const describe = (error) => ({
    name: String(error?.name ?? "Error"),
    message: String(error?.message ?? error),
  });
  const open = (handle) => {
    const waiting = new Map();
    let last = 0;
    const closed = () => Object.assign(new Error("the handle is closed"), { name: "AbortError" });
    controller.signal.addEventListener("abort", () => {
      for (const { reject } of waiting.values()) reject(closed());
      waiting.clear();
    });
    handle.onmessage = ({ data: { id, value, error } }) => {
      const { resolve, reject } = waiting.get(id) ?? {};
      if (!waiting.delete(id)) return;
      if (!error) return resolve(value);
      reject(Object.assign(new Error(error.message), { name: error.name }));
    };
    return (message) => {
      const answer = new Promise((resolve, reject) => {
        if (controller.signal.aborted) throw closed();
        last += 1;
        waiting.set(last, { resolve, reject });
        handle.postMessage({ id: last, ...message });
      });
      // An answer that nobody waits for may not end the program.
      answer.catch(() => {});
      return answer;
    };
  };
  receive(async (first) => {
    if (!first.program) return controller.abort();
    const ask = open(first.handle);
    try {
      await ready(first.lock);
      const { default: run } = await import(first.program);
      const value = await run({
        request: first.request,
        signal: controller.signal,
        call: (call) => ask({ call }),
        checkpoint: () => ask({ checkpoint: true }),
      });
      post({ ended: true, value });
    } catch (error) {
      post({ ended: false, error: describe(error) });
    }
  });
`;

const NODE = `
  const { parentPort } = require("node:worker_threads");
  const post = parentPort.postMessage.bind(parentPort);
  const receive = (call) => parentPort.on("message", call);
  const ready = async () => {};
`;

const WEB = `
  const post = self.postMessage.bind(self);
  const receive = (call) => self.addEventListener("message", ({ data }) => call(data));
  const ready = async (lock) => {
    if (!lock) return;
    await new Promise((held, failed) => {
      const forever = () => (held(), new Promise(() => {}));
      navigator.locks.request(lock, forever).catch(failed);
    });
    delete WorkerNavigator.prototype.locks;
    delete self.Worker;
    delete self.SharedWorker;
  };
`;

/** For a thread of Node, or a Web Worker: it finds out where it runs. */
export const WORKER_SIDE = `if (typeof require === "function") {${NODE}${BODY}} else {${WEB}${BODY}}`;
