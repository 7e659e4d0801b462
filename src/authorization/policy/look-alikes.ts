/** Text that could be taken for other text where a host folds what looks alike. */
import { INVISIBLE } from "../../bytes/invisible.js";

/** Fraction and division slashes, set minus and reverse solidus operators, small ones and big ones. */
const SLASHES = /[\u2044\u2215\u2216\u29f5\u29f8\u29f9]/;

/**
 * What the text hides from who takes it apart at these marks, for people; undefined for nothing.
 */
export function disguiseIn(text: string, marks: readonly string[]): string | undefined {
  if (INVISIBLE.test(text)) return "it holds a character that does not show";
  if (SLASHES.test(text)) return "a character looks like a slash";
  const plain = text.normalize("NFKC");
  const mark = marks.find((each) => plain.split(each).length !== text.split(each).length);
  return mark && `a character looks like a ${NAMES[mark] ?? mark}`;
}

const NAMES: Readonly<Record<string, string>> = { "/": "slash", "\\": "backslash" };
