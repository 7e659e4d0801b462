/** A domain's own policy (`policy.json` of its trust state): it narrows, and permits nothing. */
import type { Json } from "../bytes/canonical.js";
import { coversCommand } from "../trust/command.js";
import type { LocalPolicy } from "../trust/contents/policy.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { CompiledPolicy } from "./policy/compile.js";
import { compilePolicy } from "./policy/compile.js";

export interface CompiledRule {
  readonly command: string;
  readonly policy: CompiledPolicy;
}

const compiled = new WeakMap<LocalPolicy, Result<readonly CompiledRule[]>>();

/** The rules for a command, or POLICY where any rule of the domain, also one for another command, is not usable. */
export function rulesFor(policy: LocalPolicy, command: string): Result<readonly CompiledRule[]> {
  let rules = compiled.get(policy);
  if (!rules) {
    rules = compileRules(policy);
    compiled.set(policy, rules);
  }
  return rules.ok ? ok(rules.value.filter((rule) => coversCommand(rule.command, command))) : rules;
}

function compileRules({ rules }: LocalPolicy): Result<readonly CompiledRule[]> {
  const usable: CompiledRule[] = [];
  for (const [i, rule] of rules.entries()) {
    const policy = compilePolicy(rule.policy as Json, `rules[${i}].policy`);
    if (!policy.ok) return failure("POLICY", `a policy whose ${policy.expected}`, policy.found);
    usable.push({ command: rule.command, policy: policy.value });
  }
  return ok(usable);
}
