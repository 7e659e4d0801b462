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

const GRACE_MS = 3000;

/** @type {Set<Scratch>} */
const open = new Set();

function abandon() {
  for (const scratch of open) scratch.abandon();
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
      HOME: this.folder,
      TMPDIR: this.folder,
      XDG_CACHE_HOME: this.folder,
      XDG_CONFIG_HOME: this.folder,
      XDG_DATA_HOME: this.folder,
      XDG_RUNTIME_DIR: this.folder,
    };
    if (open.size === 0) process.once("exit", abandon);
    open.add(this);
  }

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {{stdio?: import("node:child_process").StdioOptions, env?: Record<string, string>}} [options]
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

  /** @param {NodeJS.Signals} signal @returns {boolean} whether anything was alive */
  #signal(signal) {
    const pids = new Set(carriers(this.folder));
    for (const child of this.#children) {
      if (child.pid && child.exitCode === null && child.signalCode === null) pids.add(child.pid);
    }
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself.
      }
    }
    return pids.size > 0;
  }

  /** First politely, because Xvfb leaves a lock file behind when it is killed. */
  async close() {
    const end = Date.now() + GRACE_MS;
    let alive = this.#signal("SIGTERM");
    while (alive && Date.now() < end) {
      await sleep(50);
      alive = carriers(this.folder).length > 0 || this.#running();
    }
    while (alive && Date.now() < end + GRACE_MS) {
      alive = this.#signal("SIGKILL");
      await sleep(50);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    open.delete(this);
    if (open.size === 0) process.off("exit", abandon);
  }

  #running() {
    return [...this.#children].some((c) => c.pid && c.exitCode === null && c.signalCode === null);
  }

  /** What `close` does, for the last moment of this process: nothing can be awaited there. */
  abandon() {
    const wait = new Int32Array(new SharedArrayBuffer(4));
    this.#signal("SIGTERM");
    for (let i = 0; i < 10 && carriers(this.folder).length > 0; i++) Atomics.wait(wait, 0, 0, 50);
    this.#signal("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
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
  for (let before = -1; before !== found.size; ) {
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
