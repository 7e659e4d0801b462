/** Values of this program as JSON: a copy that nobody can change, or why there is none. */
import type { Json } from "../bytes/canonical.js";
import { MAX_DEPTH } from "../bytes/json.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/**
 * A frozen copy of what strict JSON holds (see `parseJson`): no undefined, no accessor read twice, no object
 * but plain ones, no lone surrogate, no number beyond 2^53 - 1. `most` bounds the units of all
 * strings and the number of all values together.
 */
export function copyJson(value: unknown, most: number): Result<Json> {
  const copier = new Copier(most);
  try {
    const copied = copier.copy(value, 0);
    return copied === undefined ? (copier.failure as Failure) : ok(copied);
  } catch {
    // An accessor or a proxy of the caller's threw.
    return failure("MALFORMED", "values that can be read", "one that throws");
  }
}

class Copier {
  failure: Failure | undefined;
  #left: number;

  constructor(readonly most: number) {
    this.#left = most;
  }

  copy(value: unknown, depth: number): Json | undefined {
    if (!this.#spend(1)) return undefined;
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "number") {
      // Adding 0 makes -0 into 0.
      if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value + 0;
      return this.#refuse("a number from -(2^53 - 1) to 2^53 - 1", String(value));
    }
    if (typeof value !== "object") return this.#refuse("a value of JSON", typeof value);
    if (depth === MAX_DEPTH) {
      return this.#refuse(`at most ${MAX_DEPTH} arrays and objects in each other`, "more");
    }
    return Array.isArray(value) ? this.#list(value, depth + 1) : this.#object(value, depth + 1);
  }

  #list(list: readonly unknown[], depth: number): Json | undefined {
    if (list.length > this.#left) return this.#tooLarge();
    const copied: Json[] = [];
    for (let i = 0; i < list.length; i++) {
      const item = this.copy(list[i], depth);
      if (item === undefined) return undefined;
      copied.push(item);
    }
    return Object.freeze(copied);
  }

  #object(object: object, depth: number): Json | undefined {
    const prototype: unknown = Object.getPrototypeOf(object);
    // Of any realm: the prototype of plain objects has none itself.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      return this.#refuse("a plain object", "one with a prototype of its own");
    }
    if (Object.getOwnPropertySymbols(object).length > 0) {
      return this.#refuse("an object with names alone", "one with a symbol");
    }
    const copied = Object.create(null) as { [name: string]: Json };
    for (const [name, value] of Object.entries(object)) {
      if (this.#text(name) === undefined) return undefined;
      const item = this.copy(value, depth);
      if (item === undefined) return undefined;
      copied[name] = item;
    }
    return Object.freeze(copied);
  }

  #text(text: string): string | undefined {
    if (!this.#spend(text.length)) return undefined;
    if (!/\p{Surrogate}/u.test(text)) return text;
    return this.#refuse("text without lone surrogates", "one");
  }

  #spend(units: number): boolean {
    this.#left -= units;
    if (this.#left >= 0) return true;
    this.#tooLarge();
    return false;
  }

  #tooLarge(): undefined {
    this.failure ??= failure("TOO_LARGE", `values of at most ${this.most} units`, "more");
  }

  #refuse(expected: string, found: string): undefined {
    this.failure ??= failure("MALFORMED", expected, found);
  }
}
