/** The proxy on this program's own stdin and stdout, before a server that it starts. */
import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { decodeUtf8 } from "../../bytes/utf8.js";
import { printable, shorten } from "../printable.js";
import type { Govern } from "./govern.js";
import type { SessionEnd, Side } from "./proxy.js";
import { createProxy } from "./proxy.js";
import { GRACE_MS, startServer } from "./server-program.js";
import type { Sink } from "./sink.js";

/** How long calls may still take after the client has ended. */
const DRAIN_MS = 5000;

export interface ServeOptions {
  /** What commands name the server by. */
  readonly server: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly govern: Govern;
  readonly input: AsyncIterable<Uint8Array>;
  readonly output: Writable;
  /** Gets lines for people: the server's stderr and its banner, and why the session ended. */
  readonly onLog: (line: string) => void;
  /** Ends the session from outside. */
  readonly signal?: AbortSignal;
}

/** Resolves when the server is gone and every run was told its outcome, or a grace later. */
export async function serve(options: ServeOptions): Promise<SessionEnd> {
  const { onLog, signal } = options;
  const program = startServer(options.program, options.args, onLog);
  const proxy = createProxy({
    server: options.server,
    govern: options.govern,
    toClient: { write: writerOf(options.output), close: () => flush(options.output) },
    toServer: {
      write: writerOf(program.stdin),
      close: async () => {
        program.stdin.end();
        await program.end();
      },
    },
    onBanner: (line) => onLog(shorten(printable(decodeUtf8(line) ?? "a line not in UTF-8"), 4096)),
  });
  const stop = (): void => proxy.stop("it was told to end");
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  void pump(program.stdout, proxy.server);
  void program.exited.then((how) => {
    onLog(`the server ended: ${printable(how)}`);
    // What it started may hold its stdout open.
    return program.end();
  });
  const drain = new AbortController();
  void pump(options.input, proxy.client)
    .then(() => delay(DRAIN_MS, undefined, { signal: drain.signal }))
    .then(
      () => proxy.stop("the client has ended, and calls took too long after that"),
      () => undefined,
    );
  const end = await proxy.stopped;
  drain.abort();
  signal?.removeEventListener("abort", stop);
  await program.end();
  await Promise.race([proxy.ended, delay(GRACE_MS, undefined, { ref: false })]);
  return end;
}

async function pump(input: AsyncIterable<Uint8Array>, side: Side): Promise<void> {
  try {
    for await (const chunk of input) await side.receive(chunk);
  } catch {
    // A stream that breaks has ended; what is cut shows as such.
  }
  await side.end();
}

function writerOf(stream: Writable): Sink["write"] {
  return (line) =>
    new Promise((resolve, reject) => {
      stream.write(line, (error) => (error ? reject(error) : resolve()));
    });
}

/** The stream stays open: it is the program's own. */
function flush(stream: Writable): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}
