/** Text that others wrote, for a terminal: whole or cut, and without what a terminal obeys. */

const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** A value as JSON that reads back to it, with what does not show escaped; a bigint as its digits. */
export function formatJson(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) =>
    typeof each === "bigint" ? each.toString() : each,
  );
  // An escape a code unit: JSON has no other.
  return text.replace(INVISIBLE, (character) => character.replace(/[^]/g, escapeUnit));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A line of text with what does not show escaped. */
export function printable(text: string): string {
  return text.replace(
    INVISIBLE,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}

/** At most so many characters of a text. */
export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}
