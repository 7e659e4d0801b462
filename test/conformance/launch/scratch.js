// @ts-check
/**
 * A scratch is a new folder and an environment that points into it. Every process started with
 * that environment, and all their descendants, end when the scratch is closed.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { deadline } from "./outcome.js";

const GRACE_MS = 3000;

/** @type {Set<Scratch>} */
const open = new Set();

const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

function abandon() {
  for (const scratch of open) scratch.abandon();
}

/** Clears up, then lets the signal do what it would have done. @param {NodeJS.Signals} signal */
function interrupted(signal) {
  abandon();
  unwatch();
  process.kill(process.pid, signal);
}

function watch() {
  process.on("exit", abandon);
  for (const signal of SIGNALS) process.on(signal, interrupted);
}

function unwatch() {
  process.off("exit", abandon);
  for (const signal of SIGNALS) process.off(signal, interrupted);
}

export class Scratch {
  /** @type {Set<import("node:child_process").ChildProcess>} */
  #children = new Set();

  constructor() {
    this.folder = mkdtempSync(join(realpathSync(tmpdir()), "writ-run-"));
    /** Nothing of the caller's environment but PATH: no NODE_OPTIONS, DISPLAY, bus or proxy. */
    this.env = {
      PATH: process.env["PATH"] ?? "",
      LANG: "C.UTF-8",
      NO_COLOR: "1",
      HOME: this.folder,
      TMPDIR: this.folder,
      XDG_CACHE_HOME: this.folder,
      XDG_CONFIG_HOME: this.folder,
      XDG_DATA_HOME: this.folder,
      XDG_RUNTIME_DIR: this.folder,
    };
    if (open.size === 0) watch();
    open.add(this);
  }

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {object} [options]
   * @param {import("node:child_process").StdioOptions} [options.stdio]
   * @param {Record<string, string>} [options.env] on top of the scratch's own
   */
  spawn(command, args, { stdio = ["ignore", "pipe", "pipe"], env = {} } = {}) {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio,
      detached: true,
    });
    this.#children.add(child);
    // Whoever waits for this child learns of a failed start from "close".
    child.on("error", () => {});
    return child;
  }

  /**
   * Waits for the end of a child and collects what it wrote.
   * @param {import("node:child_process").ChildProcess} child
   * @param {number} timeoutMs
   * @param {string} what
   */
  async finish(child, timeoutMs, what) {
    const text = { stdout: "", stderr: "" };
    child.stdout?.setEncoding("utf8").on("data", (chunk) => (text.stdout += chunk));
    child.stderr?.setEncoding("utf8").on("data", (chunk) => (text.stderr += chunk));
    /** @type {Promise<string>} */
    const ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const end = await deadline(ended, timeoutMs, what);
    return { end, ...text };
  }

  #running() {
    return [...this.#children].filter((c) => c.pid && c.exitCode === null && c.signalCode === null);
  }

  #alive() {
    return this.#running().length > 0 || carriers(this.folder).length > 0;
  }

  /** @param {NodeJS.Signals} signal */
  #signal(signal) {
    const groups = this.#running().map((child) => -Number(child.pid));
    for (const pid of [...groups, ...carriers(this.folder)]) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself.
      }
    }
  }

  /** First politely, because Xvfb leaves a lock file behind when it is killed. */
  async close() {
    const start = Date.now();
    this.#signal("SIGTERM");
    while (this.#alive() && Date.now() - start < 2 * GRACE_MS) {
      if (Date.now() - start > GRACE_MS) this.#signal("SIGKILL");
      await sleep(50);
    }
    this.#remove();
    open.delete(this);
    if (open.size === 0) unwatch();
  }

  #remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** What `close` does, for the last moment of this process: nothing can be awaited there. */
  abandon() {
    const wait = new Int32Array(new SharedArrayBuffer(4));
    this.#signal("SIGTERM");
    for (let i = 0; i < 10 && carriers(this.folder).length > 0; i++) Atomics.wait(wait, 0, 0, 50);
    this.#signal("SIGKILL");
    this.#remove();
  }
}

/**
 * The processes that carry the folder in their environment or command line, and their
 * descendants. A browser's helpers leave its process group, and a daemon's parent is init, so
 * neither is enough to find them. Empty where there is no /proc.
 * @param {string} folder
 */
function carriers(folder) {
  /** @type {Map<number, number>} */
  const parents = new Map();
  const found = new Set();
  for (const name of listing("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const stat = content(`/proc/${pid}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (!stat || state === "Z") continue;
    parents.set(pid, Number(parent));
    const marks = content(`/proc/${pid}/environ`) + content(`/proc/${pid}/cmdline`);
    if (marks.includes(folder)) found.add(pid);
  }
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** @param {string} path */
function listing(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** @param {string} path */
function content(path) {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/**
 * @template T
 * @param {(scratch: Scratch) => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withScratch(body) {
  const scratch = new Scratch();
  try {
    return await body(scratch);
  } finally {
    await scratch.close();
  }
}
