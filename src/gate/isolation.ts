/** Whether a confinement is what an authorization demands. */
import { checkPath } from "../authorization/policy/within.js";
import type { Isolation, IsolationLevel } from "../authorization/predicate.js";
import { ISOLATION_LEVELS } from "../authorization/predicate.js";
import type { EntryIsolation } from "../lineage/entry/run.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";

const SETS = ["read", "write", "net", "run"] as const;

/** ISOLATION unless there is at least what is demanded, and no right more. */
export function checkIsolation(
  demanded: Isolation | undefined,
  found: EntryIsolation,
): Failure | undefined {
  if (!demanded) return undefined;
  if (rank(found.level) < rank(demanded.level)) {
    return failure("ISOLATION", `level ${demanded.level}, or a stronger one`, found.level);
  }
  for (const name of SETS) {
    const allowed = demanded[name];
    if (allowed === undefined) continue;
    const has = found[name];
    if (has === undefined) {
      return failure("ISOLATION", `a confinement that limits ${name}`, "one that does not");
    }
    const more = has.find((each) => !allowed.some((one) => includes(name, one, each)));
    if (more === undefined) continue;
    return failure("ISOLATION", `no ${name} but ${allowed.join(", ") || "none"}`, more);
  }
  return undefined;
}

function rank(level: IsolationLevel): number {
  return ISOLATION_LEVELS.indexOf(level);
}

/** A path includes what lies below it, a host all its ports. */
function includes(name: (typeof SETS)[number], one: string, each: string): boolean {
  if (one === each) return true;
  if (name === "net") return !/:\d+$/.test(one) && each.startsWith(`${one}:`);
  // What a path with `..` in it comes to is for the platform to say.
  if (name === "run" || checkPath(each) !== undefined) return false;
  return each.startsWith(one.endsWith("/") ? one : `${one}/`);
}
