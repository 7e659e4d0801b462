/** The copies of runs must not be what a run may write. */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { Sets } from "./effect.js";
import type { Refusal } from "./refusal.js";
import { quote, refusal } from "./refusal.js";

export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Beside the copies of one run are those of others: who writes there would change what they run. */
export function refuseWritableCopies({ write }: Sets, folder: string): Refusal | undefined {
  const open = write?.find((path) => isBelow(dirname(folder), resolved(path)));
  if (open === undefined) return undefined;
  return refusal(
    "ISOLATION",
    "copies outside of what can be written: another `scratch`",
    quote(open),
  );
}

/** What a path leads to, if it leads anywhere. */
function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
