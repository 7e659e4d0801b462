/**
 * Evaluation of a policy: total, bounded, and three-valued. An operator gives an error where its
 * selector does not resolve or the value is of a kind that it does not compare; only `true` allows.
 * Every predicate is evaluated, also where the outcome is clear without it, so that the outcome, even
 * of a budget that runs out, does not depend on their order.
 */
import type { Json } from "../../bytes/canonical.js";
import { Budget } from "./budget.js";
import type { CompiledPolicy } from "./compile.js";
import type { Connective, Predicate, Quantifier } from "./predicate.js";
import { resolve } from "./selector.js";
import type { Truth } from "./truth.js";
import { both, either, negate } from "./truth.js";
import { elements } from "./value.js";

/** Watches an evaluation. `enter` and `leave` come in pairs, as brackets do. */
export interface Tracer {
  enter(predicate: Predicate): void;
  /** `selected` is what the predicate's selector gave; undefined if nothing, or without a selector. */
  leave(truth: Truth, selected: Json | undefined): void;
}

/** Whether the value satisfies every predicate of the policy. Never throws on a JSON value. */
export function evaluatePolicy(policy: CompiledPolicy, value: Json): Truth {
  return tracePolicy(policy, value, new Budget(), undefined);
}

/** Evaluates before the eyes of a tracer, within a fresh budget. */
export function tracePolicy(
  policy: CompiledPolicy,
  value: Json,
  budget: Budget,
  tracer: Tracer | undefined,
): Truth {
  const truth = conjunction(policy.predicates, value, budget, tracer);
  return budget.exhausted ? "error" : truth;
}

function evaluate(
  predicate: Predicate,
  value: Json,
  budget: Budget,
  tracer: Tracer | undefined,
): Truth {
  // What an evaluation without steps gives is error, whatever its parts say from here on.
  if (!budget.spend(1)) return "error";
  tracer?.enter(predicate);
  let selected: Json | undefined;
  let truth: Truth;
  switch (predicate.kind) {
    case "comparison":
      selected = resolve(predicate.selector, value, budget);
      truth = selected === undefined ? "error" : predicate.test.holds(selected, budget);
      break;
    case "not":
      truth = negate(evaluate(predicate.below, value, budget, tracer));
      break;
    case "and":
      truth = conjunction(predicate.below, value, budget, tracer);
      break;
    case "or":
      truth = disjunction(predicate, value, budget, tracer);
      break;
    default:
      selected = resolve(predicate.selector, value, budget);
      truth = selected === undefined ? "error" : quantify(predicate, selected, budget, tracer);
  }
  tracer?.leave(truth, selected);
  return truth;
}

function conjunction(
  predicates: readonly Predicate[],
  value: Json,
  budget: Budget,
  tracer: Tracer | undefined,
): Truth {
  let truth: Truth = "true";
  for (const each of predicates) truth = both(truth, evaluate(each, value, budget, tracer));
  return truth;
}

/** Of nothing it is true, as UCAN has it. */
function disjunction(
  { below }: Connective,
  value: Json,
  budget: Budget,
  tracer: Tracer | undefined,
): Truth {
  let truth: Truth = below.length === 0 ? "true" : "false";
  for (const each of below) truth = either(truth, evaluate(each, value, budget, tracer));
  return truth;
}

function quantify(
  { kind, below }: Quantifier,
  selected: Json,
  budget: Budget,
  tracer: Tracer | undefined,
): Truth {
  const items = elements(selected, budget);
  if (items === undefined) return "error";
  let truth: Truth = kind === "all" ? "true" : "false";
  for (const item of items) {
    const next = evaluate(below, item, budget, tracer);
    truth = kind === "all" ? both(truth, next) : either(truth, next);
    if (budget.exhausted) return "error";
  }
  return truth;
}
