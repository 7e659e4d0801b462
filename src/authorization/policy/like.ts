/**
 * Glob patterns (UCAN delegation, "Glob Matching"): `*` is any run of characters, also none, and `\*`
 * is a star. Nothing else is special: a backslash before anything else, or at the end, is itself.
 */
import type { Budget } from "./budget.js";

export const MAX_PATTERN = 4096;

const ANY = -1;

export interface Pattern {
  /** UTF-16 units, and ANY for a run of any. */
  readonly units: readonly number[];
  /** What a text starts and ends with, where that is all that there is to say: one `*`. */
  readonly ends: { readonly start: string; readonly end: string } | undefined;
}

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
  const any = pattern.indexOf(ANY);
  const start = pattern.slice(0, any);
  const end = pattern.slice(any + 1);
  const once = any >= 0 && !end.includes(ANY);
  const ends = once ? Object.freeze({ start: textOf(start), end: textOf(end) }) : undefined;
  return Object.freeze({ units: Object.freeze(pattern), ends });
}

function textOf(units: readonly number[]): string {
  return units.map((unit) => String.fromCharCode(unit)).join("");
}

/**
 * Whether the whole text matches: at most one step for each pair of a character and a unit of the
 * pattern, and with one `*` as many as it has units.
 */
export function like({ units, ends }: Pattern, text: string, budget: Budget): boolean {
  if (ends === undefined) return walk(units, text, budget);
  const { start, end } = ends;
  if (!budget.spend(start.length + end.length)) return false;
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}

/**
 * Only the last `*` passed is ever given more to swallow: what an earlier one could swallow, the last
 * one can too.
 */
function walk(pattern: readonly number[], text: string, budget: Budget): boolean {
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
