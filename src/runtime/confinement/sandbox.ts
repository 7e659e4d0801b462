import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { bubblewrapRefuses, NAMESPACES, sandboxOptions } from "./bubblewrap-arguments.js";
import { refuseWritableCopies } from "./copies.js";
import type { Effect, Isolation, Sets } from "./effect.js";
import { frozenSets } from "./effect.js";
import { requirePatience } from "./patience.js";
import type { ProcessOptions } from "./process.js";
import { commandOf } from "./process.js";
import { isOwnTable } from "./process-table.js";
import type { Prepared } from "./program.js";
import type { Outcome } from "./refusal.js";
import { quote, refusal } from "./refusal.js";
import { SandboxRun } from "./sandbox-run.js";

/** A bubblewrap that works here: it was tried. */
export interface Bubblewrap {
  readonly path: string;
  readonly version: string;
}

const PATH = "/usr/bin/bwrap";
const TRY_MS = 10_000;

/** Tries bubblewrap (0.8 or newer, Linux) with all that a sandbox needs. ISOLATION says why not. */
export async function findBubblewrap(path: string = PATH): Promise<Outcome<Bubblewrap>> {
  const refuse = (found: string) =>
    refusal("ISOLATION", `a bubblewrap that works at ${path}`, found);
  if (process.platform !== "linux") return refuse(`the system is ${process.platform}`);
  if (!isOwnTable()) return refuse("a /proc that does not show this process");
  const version = await output(path, ["--version"]);
  if (!version.ok) return refuse(version.said);
  const mounts = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"];
  const tried = await output(path, [
    ...NAMESPACES,
    "--unshare-net",
    ...mounts,
    "/proc/self/exe",
    "--version",
  ]);
  if (!tried.ok) return refuse(tried.said);
  return { ok: true, value: { path, version: version.said.replace(/^bubblewrap /, "") } };
}

function output(path: string, args: string[]): Promise<{ ok: boolean; said: string }> {
  return new Promise((resolve) => {
    execFile(path, args, { env: {}, timeout: TRY_MS }, (error, stdout, stderr) => {
      if (error) resolve({ ok: false, said: quote(stderr.trim() || error.message) });
      else resolve({ ok: true, said: stdout.trim() });
    });
  });
}

/** Where a system of the usual layout has programs and libraries: what most programs must read. */
export function systemPaths(): string[] {
  const usual = ["/bin", "/etc/ld.so.cache", "/lib", "/lib32", "/lib64", "/sbin", "/usr"];
  return usual.filter((path) => existsSync(path));
}

/**
 * A program in a sandbox of bubblewrap: a PID namespace whose end takes every process with it, so that
 * `stopped` is said. It reads and writes what the sets name and nothing else of the host's files;
 * `net: []` leaves it without a network. `systemPaths()` is not in the sets unless it is put there.
 * ISOLATION for sets that cannot be enforced, and for paths that are not there.
 *
 * Besides its sets a program has its copies, a /proc and a /dev of its own and, unless it may write
 * everywhere, a /tmp that goes with it. With `net: []` and all files to read, /run is hidden. It holds
 * no capability, gains none, and makes no namespaces. Its environment is the prepared one, and PWD.
 *
 * Not confined: what it asks of others. A socket that it can see (in a path of the sets; any abstract
 * one while `net` is not limited) leads to whoever listens there. Memory, processes and time are not
 * limited.
 *
 * If this process is killed, so is the sandbox (`--die-with-parent`), but for two cases: in the first
 * milliseconds bubblewrap is not yet bound to it; and a program that traces the first process of its
 * namespace can undo that. What an interruption does, a program cannot undo.
 */
export function bubblewrap(
  { path }: Bubblewrap,
  prepared: Prepared,
  sets: Sets,
  options: ProcessOptions,
): Outcome<Effect> {
  requirePatience(options);
  const refused = bubblewrapRefuses(sets) ?? refuseWritableCopies(sets, prepared.folder);
  if (refused) return refused;
  const absent = [...(sets.read ?? []), ...(sets.write ?? [])].find((each) => !existsSync(each));
  if (absent !== undefined) return refusal("ISOLATION", "paths that are there", quote(absent));
  const isolation: Isolation = Object.freeze({ level: "sandbox", ...frozenSets(sets) });
  const command = commandOf(prepared, options);
  const told = sandboxOptions({
    sets: isolation,
    environment: prepared.environment,
    copies: prepared.folder,
    workingFolder: command.folder,
  });
  return {
    ok: true,
    value: {
      isolation,
      start: () => new SandboxRun(path, told, command, prepared, options),
    },
  };
}
