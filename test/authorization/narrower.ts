/** What a permission demands of a run, against that of a permission above it. */
import type { Permission } from "../../src/authorization/check.js";
import type { Loose } from "../trust/forge.js";

const LEVELS = ["cooperative", "worker", "process", "sandbox"];

/** What of the child's permission is wider than the parent's; undefined where nothing is. */
export function widening(child: Permission, parent: Permission): string | undefined {
  if (child.recheck > parent.recheck) return "recheck";
  if (child.validUntil > parent.validUntil) return "validUntil";
  if ((child.duration ?? Infinity) > (parent.duration ?? Infinity)) return "duration";
  if (parent.witnessed && !child.witnessed) return "witnessed";
  const charged = new Set(child.charges.map((charge) => JSON.stringify(charge)));
  if (!parent.charges.every((charge) => charged.has(JSON.stringify(charge)))) return "charges";
  return isolationWidening(child.isolation, parent.isolation);
}

function isolationWidening(child: Loose, parent: Loose): string | undefined {
  if (!parent) return undefined;
  if (!child || LEVELS.indexOf(child.level) < LEVELS.indexOf(parent.level)) return "level";
  for (const set of ["read", "write", "net", "run"]) {
    if (!parent[set]) continue;
    const isWithin = (item: string): boolean =>
      parent[set].some((each: string) =>
        set === "read" || set === "write" ? isBelow(item, each) : isHost(item, each),
      );
    if (!child[set]?.every(isWithin)) return set;
  }
  return undefined;
}

function isBelow(path: string, root: string): boolean {
  return root === "/" || `${path}/`.startsWith(`${root}/`);
}

/** A host without a port stands for all its ports; a program for itself. */
function isHost(item: string, allowed: string): boolean {
  return item === allowed || item.startsWith(`${allowed}:`);
}
