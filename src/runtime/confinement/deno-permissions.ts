/** The permissions of a run in Deno, from its sets. */
import { isAbsolute } from "node:path";
import type { Sets } from "./effect.js";
import type { Refusal } from "./refusal.js";
import { quote, refusal } from "./refusal.js";

/** Why Deno cannot be given exactly these sets. */
export function denoRefuses({ read, write, net, run }: Sets): Refusal | undefined {
  const expected = "sets that can be told to Deno";
  const items = [...(read ?? []), ...(write ?? []), ...(net ?? []), ...(run ?? [])];
  const odd = items.find((item) => item === "" || /[,\0]/.test(item));
  if (odd !== undefined) return refusal("ISOLATION", expected, quote(odd));
  const relative = [...(read ?? []), ...(write ?? [])].find((path) => !isAbsolute(path));
  if (relative !== undefined) return refusal("ISOLATION", expected, `the path ${quote(relative)}`);
  return undefined;
}

/** Variables that steer Deno and its libraries, or lead its connections past the list of hosts. */
const STEERING = /^(?:DENO_|NODE_|V8_|LD_|DYLD_|SSL)|_PROXY$/i;

export function refuseVariables(environment: {
  readonly [name: string]: string;
}): Refusal | undefined {
  const name = Object.keys(environment).find((each) => STEERING.test(each) || /[,*]/.test(each));
  if (name === undefined) return undefined;
  return refusal("ISOLATION", "variables that do not steer Deno", quote(name));
}

/** A set that is absent is not limited; an empty one grants nothing. The copies can always be read. */
export function denoPermissions(
  { read, write, net, run }: Sets,
  copies: string,
  variables: readonly string[],
): string[] {
  return [
    ...grant("read", read && [...read, copies]),
    ...grant("write", write),
    ...grant("net", net),
    ...grant("run", run),
    ...grant("env", variables),
  ];
}

function grant(name: string, set: readonly string[] | undefined): string[] {
  if (set === undefined) return [`--allow-${name}`];
  return set.length === 0 ? [] : [`--allow-${name}=${set.join(",")}`];
}
