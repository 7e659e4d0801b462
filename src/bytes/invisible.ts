/**
 * One character that does not show, or that a terminal obeys: controls, formats, surrogates, what is
 * private or unassigned, line and paragraph separators, and what is drawn as nothing. Which characters
 * there are is for the runtime's Unicode to say: one that it does not know counts as invisible.
 */
export const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
