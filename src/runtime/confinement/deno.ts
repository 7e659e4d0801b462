import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { refuseWritableCopies } from "./copies.js";
import { denoPermissions, denoRefuses, refuseVariables } from "./deno-permissions.js";
import type { Effect, Isolation, Sets } from "./effect.js";
import { frozenSets } from "./effect.js";
import { refuseLinksOut } from "./links.js";
import { requirePatience } from "./patience.js";
import type { Artifact } from "./private-folder.js";
import { PrivateFolder } from "./private-folder.js";
import type { ProcessOptions } from "./process.js";
import { commandOf, GroupRun } from "./process.js";
import type { Prepared } from "./program.js";
import type { Outcome } from "./refusal.js";
import { quote, refusal } from "./refusal.js";

/** A Deno that works, as a private copy that serves many runs. Whoever opens it discards it. */
export interface Deno {
  readonly path: string;
  readonly version: string;
  /** The runtime itself, which enforces the sets: it belongs to what is measured. */
  readonly artifact: Artifact;
  discard(): Promise<void>;
}

const TRY_MS = 30_000;

/** Nothing is asked, fetched, or read besides the program; the rest are permissions. */
const FLAGS = [
  "--quiet",
  "--no-prompt",
  "--no-config",
  "--no-lock",
  "--no-npm",
  "--no-remote",
  "--cached-only",
  "--no-code-cache",
];

/** Copies and tries a Deno. ISOLATION says why not. */
export async function openDeno(path: string, scratch?: string): Promise<Outcome<Deno>> {
  const folder = await PrivateFolder.open(["sha256"], scratch);
  const discard = (): Promise<void> => folder.remove();
  const copied = await folder.copy(path, "run");
  const said = copied.ok ? await versionOf(copied.value.path, folder.path) : undefined;
  const version = /^deno ([0-9][^ \n]*)/.exec(said ?? "")?.[1];
  if (copied.ok && version !== undefined) {
    const { artifact, path: copy } = copied.value;
    return { ok: true, value: { path: copy, version, artifact, discard } };
  }
  await discard();
  const found = copied.ok ? quote(said ?? "one that does not start") : copied.found;
  return refusal("ISOLATION", `a Deno at ${quote(path)}`, found);
}

function versionOf(path: string, folder: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const env = { DENO_DIR: folder, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
    execFile(path, ["--version"], { env, timeout: TRY_MS }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
  });
}

/**
 * A module (`prepareModule`) in Deno, with exactly the permissions that the sets list, and its
 * environment. It is one file: what it imports from elsewhere must be in `read`. ISOLATION for sets
 * that Deno cannot be given, and for paths with links in them that lead out: Deno would follow them.
 * A module makes no such links; that nobody else does later is not seen to.
 *
 * With `run: []` the level is sandbox: the process can start no other (nor load native code), so when
 * it has ended, `stopped` is said. With any program to run, that program has all rights of this user:
 * the level is process, no set is claimed, and the answer is `unknown`.
 *
 * Besides its sets a module has its copies, and a cache and a localStorage that go with it. Memory and
 * time are not limited. If this process is killed, the module runs on, with the same permissions.
 */
export async function deno(
  runtime: Deno,
  prepared: Prepared,
  sets: Sets,
  options: ProcessOptions,
): Promise<Outcome<Effect>> {
  requirePatience(options);
  const alone = sets.run !== undefined && sets.run.length === 0;
  const refused =
    denoRefuses(sets) ??
    refuseVariables(prepared.environment) ??
    refuseWritableCopies(sets, prepared.folder) ??
    refuseWritableCopies(sets, dirname(dirname(runtime.path))) ??
    (alone ? await refuseLinksOut(sets) : undefined);
  if (refused) return refused;
  const [module = "", ...words] = prepared.argv;
  const variables = Object.keys(prepared.environment);
  const permissions = denoPermissions(sets, prepared.folder, variables);
  const entry = join(prepared.folder, "entry.js");
  await writeFile(entry, entryOf(module, prepared.environment), { flag: "wx", mode: 0o400 });
  const isolation: Isolation = Object.freeze(
    alone ? { level: "sandbox", ...frozenSets(sets) } : { level: "process" },
  );
  const command = {
    ...commandOf(prepared, options),
    argv: [runtime.path, "run", ...FLAGS, ...permissions, entry, ...words],
    environment: { DENO_DIR: join(prepared.folder, "cache"), DENO_NO_UPDATE_CHECK: "1" },
  };
  const gone = alone ? "stopped" : "unknown";
  const start = () => new GroupRun(command, prepared, options, gone);
  return { ok: true, value: { isolation, start } };
}

/**
 * What Deno starts with imports statically without asking for permission, files of any path included
 * (2.9: `import ... with {type: "json"}`). So it starts with this, and the module is imported by a
 * name that is not known before: then every file is asked for. The environment is set here, where it
 * is the module's and steers neither the loader nor Deno's own start.
 */
function entryOf(module: string, environment: { readonly [name: string]: string }): string {
  const url = JSON.stringify(pathToFileURL(module).href);
  const variables = JSON.stringify(Object.entries(environment));
  return `const module = ${url};
for (const [name, value] of ${variables}) Deno.env.set(name, value);
await import(module.toString());
`;
}
