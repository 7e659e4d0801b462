import type { Level } from "./effect.js";
import { canHaltThreads } from "./thread.js";

/**
 * The levels that every runtime can have by itself, from the weakest on: an edge runtime is
 * cooperative, and so are Deno, which cannot end a busy worker, and a page without Web Locks.
 * `hostIsolation` of system.ts knows of more.
 */
export function runtimeLevels(): readonly Level[] {
  return canHaltThreads() ? ["cooperative", "worker"] : ["cooperative"];
}
