/** `--where` and `--policy`: which arguments are allowed, as predicates in JSON. */
import { compilePolicy } from "../../authorization/policy/compile.js";
import { parseWhere } from "../../authorization/policy/where.js";
import type { Json } from "../../bytes/canonical.js";
import { readJson } from "../../trust/schema.js";
import type { Result } from "../../verdict.js";
import { abbreviate } from "../../verdict.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { readInput } from "../input.js";

export const POLICY_OPTIONS = {
  where: { type: "string", multiple: true },
  policy: { type: "string" },
} as const;

export const POLICY_HELP = `  --where TEXT              what must hold of the arguments; may be repeated, and all must hold:
                            'amount <= 1000', 'currency == EUR', 'path within [/data, /tmp]',
                            'to like *@pay.example', 'target url https://api.example/v1',
                            'not path within /data/secret'. Operators: == != < <= > >= like within url
  --policy FILE             a JSON list of predicates, [["<=", ".amount", 1000]], which has and, or, not,
                            all and any too; joined with what --where says`;

/** The predicates of both; undefined where neither is given. */
export async function readPolicy(args: Arguments): Promise<readonly Json[] | undefined> {
  const file = args.text("policy");
  const texts = args.list("where");
  if (file === undefined && texts.length === 0) return undefined;
  const listed = file === undefined ? [] : await readPolicyFile(file);
  return [...listed, ...texts.map(readWhere)];
}

async function readPolicyFile(file: string): Promise<readonly Json[]> {
  const what = `--policy ${file}`;
  const json = require(what, readJson("the policy", await readInput(file)));
  require(what, compilePolicy(json, "policy"));
  return json as readonly Json[];
}

function readWhere(text: string): Json {
  return require(`--where ${abbreviate(text)}`, parseWhere(text));
}

function require<T>(what: string, result: Result<T>): T {
  if (result.ok) return result.value;
  throw new UsageError(`${what}: expected ${result.expected}, found ${result.found}`);
}
