/** Text that others wrote, for a terminal: whole or cut, and without what a terminal obeys. */
import { escapeJson } from "../bytes/invisible.js";

const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** A value as JSON that reads back to it, with what does not show escaped; a bigint as its digits. */
export function formatJson(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) =>
    typeof each === "bigint" ? each.toString() : each,
  );
  return escapeJson(text);
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
