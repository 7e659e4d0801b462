/**
 * Paths, by their text alone. A clean path has one spelling and names one place on every file system
 * that takes it apart at slashes; where one could see another path in the text, it is not clean.
 * Links are not looked at: a host that follows them decides on the path that it ends up with.
 */
import { INVISIBLE } from "../../bytes/invisible.js";
import { disguiseIn } from "./look-alikes.js";

export const MAX_PATH = 4096;

/** Clean without a closer look, which takes four times as long: words with single dots in them. */
const PLAIN = /^(?:\/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)+$/;
const ASCII = /^[\x20-\x7e]*$/;
const ESCAPE = /%[0-9A-Fa-f]{2}/;
const DRIVE = /^[A-Za-z]:/;

/**
 * Why a text is not a clean absolute path, for people; undefined if it is one. Which characters do not
 * show is for the runtime's Unicode to say: one that it does not know is refused.
 */
export function checkPath(text: string): string | undefined {
  if (text.length <= MAX_PATH && PLAIN.test(text)) return undefined;
  const reason = checkSpelling(text);
  if (reason !== undefined || ASCII.test(text)) return reason;
  if (text.normalize("NFC") !== text) return "it is not in normal form (NFC)";
  const disguised = checkSpelling(text.normalize("NFKC"));
  if (disguised !== undefined) return `with look-alikes replaced (NFKC), ${disguised}`;
  return disguiseIn(text, ["/"]);
}

function checkSpelling(text: string): string | undefined {
  if (text.length > MAX_PATH) return `it is longer than ${MAX_PATH} units`;
  if (!text.startsWith("/")) return "it does not start with a slash";
  if (text.includes("\\")) return "it holds a backslash";
  if (INVISIBLE.test(text)) return "it holds a character that does not show";
  if (ESCAPE.test(text)) return "it holds a percent escape";
  if (text === "/") return undefined;
  for (const segment of text.slice(1).split("/")) {
    if (segment === "") return "it holds an empty segment or ends in a slash";
    if (segment === "." || segment === "..") return "it holds a . or .. segment";
    if (segment.endsWith(".")) return "a segment ends in a dot";
    if (segment.startsWith(" ") || segment.endsWith(" "))
      return "a segment starts or ends in a space";
    if (DRIVE.test(segment)) return "a segment starts like a drive letter";
  }
  return undefined;
}

/** Whether a path is a root or lies below it. Both are clean. */
export function isWithin(path: string, root: string): boolean {
  if (root === "/" || path === root) return true;
  return path.startsWith(root) && path.charCodeAt(root.length) === 0x2f;
}
