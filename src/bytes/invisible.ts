/** Characters that do not show. */

/**
 * One character that does not show, or that a terminal obeys: controls, formats, surrogates, what is
 * private or unassigned, line and paragraph separators, and what is drawn as nothing. Which characters
 * there are is for the runtime's Unicode to say: one that it does not know counts as invisible.
 */
export const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** What a terminal may obey or hide, in text of JSON. */
const ESCAPED = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Text of JSON that reads back to the same value, in ASCII escapes where a terminal might obey it. */
export function escapeJson(json: string): string {
  // An escape a code unit: JSON has no other.
  return json.replace(ESCAPED, (character) => character.replace(/[^]/g, escapeUnit));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
