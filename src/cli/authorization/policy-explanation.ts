/**
 * Why a policy gave what it gave. Whoever writes policies and requests does not decide how much is
 * printed.
 */
import type { CompiledPolicy } from "../../authorization/policy/compile.js";
import { evaluatePolicy } from "../../authorization/policy/evaluate.js";
import type { PredicateReport } from "../../authorization/policy/explain.js";
import { explainPolicy } from "../../authorization/policy/explain.js";
import type { Truth } from "../../authorization/policy/truth.js";
import { formatPredicate } from "../../authorization/policy/where.js";
import type { Json } from "../../bytes/canonical.js";
import { printable, shorten } from "../printable.js";

/** Reports of one policy. */
const MAX_REPORTS = 500;
/** Units of JSON, of a predicate or a value. */
const MAX_LENGTH = 4096;
const MAX_TEXT = 200;

export interface PolicyExplanation {
  readonly truth: Truth;
  readonly predicates: readonly ExplainedPredicate[];
  /** Predicates of all levels that are not among them; absent for none. */
  readonly omitted?: number;
}

export interface ExplainedPredicate {
  /** For people: `amount <= 1000`; where others are below it, `or` or `all .items`. */
  readonly text: string;
  /** As it stands in the policy. */
  readonly predicate: Json;
  readonly truth: Truth;
  /** What its selector gave; absent where that is nothing, or it has none. */
  readonly value?: Json;
  /** The predicate, or the value, is too long to be shown, and null here. */
  readonly cut?: true;
  readonly reason?: string;
  readonly below?: readonly ExplainedPredicate[];
  /** Further elements of `all` and `any`. */
  readonly omitted?: number;
}

export function explain(policy: CompiledPolicy, input: Json): PolicyExplanation {
  const cutter = new Cutter();
  const predicates = cutter.cutAll(explainPolicy(policy, input));
  const truth = evaluatePolicy(policy, input);
  return { truth, predicates, ...(cutter.omitted > 0 ? { omitted: cutter.omitted } : {}) };
}

class Cutter {
  omitted = 0;
  #left = MAX_REPORTS;
  /** What was looked at: a predicate, or a value, may stand in many reports. */
  readonly #fits = new Map<Json, boolean>();
  readonly #texts = new Map<Json, string>();

  cutAll(reports: readonly PredicateReport[]): ExplainedPredicate[] {
    const shown: ExplainedPredicate[] = [];
    for (const each of reports) {
      if (this.#left === 0) this.omitted += countOf(each);
      else shown.push(this.#cut(each));
    }
    return shown;
  }

  #cut({ predicate, truth, value, reason, below, omitted }: PredicateReport): ExplainedPredicate {
    this.#left -= 1;
    const whole = this.#isShort(predicate) && (value === undefined || this.#isShort(value));
    return {
      text: this.#textOf(predicate),
      predicate: this.#isShort(predicate) ? predicate : null,
      truth,
      ...(value === undefined ? {} : { value: this.#isShort(value) ? value : null }),
      ...(whole ? {} : { cut: true as const }),
      ...(reason === undefined ? {} : { reason }),
      ...(below.length === 0 ? {} : { below: this.cutAll(below) }),
      ...(omitted === undefined ? {} : { omitted }),
    };
  }

  #isShort(json: Json): boolean {
    if (typeof json !== "string" && typeof json !== "object") return true;
    let fits = this.#fits.get(json);
    if (fits === undefined) {
      fits = JSON.stringify(json).length <= MAX_LENGTH;
      this.#fits.set(json, fits);
    }
    return fits;
  }

  #textOf(predicate: Json): string {
    let text = this.#texts.get(predicate);
    if (text === undefined) {
      text = shorten(headOf(predicate), MAX_TEXT);
      this.#texts.set(predicate, text);
    }
    return text;
  }
}

function headOf(predicate: Json): string {
  const [operator, selector] = predicate as readonly Json[];
  switch (operator) {
    case "and":
    case "or":
    case "not":
      return operator;
    case "all":
    case "any":
      return `${operator} ${printable(String(selector))}`;
    default:
      return formatPredicate(predicate);
  }
}

function countOf({ below }: PredicateReport): number {
  return below.reduce((sum, each) => sum + countOf(each), 1);
}
