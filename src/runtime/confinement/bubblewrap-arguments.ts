/** What bubblewrap is told: namespaces, mounts and environment of one run. */
import type { Sets } from "./effect.js";
import { isBelow } from "./copies.js";
import type { Refusal } from "./refusal.js";
import { quote, refusal } from "./refusal.js";

/** Own users, so that a run by root holds nothing of root either; no further namespaces inside. */
export const NAMESPACES = [
  "--unshare-user",
  "--disable-userns",
  "--unshare-pid",
  "--unshare-ipc",
  "--unshare-uts",
  "--unshare-cgroup-try",
  "--die-with-parent",
  "--new-session",
  "--cap-drop",
  "ALL",
] as const;

/** Of the sandbox itself, never of the host. */
const OWN = ["/proc", "/dev"];

/** Why bubblewrap cannot enforce these sets; what it enforces, it enforces exactly. */
export function bubblewrapRefuses({ read, write, net, run }: Sets): Refusal | undefined {
  const expected = "sets that bubblewrap can enforce";
  const refuse = (found: string) => refusal("ISOLATION", expected, found);
  if (run !== undefined) {
    return refuse("a list of programs: a program can run whatever it can read or bring along");
  }
  if (net !== undefined && net.length > 0) {
    return refuse(
      `hosts (${quote(net.join(", "))}): it shuts off the network, or leaves all of it`,
    );
  }
  const paths = [...(read ?? []), ...(write ?? [])];
  const odd = paths.find((path) => !isPlain(path));
  if (odd !== undefined) return refuse(`a path ${quote(odd)}`);
  const own = paths.find((path) => OWN.some((each) => isBelow(path, each)));
  if (own !== undefined) return refuse(`${quote(own)}: a sandbox has its own`);
  if (read === undefined) return undefined;
  if (write === undefined) return refuse("a limit on reading and none on writing");
  const blind = write.find((path) => !read.some((each) => isBelow(path, each)));
  if (blind === undefined) return undefined;
  return refuse(`${quote(blind)} to write and not to read: what can be written can be read`);
}

function isPlain(path: string): boolean {
  return path === "/" || /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+$/.test(path);
}

export interface SandboxedCommand {
  readonly sets: Sets;
  readonly environment: { readonly [name: string]: string };
  /** The copies, which can be read and run besides the sets. */
  readonly copies: string;
  readonly workingFolder: string;
}

/** Options in order: a later mount covers an earlier one. */
export function sandboxOptions(command: SandboxedCommand): string[] {
  const { sets, environment, copies, workingFolder } = command;
  return [
    ...NAMESPACES,
    ...(sets.net === undefined ? [] : ["--unshare-net"]),
    ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ...mounts(sets),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--ro-bind",
    copies,
    copies,
    "--chdir",
    workingFolder,
  ];
}

function mounts({ read = ["/"], write, net }: Sets): string[] {
  const writable = write ?? ["/"];
  const all = new Map(read.map((path) => [path, "--ro-bind"]));
  for (const path of writable) all.set(path, "--bind");
  // Below what can be written, everything can.
  const binds = [...all].filter(
    ([path, how]) => how === "--bind" || !writable.some((each) => isBelow(path, each)),
  );
  const whole = binds.filter(([path]) => path === "/");
  const parts = binds.filter(([path]) => path !== "/").sort(([a], [b]) => (a < b ? -1 : 1));
  const bind = ([path, how]: [string, string]): string[] => [how, path, path];
  return [
    ...whole.flatMap(bind),
    ...(all.get("/") === "--bind" ? [] : ["--tmpfs", "/tmp"]),
    // Sockets of services: without a network they are no way out either.
    ...(all.has("/") && net !== undefined ? ["--tmpfs", "/run"] : []),
    ...parts.flatMap(bind),
  ];
}
