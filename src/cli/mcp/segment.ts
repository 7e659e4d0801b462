/** Names of tools, prompts and methods as segments of commands. */
import type { Result } from "../../verdict.js";
import { abbreviate, failure, ok } from "../../verdict.js";

const NAME = /^[A-Za-z0-9_.-]+$/;

/** What is written as two dots and a character; an upper-case letter has its lower-case one. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  [".", "0"],
  ["-", "1"],
  ["_", "2"],
  ["0", "3"],
]);

/**
 * A name as a segment; no two names have the same. Segments are in lower case and begin and end with
 * a letter or digit, which names need not:
 *
 * - an upper-case letter is two dots and its lower-case letter: `getWeather` is `get..weather`
 * - `.`, `-` and `_` at either end, and a dot before another or before two dots of an escape, are
 *   `..0`, `..1` and `..2`
 * - a segment that would begin with a dot has a 0 before it: `Read` is `0..read`; a name that begins
 *   with 0 and goes on with an escape begins `0..3`
 *
 * Every other name is itself. MALFORMED for one outside `[A-Za-z0-9_.-]+`.
 */
export function segmentOf(name: string): Result<string> {
  if (!NAME.test(name)) return failure("MALFORMED", "a name of [A-Za-z0-9_.-]+", abbreviate(name));
  let segment = "";
  for (let i = name.length - 1; i >= 0; i--) {
    const character = name.charAt(i);
    const isEnd = i === 0 || i === name.length - 1;
    const isPlain = isItself(character, isEnd, segment, i === 0);
    segment = (isPlain ? character : escape(character)) + segment;
  }
  return ok(segment.startsWith(".") ? `0${segment}` : segment);
}

/** Whether a character can stand as it is before the part of the segment that follows it. */
function isItself(character: string, isEnd: boolean, rest: string, isFirst: boolean): boolean {
  if (character === ".") return !isEnd && !rest.startsWith(".");
  if (character === "-" || character === "_") return !isEnd;
  if (character === "0") return !(isFirst && rest.startsWith(".."));
  return character === character.toLowerCase();
}

function escape(character: string): string {
  return `..${ESCAPES.get(character) ?? character.toLowerCase()}`;
}
