import type { Code, Failure } from "../verdict.js";

/** A request that was denied: the effect never began. */
export interface Denied {
  readonly outcome: "deny";
  /** Empty where there was not even a name to be had for it. */
  readonly run: string;
  readonly code: Code;
  readonly expected: string;
  readonly found: string;
  /** The trip of the domain's policy that denied. */
  readonly rule: string | undefined;
}

export function denied(
  run: string,
  { code, expected, found }: Pick<Failure, "code" | "expected" | "found">,
  rule?: string,
): Denied {
  return { outcome: "deny", run, code, expected, found, rule };
}
