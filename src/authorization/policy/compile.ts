/**
 * Policies (UCAN delegation 1.0, "Policy", in JSON), with `within` and `url`. The whole of a policy is
 * read before any of it is evaluated: what is not understood anywhere in it refuses all of it.
 */
import type { Json } from "../../bytes/canonical.js";
import { isList, kindOf } from "../../bytes/json-kind.js";
import type { Failure, Result } from "../../verdict.js";
import { abbreviate, failure, ok } from "../../verdict.js";
import { COMPARISONS } from "./comparison.js";
import { copyJson } from "../json-copy.js";
import type { Predicate } from "./predicate.js";
import type { Selector } from "./selector.js";
import { parseSelector } from "./selector.js";

/** Immutable, through and through; serves any number of evaluations. */
export interface CompiledPolicy {
  /** The policy as it was given: a copy of its own. */
  readonly source: Json;
  readonly predicates: readonly Predicate[];
}

const MAX_PREDICATES = 1024;
/** Of all strings of a policy, and as many values. */
const MAX_UNITS = 8 << 20;

const OPERATORS = [...COMPARISONS.keys(), "not", "and", "or", "all", "any"].join(", ");

/**
 * `what` names the policy in a refusal, which says the place: `policy[2][1][0]: an operator of this
 * version`. Codes: MALFORMED, and TOO_LARGE over a limit (1024 predicates; 1024 units and 64 segments
 * a selector; 4096 units a pattern; 64 roots or URLs a list).
 */
export function compilePolicy(json: Json, what: string): Result<CompiledPolicy> {
  const source = copyJson(json, MAX_UNITS);
  if (!source.ok) return at(what, source);
  const predicates = new Compiler().readList(source.value, what);
  if (!predicates.ok) return predicates;
  return ok(Object.freeze({ source: source.value, predicates: predicates.value }));
}

class Compiler {
  #predicates = 0;

  readList(json: Json, place: string): Result<readonly Predicate[]> {
    if (!isList(json)) return malformed(place, "a list of predicates", kindOf(json));
    const predicates: Predicate[] = [];
    for (const [i, each] of json.entries()) {
      const predicate = this.read(each, `${place}[${i}]`);
      if (!predicate.ok) return predicate;
      predicates.push(predicate.value);
    }
    return ok(Object.freeze(predicates));
  }

  read(json: Json, place: string): Result<Predicate> {
    if (!isList(json) || json.length === 0) {
      const found = isList(json) ? "an empty list" : kindOf(json);
      return malformed(place, "a predicate: [operator, ...]", found);
    }
    this.#predicates += 1;
    if (this.#predicates > MAX_PREDICATES) {
      return failure("TOO_LARGE", `${place}: at most ${MAX_PREDICATES} predicates`, "one more");
    }
    const operator = json[0] as Json;
    switch (operator) {
      case "not":
        return this.readNegation(json, place);
      case "and":
      case "or":
        return this.readConnective(operator, json, place);
      case "all":
      case "any":
        return this.readQuantifier(operator, json, place);
      default:
        return readComparison(operator, json, place);
    }
  }

  readNegation(json: readonly Json[], place: string): Result<Predicate> {
    if (json.length !== 2) return malformed(place, '["not", predicate]', count(json));
    const below = this.read(json[1] as Json, `${place}[1]`);
    if (!below.ok) return below;
    return ok(Object.freeze({ kind: "not", source: json, below: below.value }));
  }

  readConnective(kind: "and" | "or", json: readonly Json[], place: string): Result<Predicate> {
    if (json.length !== 2) return malformed(place, `["${kind}", [predicate, ...]]`, count(json));
    const below = this.readList(json[1] as Json, `${place}[1]`);
    if (!below.ok) return below;
    return ok(Object.freeze({ kind, source: json, below: below.value }));
  }

  readQuantifier(kind: "all" | "any", json: readonly Json[], place: string): Result<Predicate> {
    if (json.length !== 3) {
      return malformed(place, `["${kind}", selector, predicate]`, count(json));
    }
    const selector = readSelector(json[1] as Json, `${place}[1]`);
    if (!selector.ok) return selector;
    const below = this.read(json[2] as Json, `${place}[2]`);
    if (!below.ok) return below;
    return ok(Object.freeze({ kind, source: json, selector: selector.value, below: below.value }));
  }
}

function readComparison(operator: Json, json: readonly Json[], place: string): Result<Predicate> {
  const read = typeof operator === "string" ? COMPARISONS.get(operator) : undefined;
  if (!read) {
    const found = typeof operator === "string" ? abbreviate(operator) : kindOf(operator);
    return malformed(`${place}[0]`, `an operator of this version: ${OPERATORS}`, found);
  }
  if (json.length !== 3) return malformed(place, `["${operator}", selector, operand]`, count(json));
  const selector = readSelector(json[1] as Json, `${place}[1]`);
  if (!selector.ok) return selector;
  const test = read(json[2] as Json);
  if (!test.ok) return at(`${place}[2]`, test);
  return ok(
    Object.freeze({
      kind: "comparison",
      source: json,
      selector: selector.value,
      test: Object.freeze(test.value),
    }),
  );
}

function readSelector(json: Json, place: string): Result<Selector> {
  if (typeof json !== "string") return malformed(place, "a selector as a string", kindOf(json));
  const selector = parseSelector(json);
  return selector.ok ? selector : at(place, selector);
}

function count(json: readonly Json[]): string {
  return `a list of ${json.length}`;
}

function at(place: string, { code, expected, found }: Failure): Failure {
  return failure(code, `${place}: ${expected}`, found);
}

function malformed(place: string, expected: string, found: string): Failure {
  return failure("MALFORMED", `${place}: ${expected}`, found);
}
