/**
 * Glob patterns (UCAN delegation, "Glob Matching"): `*` is any run of characters, also none, and `\*`
 * is a star. Nothing else is special: a backslash before anything else, or at the end, is itself.
 */
import type { Budget } from "./budget.js";

export const MAX_PATTERN = 4096;

const ANY = -1;

/** UTF-16 units, and ANY for a run of any. */
export type Pattern = readonly number[];

export function parsePattern(text: string): Pattern {
  const pattern: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text.startsWith("\\*", i)) i += 1;
    else if (text.charAt(i) === "*") {
      if (pattern.at(-1) !== ANY) pattern.push(ANY);
      continue;
    }
    pattern.push(text.charCodeAt(i));
  }
  return Object.freeze(pattern);
}

/**
 * Whether the whole text matches. Only the last `*` passed is ever given more to swallow: what an
 * earlier one could swallow, the last one can too. At most one step for each pair of a character and
 * a unit of the pattern.
 */
export function like(pattern: Pattern, text: string, budget: Budget): boolean {
  let at = 0;
  let unit = 0;
  let lastAny = -1;
  let swallowed = 0;
  let steps = 0;
  const affordable = budget.left;
  while (at < text.length && steps <= affordable) {
    steps += 1;
    if (pattern[unit] === ANY) {
      lastAny = unit;
      swallowed = at;
      unit += 1;
    } else if (pattern[unit] === text.charCodeAt(at)) {
      unit += 1;
      at += 1;
    } else if (lastAny >= 0) {
      swallowed += 1;
      at = swallowed;
      unit = lastAny + 1;
    } else break;
  }
  if (!budget.spend(steps)) return false;
  if (pattern[unit] === ANY) unit += 1;
  return at === text.length && unit === pattern.length;
}
