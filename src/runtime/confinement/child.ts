/** A child process in a session of its own, which no terminal's signals reach. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { withOnly } from "./descriptors.js";
import type { Ended } from "./effect.js";
import { failedWith } from "./effect.js";

/** Gets what a program writes, as it comes. */
export type Output = (stream: "stdout" | "stderr", chunk: Uint8Array) => void;

export interface Streams {
  /** What the program reads: nothing by default, what this process reads, or these bytes. */
  readonly input?: "none" | "inherit" | Uint8Array;
  /** Where it writes: nowhere by default, where this process writes, or to a function. */
  readonly output?: "none" | "inherit" | Output;
}

export interface Command extends Streams {
  readonly argv: readonly string[];
  readonly environment: { readonly [name: string]: string };
  readonly folder: string;
  /** Pipes from descriptor 3 on. */
  readonly pipes?: number;
}

/** Milliseconds for output that is on its way when a program has ended: another may hold the pipe open. */
const DRAIN = 500;

export class Child {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  /** When the process itself is gone, and has been waited for. */
  readonly exit: Promise<Ended>;
  readonly #process: ChildProcess | undefined;
  #closed: Promise<void> = Promise.resolve();
  #isGone = false;

  /** Never throws: what cannot be started is an exit. */
  constructor(command: Command) {
    let child: ChildProcess;
    try {
      child = start(command);
    } catch (error) {
      this.exit = Promise.resolve(failedWith(error));
      this.#isGone = true;
      return;
    }
    this.#process = child;
    this.pid = child.pid;
    this.#closed = new Promise((resolve) => void child.once("close", () => resolve()));
    this.exit = new Promise((resolve) => {
      const over = (ended: Ended): void => {
        this.#isGone = true;
        resolve(ended);
      };
      child.once("exit", (code, signal) =>
        over({ outcome: code === 0 ? "done" : "failed", exit: code, signal }),
      );
      // Also said of a signal that could not be sent, to a process that lives.
      child.on("error", (error) => void (child.pid === undefined && over(failedWith(error))));
    });
    connect(child, command);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** A pipe of the child, from descriptor 3 on. */
  pipe(descriptor: number): (Readable & Writable) | undefined {
    return (this.#process?.stdio[descriptor] ?? undefined) as (Readable & Writable) | undefined;
  }

  kill(): void {
    this.#process?.kill("SIGKILL");
  }

  /** When all that it wrote was handed on, or nothing more can be waited for. */
  async drained(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DRAIN);
    });
    await Promise.race([this.#closed, late]);
    clearTimeout(timer);
    this.close();
  }

  /** Closes the pipes; whether there are any. */
  close(): boolean {
    const pipes = (this.#process?.stdio ?? []).filter((stream) => stream !== null);
    for (const pipe of pipes) pipe?.destroy();
    return pipes.length > 0;
  }
}

function start({ argv, environment, folder, input, output, pipes = 0 }: Command): ChildProcess {
  const [program = "", ...rest] = argv;
  const one = typeof output === "function" ? "pipe" : output === "inherit" ? "inherit" : "ignore";
  const zero = input instanceof Uint8Array ? "pipe" : input === "inherit" ? "inherit" : "ignore";
  const listed = [zero, one, one, ...Array<"pipe">(pipes).fill("pipe")] as const;
  const options = { cwd: folder, env: { ...environment }, detached: true };
  return withOnly(listed, (stdio) => spawn(program, rest, { ...options, stdio }));
}

function connect(child: ChildProcess, { input, output }: Command): void {
  for (const stream of child.stdio) stream?.on("error", () => {});
  if (input instanceof Uint8Array) child.stdin?.end(input);
  if (typeof output !== "function") return;
  child.stdout?.on("data", (chunk: Uint8Array) => output("stdout", chunk));
  child.stderr?.on("data", (chunk: Uint8Array) => output("stderr", chunk));
}

/** Sends a signal to all of a process group; no where there is nobody that may get it. */
export function signalGroup(group: number, signal: "SIGTERM" | "SIGKILL"): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
