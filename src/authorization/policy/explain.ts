/** Why a policy gives what it gives: each predicate with its value and its outcome, for people. */
import type { Json } from "../../bytes/canonical.js";
import { isList, isObject, kindOf } from "../../bytes/json-kind.js";
import { abbreviate } from "../../verdict.js";
import { Budget, MAX_STEPS } from "./budget.js";
import type { CompiledPolicy } from "./compile.js";
import type { Tracer } from "./evaluate.js";
import { tracePolicy } from "./evaluate.js";
import type { Predicate } from "./predicate.js";
import type { Truth } from "./truth.js";

const MAX_ELEMENTS = 32;

export interface PredicateReport {
  /** As it stands in the policy. */
  readonly predicate: Json;
  readonly truth: Truth;
  /** What the selector gave; absent where it does not resolve, and without a selector. */
  readonly value?: Json;
  /** Why it is an error, where that does not come from the reports below. */
  readonly reason?: string;
  /** One for each part of `not`, `and`, `or`; one for each element of `all`, `any`, 32 at most. */
  readonly below: readonly PredicateReport[];
  /** How many further elements were evaluated; absent for none. */
  readonly omitted?: number;
}

/**
 * One report for each predicate of the policy; their conjunction is what `evaluatePolicy` gives. Where
 * the steps do not suffice, every report is an error.
 */
export function explainPolicy(policy: CompiledPolicy, value: Json): readonly PredicateReport[] {
  const reporter = new Reporter();
  const budget = new Budget();
  tracePolicy(policy, value, budget, reporter);
  if (!budget.exhausted) return reporter.reports;
  const reason = `the evaluation takes more than ${MAX_STEPS} steps`;
  return policy.predicates.map(({ source }) => ({
    predicate: source,
    truth: "error",
    reason,
    below: [],
  }));
}

/** A predicate that is entered and not yet left. */
interface Open {
  readonly predicate: Predicate | undefined;
  readonly below: PredicateReport[];
  omitted: number;
}

class Reporter implements Tracer {
  readonly reports: PredicateReport[] = [];
  readonly #open: Open[] = [{ predicate: undefined, below: this.reports, omitted: 0 }];

  enter(predicate: Predicate): void {
    this.#open.push({ predicate, below: [], omitted: 0 });
  }

  leave(truth: Truth, selected: Json | undefined): void {
    const { predicate, below, omitted } = this.#open.pop() as Open & { predicate: Predicate };
    const around = this.#open.at(-1) as Open;
    if (isQuantifier(around.predicate) && around.below.length === MAX_ELEMENTS) {
      around.omitted += 1;
      return;
    }
    const reason = truth === "error" ? explainError(predicate, selected) : undefined;
    around.below.push({
      predicate: predicate.source,
      truth,
      ...(selected === undefined ? {} : { value: selected }),
      ...(reason === undefined ? {} : { reason }),
      below,
      ...(omitted === 0 ? {} : { omitted }),
    });
  }
}

function isQuantifier(predicate: Predicate | undefined): boolean {
  return predicate?.kind === "all" || predicate?.kind === "any";
}

/** Undefined where the error comes from below. */
function explainError(predicate: Predicate, selected: Json | undefined): string | undefined {
  if (!("selector" in predicate)) return undefined;
  if (selected === undefined) return `${abbreviate(predicate.selector.text)} finds nothing`;
  if (predicate.kind === "comparison") return predicate.test.objection(selected);
  if (isList(selected) || isObject(selected)) return undefined;
  return `a list or an object is needed, and it is ${kindOf(selected)}`;
}
