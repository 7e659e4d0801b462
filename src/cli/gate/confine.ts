/** How a program is confined here: as the chain demands, or stronger. */
import type { DigestSet } from "../../attestation/statement.js";
import type { Isolation } from "../../authorization/predicate.js";
import { isWithin } from "../../authorization/policy/within.js";
import type { Effect } from "../../gate/confinement.js";
import { systemClock } from "../../runtime/clock.js";
import type { Sets } from "../../runtime/confinement/effect.js";
import type { Prepared } from "../../runtime/confinement/program.js";
import { prepareProgram } from "../../runtime/confinement/program.js";
import { processGroup } from "../../runtime/confinement/process.js";
import { bubblewrap, findBubblewrap } from "../../runtime/confinement/sandbox.js";
import { isolationOf } from "../authorization/confinement.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { describe } from "../print.js";
import { parseDuration } from "../time.js";
import type { NamedProgram } from "./named-program.js";

export const CONFINE_OPTIONS = {
  isolation: { type: "string" },
  read: { type: "string", multiple: true },
  write: { type: "string", multiple: true },
  net: { type: "string", multiple: true },
  grace: { type: "string" },
} as const;

export const CONFINE_HELP = `  --isolation LEVEL         process: a process group, which has all rights of this user, and of which
                            something may outlive an interruption. sandbox: bubblewrap (Linux), whose end
                            takes every process with it (default: sandbox where the chain demands it)
  --read PATH               of a sandbox, with --isolation sandbox: what can be read, with what lies
                            below it. --write PATH and --net '' go with it (default: what the chain
                            allows). A program's libraries count too: mostly /usr, /lib and /lib64
  --grace DURATION          what an interruption leaves between SIGTERM and SIGKILL (default: 5s)`;

const GRACE = "5s";
const LONGEST_GRACE = 600_000;

export interface Confined {
  readonly effect: Effect;
  /** What will run, as it was hashed. */
  readonly artifacts: readonly DigestSet[];
  /** Why there is no more confinement than this, where there was to be. */
  readonly lack: string | undefined;
}

/** Copies and hashes what will run. Whoever starts none discards it. */
export async function prepare(
  { program, args, env, subjects }: NamedProgram,
  algorithms: ReadonlySet<string>,
): Promise<Prepared> {
  const digests = (["sha256", "sha512"] as const).filter(
    (each) => each === "sha256" || algorithms.has(each),
  );
  const words = args.map((text, i) => (subjects.includes(i + 1) ? { subject: text } : text));
  const prepared = await prepareProgram({ program, arguments: words, environment: env, digests });
  if (prepared.ok) return prepared.value;
  throw new UsageError(`${program} cannot be run: ${describe(prepared)}`);
}

/**
 * What was asked for and cannot be had is misuse. What the chain alone demands and cannot be had is
 * for the gate, which denies a weaker confinement.
 */
export async function confine(
  prepared: Prepared,
  demanded: Isolation | undefined,
  args: Arguments,
  workingFolder: string,
): Promise<Confined> {
  const given = isolationOf(args);
  if (given && given.level !== "process" && given.level !== "sandbox") {
    throw new UsageError(`--isolation is process or sandbox for a program, not "${given.level}"`);
  }
  const { level = demanded?.level === "sandbox" ? "sandbox" : "process", ...sets } = given ?? {};
  const options = {
    clock: systemClock,
    grace: graceOf(args),
    workingFolder,
    input: "inherit",
    output: "inherit",
  } as const;
  const artifacts = prepared.artifacts.map(({ digests: each }) => each);
  const plain = (lack?: string): Confined => ({
    effect: processGroup(prepared, options),
    artifacts,
    lack,
  });
  if (level !== "sandbox") {
    if (Object.keys(sets).length === 0) return plain();
    throw new UsageError("--read, --write and --net go with --isolation sandbox");
  }
  const refuse = (why: string): Confined => {
    if (!given) return plain(why);
    throw new UsageError(`--isolation sandbox cannot be had here: ${why}`);
  };
  const found = await findBubblewrap();
  if (!found.ok) return refuse(describe(found));
  const kept = setsOf(sets, demanded);
  requireVisible(workingFolder, kept);
  const made = bubblewrap(found.value, prepared, kept, options);
  return made.ok ? { effect: made.value, artifacts, lack: undefined } : refuse(describe(made));
}

/** Those that are given, else what the chain allows. */
function setsOf(given: Sets, demanded: Isolation | undefined): Sets {
  const names = ["read", "write", "net", "run"] as const;
  const sets = names.map((name) => [name, given[name] ?? demanded?.[name]] as const);
  return Object.fromEntries(sets.filter(([, set]) => set !== undefined));
}

/** A sandbox has a root and a /tmp of its own, and else what can be read or written. */
function requireVisible(folder: string, { read, write = [] }: Sets): void {
  if (read === undefined || folder === "/" || folder === "/tmp") return;
  if ([...read, ...write].some((path) => isWithin(folder, path))) return;
  throw new UsageError(`--cwd: the sandbox cannot read ${folder}; --cwd / is always there`);
}

function graceOf(args: Arguments): number {
  const grace = parseDuration(args.text("grace") ?? GRACE);
  if (grace <= LONGEST_GRACE) return grace;
  throw new UsageError(`--grace is 0s to 10m, not ${args.text("grace")}`);
}
