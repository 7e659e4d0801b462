/** Text that others wrote, for a page: nothing in it may hide, or turn the order of what is read. */
import { INVISIBLE } from "../bytes/invisible.js";

const EACH = new RegExp(INVISIBLE, "gu");

/** A text with what does not show, and what turns text around, written out. */
export function visible(text: string): string {
  return text.replace(
    EACH,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}

/** The beginning of a text, at most so many characters with what shows that there is more. */
export function shorten(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}
