import type { Json } from "../../../src/bytes/canonical.js";
import { parseJson } from "../../../src/bytes/json.js";
import type { CompiledPolicy } from "../../../src/authorization/policy/compile.js";
import { compilePolicy } from "../../../src/authorization/policy/compile.js";
import { evaluatePolicy } from "../../../src/authorization/policy/evaluate.js";
import type { Truth } from "../../../src/authorization/policy/truth.js";

export const TRUTHS: readonly Truth[] = ["true", "false", "error"];

/** JSON as the strict parser gives it: objects without a prototype. */
export function json(text: string): Json {
  const parsed = parseJson(text);
  if (!parsed.ok) throw new Error(`${text}: expected ${parsed.expected}, found ${parsed.found}`);
  return parsed.value;
}

export function compiled(policy: Json): CompiledPolicy {
  const result = compilePolicy(policy, "policy");
  if (!result.ok) throw new Error(`expected ${result.expected}, found ${result.found}`);
  return result.value;
}

export function evaluate(policy: Json, value: Json): Truth {
  return evaluatePolicy(compiled(policy), value);
}

/** Every list of up to `most` of these. */
export function tuples<T>(items: readonly T[], most: number): T[][] {
  let last: T[][] = [[]];
  const all = [...last];
  for (let length = 1; length <= most; length++) {
    last = last.flatMap((tuple) => items.map((item) => [...tuple, item]));
    all.push(...last);
  }
  return all;
}

/** Lists in each other, `depth` of them. */
export function nested(depth: number, innermost: Json = 0): Json {
  let value = innermost;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
