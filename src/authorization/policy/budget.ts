/** What one evaluation may cost, whatever the policy and the value. */

export const MAX_STEPS = 100_000;

/**
 * A step is each predicate evaluated, each segment of its selector, each element of a collection that
 * a quantifier, `[]` or a slice visits, each node and member of a deep comparison, and each character
 * step of `like`, `within` and `url`. Nothing is skipped because its outcome no longer matters, so
 * that whether the steps suffice does not depend on the order of predicates.
 */
export class Budget {
  #left = MAX_STEPS;

  /** Whether the steps suffice. Once they do not, no later ones do. */
  spend(steps: number): boolean {
    this.#left -= steps;
    return this.#left >= 0;
  }

  get left(): number {
    return this.#left;
  }

  get exhausted(): boolean {
    return this.#left < 0;
  }
}
