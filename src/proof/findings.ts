/** What the checks of a verification have found, however often each of them looked. */
import type { Check, Failure, Verdict } from "../verdict.js";
import { isOpen, Plan } from "../verdict.js";

/** A check, and the row of the feature list that it serves. */
export interface BundleCheck extends Check {
  readonly feature: string;
}

interface Found {
  readonly feature: string;
  /** The first that contradicts, else the first that misses something. */
  failure: Failure | undefined;
  /** How often it has failed. */
  failures: number;
  passed: number;
}

/**
 * Checks by name, in the order in which they were announced. Each may be asked many times, of entry
 * after entry; it has passed only if it was asked at least once and never failed.
 */
export class Findings {
  readonly #found = new Map<string, Found>();

  announce(name: string, feature: string): void {
    const found = { feature, failure: undefined, failures: 0, passed: 0 };
    if (!this.#found.has(name)) this.#found.set(name, found);
  }

  fail(name: string, failure: Failure): void {
    const found = this.#of(name);
    found.failures += 1;
    if (!found.failure || (isOpen(found.failure.code) && !isOpen(failure.code))) {
      found.failure = failure;
    }
  }

  /** `fail` or `pass`, of a check that was announced; false for any other. */
  say(name: string, failure: Failure | undefined): boolean {
    const found = this.#found.get(name);
    if (!found) return false;
    if (failure) this.fail(name, failure);
    else found.passed += 1;
    return true;
  }

  /** Whether any check has failed so far. */
  get hasFailure(): boolean {
    return [...this.#found.values()].some(({ failure }) => failure !== undefined);
  }

  verdict(): Verdict & { readonly checks: readonly BundleCheck[] } {
    const plan = new Plan([]);
    for (const [name, { failure, failures, passed }] of this.#found) {
      plan.add(name);
      if (failure) {
        const more = failures > 1 ? ` (the first of ${failures})` : "";
        plan.fail(name, { ...failure, found: `${failure.found}${more}` });
      } else if (passed > 0) plan.pass(name);
    }
    const verdict = plan.verdict();
    const checks = verdict.checks.map((check) => ({
      ...check,
      feature: this.#found.get(check.name)?.feature ?? "F8",
    }));
    return { ...verdict, checks };
  }

  #of(name: string): Found {
    const found = this.#found.get(name);
    if (!found) throw new TypeError(`no check "${name}" was announced`);
    return found;
  }
}
