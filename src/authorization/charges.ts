/**
 * What a request would use up. Limits are counted by the gate, durably and for each link of the chain;
 * here it is said what to charge, and refused what no count could allow.
 */
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import { kindOf } from "../bytes/json-kind.js";
import type { Link } from "./link.js";
import { Budget } from "./policy/budget.js";
import { resolve } from "./policy/selector.js";
import type { AuthorizationRequest } from "./request.js";

/** The gate adds `amount` to what this link's counter stands at; over `most` it denies. */
export interface Charge {
  /** The identity of the link. */
  readonly link: string;
  /** What is counted: uses, or the argument that a total runs over. */
  readonly counter: "uses" | { readonly argument: string };
  readonly amount: number;
  readonly most: number;
}

/** The charges of links that count, or LIMIT where an argument is no amount, or alone over the total. */
export function chargesOf(
  links: readonly Link[],
  request: AuthorizationRequest,
): Result<readonly Charge[]> {
  const charges: Charge[] = [];
  const budget = new Budget();
  for (const { sha256, authorization, totals } of links) {
    const uses = authorization.limits?.uses;
    if (uses !== undefined) charges.push({ link: sha256, counter: "uses", amount: 1, most: uses });
    for (const { argument, selector, most } of totals) {
      const amount = resolve(selector, request.input, budget);
      if (typeof amount !== "number" || !Number.isSafeInteger(amount) || amount < 0) {
        const expected = `a whole number, not negative, at ${abbreviate(argument)}`;
        const found = budget.exhausted ? "more steps than are allowed" : kindOf(amount);
        return failure("LIMIT", expected, found);
      }
      if (amount > most) {
        return failure("LIMIT", `at most ${most} at ${abbreviate(argument)}`, `${amount}`);
      }
      charges.push({ link: sha256, counter: { argument }, amount, most });
    }
  }
  return ok(charges);
}
