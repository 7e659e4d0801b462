/**
 * What runs in a worker before the program does, as text: it stands in no file, so that nothing but
 * the bytes that were decided on is loaded. It keeps the functions that it uses, and tells the host
 * how the program ended; a program that tells something else in its place lies about itself alone.
 *
 * The first message is {program, request, handle}: a URL, a value and a MessagePort. Later ones say
 * that the program shall end. Over the handle go {id, call} or {id, checkpoint} and, back, {id, value}
 * or {id, error}.
 */
const BODY = `
  let controller = new AbortController();
  const describe = (error) => ({
    name: String(error?.name ?? "Error"),
    message: String(error?.message ?? error),
  });
  const open = (handle) => {
    const waiting = new Map();
    let last = 0;
    handle.onmessage = ({ data: { id, value, error } }) => {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      if (!error) return resolve(value);
      reject(Object.assign(new Error(error.message), { name: error.name }));
    };
    return (message) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        handle.postMessage({ id: last, ...message });
      });
  };
  receive(async (first) => {
    if (!first.program) return controller.abort();
    const ask = open(first.handle);
    try {
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
`;

const WEB = `
  const post = self.postMessage.bind(self);
  const receive = (call) => self.addEventListener("message", ({ data }) => call(data));
`;

/** For a thread of Node, or a Web Worker: it finds out where it runs. */
export const WORKER_SIDE = `if (typeof require === "function") {${NODE}${BODY}} else {${WEB}${BODY}}`;
