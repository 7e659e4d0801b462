/** PROGRAM and what goes with it: what a request says of it, and back. */
import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import type { Json } from "../../bytes/canonical.js";
import type { JsonObject } from "../../bytes/json-kind.js";
import { isObject } from "../../bytes/json-kind.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { wholeOf } from "../numbers.js";

export const PROGRAM_OPTIONS = {
  env: { type: "string", multiple: true },
  cwd: { type: "string" },
  subject: { type: "string", multiple: true },
} as const;

export const PROGRAM_HELP = `  PROGRAM ARGS              what runs: a path, or a name that is looked up in PATH. It runs from a private
                            copy, which is hashed, and so do the interpreters of a script
  --env NAME                a variable of this environment that it gets, or NAME=VALUE; may be repeated,
                            and it gets no other, also no PATH
  --cwd DIR                 where it starts (default: here)
  --subject N               the Nth of ARGS is a file that is acted on: it is hashed, and given as a
                            private copy; may be repeated`;

/** What a program runs with. It stands in the request, member by member, for policies to select. */
export interface NamedProgram {
  /** The path, links resolved. */
  readonly program: string;
  /** Those that are subjects by their paths, links resolved. */
  readonly args: readonly string[];
  /** All of it. */
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  /** Which of the arguments are subjects, counted from 1; sorted. */
  readonly subjects: readonly number[];
}

/** Names of arguments that a host of programs fills in. */
const MEMBERS = ["program", "args", "env", "cwd", "subjects"] as const;

export async function nameProgram(args: Arguments): Promise<NamedProgram> {
  const [word, ...words] = args.positionals;
  if (word === undefined) throw new UsageError("expected a program after --: -- PROGRAM ARGS");
  const subjects = subjectsOf(args, words.length);
  const resolved: string[] = [];
  for (const [i, text] of words.entries()) {
    resolved.push(subjects.includes(i + 1) ? await requireFile(`--subject ${i + 1}`, text) : text);
  }
  const program = await findProgram(word);
  const cwd = await requireFile("--cwd", args.text("cwd") ?? process.cwd());
  return { program, args: resolved, env: environmentOf(args), cwd, subjects };
}

/** The members of a request that say what runs; `subjects` where there are any. */
export function membersOf({ program, args, env, cwd, subjects }: NamedProgram): JsonObject {
  const named = subjects.length > 0 ? { subjects: [...subjects] } : {};
  return { program, args: [...args], env: { ...env }, cwd, ...named };
}

/** What the arguments of a request say that runs, and those that say nothing of it. */
export function splitMembers(
  given: JsonObject,
): { readonly program: NamedProgram; readonly others: JsonObject } | undefined {
  const { program, args, env, cwd, subjects = [], ...others } = given;
  const whole =
    typeof program === "string" &&
    typeof cwd === "string" &&
    isList(args, (each) => typeof each === "string") &&
    isList(subjects, (each) => typeof each === "number") &&
    isObject(env ?? null) &&
    Object.values(env as JsonObject).every((each) => typeof each === "string");
  if (!whole) return undefined;
  return { program: { program, args, env, cwd, subjects } as unknown as NamedProgram, others };
}

/** A UsageError where an argument has a name that is the program's. */
export function requireFree(what: string, others: JsonObject): void {
  const taken = MEMBERS.find((name) => Object.hasOwn(others, name));
  if (taken === undefined) return;
  throw new UsageError(`${what}: the argument "${taken}" is filled in from what runs`);
}

function isList(json: Json | undefined, each: (item: Json) => boolean): boolean {
  return Array.isArray(json) && json.every(each);
}

function subjectsOf(args: Arguments, count: number): number[] {
  if (args.list("subject").length > 0 && count === 0) {
    throw new UsageError("--subject counts the arguments of PROGRAM from 1, and there are none");
  }
  const numbers = args.list("subject").map((text) => wholeOf("--subject", text, 1, count));
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function environmentOf(args: Arguments): Record<string, string> {
  const entries = args.list("env").map((text) => {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name === "") throw new UsageError(`--env is NAME or NAME=VALUE, not "${text}"`);
    const value = equals < 0 ? process.env[name] : text.slice(equals + 1);
    if (value !== undefined) return [name, value] as const;
    throw new UsageError(`--env ${name}: it is not set here; --env ${name}=VALUE sets it`);
  });
  return Object.fromEntries(entries);
}

/** As a shell finds it: by this program's PATH, which the one that runs does not get. */
async function findProgram(word: string): Promise<string> {
  if (word.includes("/")) return await requireFile("PROGRAM", word);
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(resolve(folder), word);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return await realpath(path);
  }
  throw new UsageError(`there is no program "${word}" in PATH; name it by its path`);
}

async function requireFile(what: string, path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : String(code);
    throw new UsageError(`${what}: cannot use "${path}": ${why}`, { cause: error });
  }
}
