/** What will run, as it was hashed: a program from a private copy, with its interpreters and subjects. */
import { isAbsolute, join } from "node:path";
import type { Algorithm, Artifact, Copy } from "./private-folder.js";
import { PrivateFolder } from "./private-folder.js";
import type { Outcome } from "./refusal.js";
import { quote, refusal } from "./refusal.js";
import { kindOf } from "./shebang.js";

/** A word as it is, or a regular file that is acted on: hashed, and given as a copy. */
export type Argument = string | { readonly subject: string };

export interface ProgramOptions {
  /** An absolute path, or a name that is looked up in the PATH of `environment`, and in no other. */
  readonly program: string;
  readonly arguments: readonly Argument[];
  /** All of it: nothing is taken from this process. It is part of the request. */
  readonly environment: { readonly [name: string]: string };
  /** SHA-256 alone by default. */
  readonly digests?: readonly Algorithm[];
  /** Where the copies are made, on a file system that executes; by default the system's place. */
  readonly scratch?: string;
}

/**
 * Serves one run, which removes the copies at its end; whoever starts none calls `discard`. Where this
 * process is killed they stay (`writ-copies-*`).
 */
export interface Prepared {
  /** What is started, in terms of the copies. */
  readonly argv: readonly string[];
  readonly environment: { readonly [name: string]: string };
  /** Every file that was copied: the program, its interpreters, the subjects. */
  readonly artifacts: readonly Artifact[];
  /** The folder with the copies. */
  readonly folder: string;
  /** Removes the copies; may be called again. */
  discard(): Promise<void>;
}

/** What Linux allows of interpreters that are scripts themselves. */
const DEEPEST = 4;

/**
 * Prepares a program. The copies belong to this user, as this process does: who can act as this user
 * could change them still. Libraries that a program loads, and files that it opens, are not hashed.
 * A program that finds its parts by its own path finds them no more: name such files as subjects.
 */
export function prepareProgram(options: ProgramOptions): Promise<Outcome<Prepared>> {
  return prepare(options, (folder) => copyProgram(folder, options.program, options.environment));
}

/** Prepares a module for a runtime that is prepared elsewhere: its path must be absolute. */
export function prepareModule(options: ProgramOptions): Promise<Outcome<Prepared>> {
  return prepare(options, async (folder) => {
    const copied = await copyFile(folder, options.program, "read");
    if (!copied.ok) return copied;
    return { ok: true, value: { argv: [copied.value.path], copies: [copied.value] } };
  });
}

interface Start {
  readonly argv: readonly string[];
  readonly copies: readonly Copy[];
}

async function prepare(
  { arguments: words, environment, digests = ["sha256"], scratch }: ProgramOptions,
  begin: (folder: PrivateFolder) => Promise<Outcome<Start>>,
): Promise<Outcome<Prepared>> {
  const bad = checkWords(words, environment);
  if (bad) return bad;
  const folder = await PrivateFolder.open(digests, scratch);
  let done = false;
  try {
    const start = await begin(folder);
    if (!start.ok) return start;
    const argv = [...start.value.argv];
    const copies = [...start.value.copies];
    for (const word of words) {
      if (typeof word === "string") {
        argv.push(word);
        continue;
      }
      const copied = await copyFile(folder, word.subject, "read");
      if (!copied.ok) return copied;
      argv.push(copied.value.path);
      copies.push(copied.value);
    }
    done = true;
    const value: Prepared = Object.freeze({
      argv: Object.freeze(argv),
      environment: Object.freeze({ ...environment }),
      artifacts: Object.freeze(copies.map(({ artifact }) => artifact)),
      folder: folder.path,
      discard: () => folder.remove(),
    });
    return { ok: true, value };
  } finally {
    if (!done) await folder.remove();
  }
}

function checkWords(
  words: readonly Argument[],
  environment: { readonly [name: string]: string },
): Outcome<never> | undefined {
  const texts = words.map((word) => (typeof word === "string" ? word : word.subject));
  const hostile = [...texts, ...Object.entries(environment).flat()].find((each) =>
    each.includes("\0"),
  );
  if (hostile !== undefined) return refusal("MALFORMED", "words without NUL", quote(hostile));
  const name = Object.keys(environment).find((each) => each === "" || each.includes("="));
  if (name === undefined) return undefined;
  return refusal("MALFORMED", "a name of a variable, without =", quote(name));
}

async function copyFile(
  folder: PrivateFolder,
  path: string,
  use: "run" | "read",
): Promise<Outcome<Copy>> {
  if (path.includes("\0") || !isAbsolute(path)) {
    return refusal("MALFORMED", "an absolute path", quote(path));
  }
  return folder.copy(path, use);
}

async function copyProgram(
  folder: PrivateFolder,
  program: string,
  environment: { readonly [name: string]: string },
  depth = 0,
): Promise<Outcome<Start>> {
  if (depth > DEEPEST) {
    return refusal("MALFORMED", `at most ${DEEPEST} interpreters`, quote(program));
  }
  const copied = await lookUp(folder, program, environment);
  if (!copied.ok) return copied;
  const copy = copied.value;
  const kind = kindOf(copy.artifact.path, copy.head);
  if (!kind.ok) return kind;
  if (kind.value.kind === "native")
    return { ok: true, value: { argv: [copy.path], copies: [copy] } };
  const { interpreter, argument } = kind.value;
  const start = await copyProgram(folder, interpreter, environment, depth + 1);
  if (!start.ok) return start;
  const argv = [...start.value.argv, ...(argument === undefined ? [] : [argument]), copy.path];
  return { ok: true, value: { argv, copies: [copy, ...start.value.copies] } };
}

/** A bare name is the first of the PATH that can be executed; entries that are no absolute path are none. */
async function lookUp(
  folder: PrivateFolder,
  program: string,
  environment: { readonly [name: string]: string },
): Promise<Outcome<Copy>> {
  if (program.includes("/")) return copyFile(folder, program, "run");
  const path = environment["PATH"] ?? "";
  for (const entry of path.split(":")) {
    const copied = await copyFile(folder, join(entry, program), "run");
    if (copied.ok) return copied;
  }
  return refusal("MISSING", `a program ${quote(program)} in ${quote(path)}`, "none");
}
