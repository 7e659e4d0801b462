import type { Kernel } from "../kernel/kernel.js";
import type { Policy } from "../tlog/policy.js";
import { parsePolicy } from "../tlog/policy.js";
import { UsageError } from "./command.js";
import { readInput } from "./input.js";
import { describe } from "./print.js";

/** The tlog-policy in a file. */
export async function readPolicy(kernel: Kernel, path: string): Promise<Policy> {
  const policy = parsePolicy(kernel, await readInput(path));
  if (policy.ok) return policy.value;
  throw new UsageError(`${path} is not a usable policy: ${describe(policy)}`);
}
