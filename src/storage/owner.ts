import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/**
 * A process that holds a lock, told so that another can be sure when it is gone. What the system
 * does not tell is null; Linux tells all.
 */
export interface Owner {
  readonly pid: number;
  /** When the process started, in the system's own count: a pid is given to another later. */
  readonly start: string | null;
  /** One run of the machine: nothing outlives it. */
  readonly boot: string | null;
  /** Where the pid and the start count: containers number their processes each for itself. */
  readonly space: string | null;
  readonly host: string;
}

/** Unknown is what must be taken for alive. */
type Fate = "alive" | "dead" | "unknown";

/** Who takes locks, and what became of who took them. */
export interface Owners {
  self(): Promise<Owner>;
  fate(owner: Owner): Promise<Fate>;
}

/** The processes of this machine. */
export const processes: Owners = {
  self: () => (self ??= describeSelf()),
  async fate(owner) {
    const own = await processes.self();
    if (owner.boot !== own.boot || owner.boot === null) {
      if (owner.host !== own.host) return "unknown";
      if (owner.boot !== null && own.boot !== null) return "dead";
    } else if (owner.space !== own.space) return "unknown";
    if (!isThere(owner.pid)) return "dead";
    const found = await status(owner.pid);
    if (found === undefined || owner.start === null) return "unknown";
    return found.start === owner.start && !found.gone ? "alive" : "dead";
  },
};

let self: Promise<Owner> | undefined;

async function describeSelf(): Promise<Owner> {
  const told = (name: string): Promise<string | null> => readlink(name).catch(() => null);
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => null);
  const spaces = await Promise.all([told("/proc/self/ns/pid"), told("/proc/self/ns/time")]);
  return {
    pid: process.pid,
    start: (await status(process.pid))?.start ?? null,
    boot: boot?.trim() || null,
    space: spaces[0] && spaces.join(" "),
    host: hostname(),
  };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** From /proc/<pid>/stat (proc_pid_stat(5)): undefined where it cannot be read. */
async function status(pid: number): Promise<{ start: string; gone: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the program's name, in parentheses, and may hold any characters.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, threads, start] = [fields[0], fields[17], fields[19]];
  if (start === undefined) return undefined;
  // A zombie may still have threads that finish a system call.
  return { start, gone: state === "X" || (state === "Z" && Number(threads) <= 1) };
}

/** The content of a lock file. */
export function formatOwner(owner: Owner): string {
  return `${JSON.stringify(owner)}\n`;
}

/**
 * The owner that a lock file names. "torn" is one that a loss of power left short or with zeros,
 * "foreign" one that something else wrote.
 */
export function parseOwner(text: string): Owner | "torn" | "foreign" {
  if (!text.endsWith("\n") || text.includes("\0")) return "torn";
  try {
    const value: unknown = JSON.parse(text);
    return isOwner(value) ? value : "foreign";
  } catch {
    return "foreign";
  }
}

function isOwner(value: unknown): value is Owner {
  if (typeof value !== "object" || value === null) return false;
  const { pid, start, boot, space, host } = value as Record<string, unknown>;
  return (
    // Not a number that kill(2) takes for a group of processes.
    Number.isSafeInteger(pid) &&
    (pid as number) > 0 &&
    [start, boot, space].every((each) => each === null || typeof each === "string") &&
    typeof host === "string"
  );
}
