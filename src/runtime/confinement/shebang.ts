/** How a file is run: by itself, or by the interpreter that its first line names (execve(2)). */
import type { Outcome } from "./refusal.js";
import { quote, refusal } from "./refusal.js";

export type Kind =
  | { readonly kind: "native" }
  /** An absolute path; a bare name after `#!/usr/bin/env`. */
  | { readonly kind: "script"; readonly interpreter: string; readonly argument?: string };

/** ELF, and the Mach-O of one or several architectures. */
const NATIVE = ["7f454c46", "cffaedfe", "cefaedfe", "cafebabe"];

/**
 * From the first bytes of a file. A text without `#!` is refused: a platform hands it to a shell that
 * nobody named. So is what `env` would do besides looking up a name.
 */
export function kindOf(path: string, head: Uint8Array): Outcome<Kind> {
  const magic = [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (NATIVE.includes(magic)) return { ok: true, value: { kind: "native" } };
  const expected = "a program, or a script that begins with #! and an interpreter's path";
  const refuse = (found: string) => refusal("MALFORMED", expected, `${quote(path)}: ${found}`);
  if (!magic.startsWith("2321")) return refuse("neither");
  const end = head.indexOf(0x0a);
  if (end < 0) return refuse("a first line of over 255 bytes");
  const line = new TextDecoder("latin1")
    .decode(head.subarray(2, end))
    .replace(/^[ \t]+|[ \t]+$/g, "");
  const [, interpreter, argument] = /^([!-~]+)(?:[ \t]+([^]*))?$/.exec(line) ?? [];
  if (!interpreter?.startsWith("/")) return refuse(quote(line));
  if (argument === undefined) return { ok: true, value: { kind: "script", interpreter } };
  if (/[^ -~]/.test(argument)) return refuse(quote(line));
  if (!/^\/(?:usr\/)?bin\/env$/.test(interpreter)) {
    return { ok: true, value: { kind: "script", interpreter, argument } };
  }
  if (!/^[A-Za-z0-9][\w.+-]*$/.test(argument)) return refuse(quote(line));
  return { ok: true, value: { kind: "script", interpreter: argument } };
}
