/** What `writ run` shall run, and the request that says so: from its options, or from a run that goes on. */
import type { RequestParts } from "../../authorization/request.js";
import type { Opening } from "../../lineage/openings.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { describe } from "../print.js";
import type { GivenAuthorization } from "./ask.js";
import { readAddition } from "./ask.js";
import type { NamedProgram } from "./named-program.js";
import { membersOf, nameProgram, splitMembers } from "./named-program.js";
import { readOpenings } from "./openings-folder.js";
import type { ResumeFile } from "./resume-file.js";

export interface Plan {
  readonly program: NamedProgram;
  readonly request: RequestParts;
  /** Of a run that goes on. */
  readonly openings: readonly Opening[] | undefined;
}

/** Undefined where a gate shall only open again. */
export async function planOf(
  args: Arguments,
  authorization: GivenAuthorization,
  resume: ResumeFile | undefined,
): Promise<Plan | undefined> {
  if (resume?.run !== undefined) return await planAgain(args, authorization, resume.run);
  if (resume && args.positionals.length === 0) return undefined;
  const { principal } = authorization.last.authorization;
  const { command, resource, others } = await readAddition(args, authorization);
  const program = await nameProgram(args);
  const given = { ...membersOf(program), ...others };
  const request = { principal: principal.id, command, resource, arguments: given };
  return { program, request, openings: undefined };
}

/** The request of a run as it was admitted: from its openings, and from nothing that is given now. */
async function planAgain(
  args: Arguments,
  { last }: GivenAuthorization,
  run: string,
): Promise<Plan> {
  const given = ["request", "argument", "env", "cwd", "subject"].find((name) => args.has(name));
  if (args.positionals.length > 0 || given !== undefined) {
    const what = given === undefined ? "PROGRAM" : `--${given}`;
    throw new UsageError(`--resume of a run goes without ${what}: it runs what was admitted`);
  }
  const openings = await readOpenings(args.required("log"), run);
  if (!openings.ok) throw new UsageError(`run ${run} cannot go on: ${describe(openings)}`);
  const named = openings.value.map(({ name, value }) => [name, value] as const);
  const { resource, ...members } = Object.fromEntries(named);
  const split = splitMembers(members);
  if (!split) throw new UsageError(`run ${run} is none of a program`);
  const { principal, command } = last.authorization;
  const request: RequestParts = {
    principal: principal.id,
    command: args.text("command") ?? command,
    resource: resource as RequestParts["resource"],
    arguments: members,
  };
  return { program: split.program, request, openings: openings.value };
}
