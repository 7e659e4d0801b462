/** What became of a request. */
import type { Failure } from "../verdict.js";
import type { Denial } from "./decide.js";
import type { GovernedRun } from "./governed-run.js";

/** A request that was denied: the effect never began. */
export interface Denied extends Denial {
  /** Empty where there was not even a name to be had for it. */
  readonly run: string;
}

export type Started = { readonly outcome: "allow"; readonly run: GovernedRun } | Denied;

export function denied(
  run: string,
  { code, expected, found }: Pick<Failure, "code" | "expected" | "found">,
  rule?: string,
): Denied {
  return { outcome: "deny", run, code, expected, found, rule };
}
