/** Whether a confinement is what an authorization demands. */
import { coversHost, rankOf } from "../authorization/demands.js";
import { checkPath, isWithin } from "../authorization/policy/within.js";
import type { Isolation } from "../authorization/predicate.js";
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
  if (rankOf(found.level) < rankOf(demanded.level)) {
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

/** A path includes what lies below it, a host all its ports. */
function includes(name: (typeof SETS)[number], one: string, each: string): boolean {
  if (one === each) return true;
  if (name === "net") return coversHost(one, each);
  // What a path with `..` in it comes to is for the platform to say.
  return name !== "run" && checkPath(each) === undefined && isWithin(each, one);
}
