/** The program that an MCP server is: started in a process group of its own, and ended with it. */
import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { printable, shorten } from "../printable.js";

/** How long a server may take to end once its stdin is closed, and once more after SIGTERM. */
export const GRACE_MS = 2000;

export interface ServerProgram {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** How it ended, for people: "exit code 1", "SIGKILL", or why it did not start. */
  readonly exited: Promise<string>;
  /** Ends it and its process group, once: after a grace by SIGTERM, after another by SIGKILL. */
  end(): Promise<void>;
}

/** `onLog` gets lines of its stderr, with nothing in them that a terminal obeys. */
export function startServer(
  program: string,
  args: readonly string[],
  onLog: (line: string) => void,
): ServerProgram {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const signal = (name: NodeJS.Signals): void => {
    try {
      // What the server started is in its group, and stays there unless it leaves it.
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group is gone.
    }
  };
  const atExit = (): void => signal("SIGKILL");
  process.once("exit", atExit);
  // Whoever writes learns of it from the write.
  child.stdin.on("error", () => undefined);
  child.stdout.on("error", () => undefined);
  child.once("error", () => child.stdout.destroy());
  void relayLines(child.stderr, onLog);
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, name) => resolve(name ?? `exit code ${code}`));
  });
  const within = (ms: number): Promise<boolean> =>
    Promise.race([exited.then(() => true), delay(ms, false, { ref: false })]);
  const endGroup = async (): Promise<void> => {
    if (!(await within(GRACE_MS))) signal("SIGTERM");
    await within(GRACE_MS);
    // Also what it left behind in its group.
    signal("SIGKILL");
    process.off("exit", atExit);
  };
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => (ending ??= endGroup());
  return { stdin: child.stdin, stdout: child.stdout, exited, end };
}

const MAX_LINE = 4096;

async function relayLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  let rest = "";
  const say = (line: string): void => onLine(shorten(printable(line), MAX_LINE));
  try {
    for await (const text of stream.setEncoding("utf8") as AsyncIterable<string>) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() as string;
      for (const line of lines) say(line);
      if (rest.length > MAX_LINE) {
        say(rest);
        rest = "";
      }
    }
  } catch {
    // It is closed: nothing more is said.
  }
  if (rest !== "") say(rest);
}
