/** What the system says of processes: Linux all of it, others little. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process; not only its number, which another is given later. */
export interface ProcessId {
  readonly pid: number;
  /** When it started, in the system's own count. */
  readonly start: string;
}

interface Row {
  readonly parent: number;
  readonly group: number;
  readonly start: string;
  /** It has ended and is only waited for. */
  readonly gone: boolean;
}

/** From /proc/<pid>/stat (proc_pid_stat(5)). */
function row(pid: number): Row | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The second field is the program's name, in parentheses, and may hold any characters.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group, threads, start] = [0, 1, 2, 17, 19].map((i) => fields[i]);
  if (start === undefined) return undefined;
  // The first thread of several may have ended before the others.
  const gone = state === "X" || (state === "Z" && Number(threads) <= 1);
  return { parent: Number(parent), group: Number(group), start, gone };
}

/** Whether this table shows the processes as this process numbers them. */
export function isOwnTable(): boolean {
  return row(process.pid)?.parent === process.ppid;
}

/**
 * The first process of a PID namespace, which had this number a moment ago; with that parent, or none
 * once the parent is gone. One that has ended is an identity too. Undefined where it is another.
 */
export function identify(pid: number, parent: number, namespace: string): ProcessId | undefined {
  const found = row(pid);
  if (!found || found.gone) return { pid, start: "" };
  if (found.parent !== parent && namespaceOf(pid) !== namespace) return undefined;
  return { pid, start: found.start };
}

function namespaceOf(pid: number): string | undefined {
  try {
    return /^pid:\[([0-9]+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/pid`))?.[1];
  } catch {
    return undefined;
  }
}

export function isAlive({ pid, start }: ProcessId): boolean {
  const found = row(pid);
  return found !== undefined && found.start === start && !found.gone;
}

/** Whether somebody of a process group lives. */
export function groupIsAlive(group: number): boolean {
  const pids = numbers();
  if (pids) return pids.map(row).some((each) => each?.group === group && !each.gone);
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function numbers(): number[] | undefined {
  try {
    const pids = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
    return pids.length > 0 ? pids.map(Number) : undefined;
  } catch {
    return undefined;
  }
}
