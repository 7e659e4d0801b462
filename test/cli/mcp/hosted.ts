/** Runs the proxy as a program of its own, before servers that are programs too. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, expect } from "vitest";

export interface Rules {
  readonly allow: readonly string[];
  readonly interrupt?: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), "writ-mcp-"));
const host = join(folder, "host.mjs");
let count = 0;

buildSync({
  entryPoints: [fileURLToPath(new URL("./host.ts", import.meta.url))],
  outfile: host,
  bundle: true,
  format: "esm",
  platform: "node",
  logLevel: "error",
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A server that is a script for Node, or another program; what a script is sent is kept. */
export class Hosted {
  readonly #base = join(folder, String(count++));
  readonly command = process.execPath;
  readonly args: readonly string[];

  constructor(rules: Rules, server: { script: string } | { program: string }, ...args: string[]) {
    const all = JSON.stringify({ interrupt: [], ...rules });
    const program =
      "program" in server
        ? [server.program]
        : [process.execPath, "--require", this.#tap(), server.script];
    this.args = [host, all, `${this.#base}.log`, "--", ...program, ...args];
  }

  /** A module that keeps what comes in on stdin. */
  #tap(): string {
    const path = `${this.#base}.cjs`;
    writeFileSync(
      path,
      `const { appendFileSync } = require("node:fs");
      const { push } = process.stdin;
      process.stdin.push = function (chunk, ...more) {
        if (chunk !== null) appendFileSync(${JSON.stringify(`${this.#base}.received`)}, chunk);
        return push.call(this, chunk, ...more);
      };`,
    );
    return path;
  }

  start(): ChildProcessWithoutNullStreams {
    return spawn(this.command, this.args, { stdio: "pipe" });
  }

  /** Calls and outcomes that the gate's stand-in saw. */
  get log(): Record<string, unknown>[] {
    return readLines(`${this.#base}.log`);
  }

  /** Messages that the server was sent. */
  get received(): Record<string, unknown>[] {
    return readLines(`${this.#base}.received`);
  }
}

function readLines(path: string): Record<string, unknown>[] {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as never]));
}

/** A server's program from its text. */
export function script(text: string): string {
  const path = join(folder, `server-${count++}.mjs`);
  writeFileSync(path, text);
  return path;
}

/** For what comes when processes get to it: a machine may be busy. */
export const eventually = (read: () => unknown) => expect.poll(read, { timeout: 30_000 });
