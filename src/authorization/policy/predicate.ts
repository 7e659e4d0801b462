/** A policy in the form that is evaluated: every operator known, every selector and operand read. */
import type { Json } from "../../bytes/canonical.js";
import type { Test } from "./comparison.js";
import type { Selector } from "./selector.js";

export interface Comparison {
  readonly kind: "comparison";
  /** The predicate as it stands in the policy; so in each of the kinds. */
  readonly source: Json;
  readonly selector: Selector;
  readonly test: Test;
}

export interface Negation {
  readonly kind: "not";
  readonly source: Json;
  readonly below: Predicate;
}

export interface Connective {
  readonly kind: "and" | "or";
  readonly source: Json;
  readonly below: readonly Predicate[];
}

export interface Quantifier {
  readonly kind: "all" | "any";
  readonly source: Json;
  readonly selector: Selector;
  readonly below: Predicate;
}

export type Predicate = Comparison | Negation | Connective | Quantifier;
