/**
 * Commands (UCAN 1.0, "Command"): segments after slashes, in lower case; `/` is every command. A
 * command covers itself and what lies below it: `/pay` covers `/pay/transfer` and not `/payroll`.
 */
import * as v from "valibot";

const COMMAND = /^\/$|^(?=.{1,255}$)(?:\/[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)+$/;

export function isCommand(text: string): boolean {
  return COMMAND.test(text);
}

/** @internal */
export const commandSchema = v.pipe(
  v.string("a command, like /pay/transfer"),
  v.regex(COMMAND, "a command, like /pay/transfer"),
);

/** True if one of `allowed` covers `command`. */
export function someCovers(allowed: readonly string[], command: string): boolean {
  for (const each of allowed) if (coversCommand(each, command)) return true;
  return false;
}

const SLASH = 0x2f;

/** True if `allowed` covers `command`. */
export function coversCommand(allowed: string, command: string): boolean {
  if (allowed === "/" || command === allowed) return true;
  return command.startsWith(allowed) && command.charCodeAt(allowed.length) === SLASH;
}
