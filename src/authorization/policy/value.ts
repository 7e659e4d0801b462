/** What quantifiers visit, and what makes two JSON values equal. */
import type { Json } from "../../bytes/canonical.js";
import { isList, isObject } from "../../bytes/json-kind.js";
import type { Budget } from "./budget.js";

/** The elements of a list, or an object's values in the order of its names; else undefined. */
export function elements(value: Json, budget: Budget): readonly Json[] | undefined {
  if (isList(value)) return budget.spend(value.length) ? value : undefined;
  if (!isObject(value)) return undefined;
  const names = Object.keys(value);
  return budget.spend(names.length) ? names.sort().map((name) => value[name] as Json) : undefined;
}

/**
 * Whether a value is the one of the policy, through and through: numbers by their value, objects by
 * their own members in any order. No deeper than the policy's value is.
 */
export function equal(expected: Json, value: Json, budget: Budget): boolean {
  if (!budget.spend(1)) return false;
  if (isList(expected)) {
    if (!isList(value) || value.length !== expected.length) return false;
    for (let i = 0; i < expected.length; i++) {
      if (!equal(expected[i] as Json, value[i] as Json, budget)) return false;
    }
    return true;
  }
  if (!isObject(expected)) return expected === value;
  if (!isObject(value)) return false;
  const names = Object.keys(expected);
  const found = Object.keys(value).length;
  if (!budget.spend(found) || found !== names.length) return false;
  for (const name of names) {
    if (!Object.hasOwn(value, name)) return false;
    if (!equal(expected[name] as Json, value[name] as Json, budget)) return false;
  }
  return true;
}
