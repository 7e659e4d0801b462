/**
 * A domain's own policy: the target file `policy.json`. It only narrows: a request must satisfy every
 * rule whose command covers it. Predicates have the form of UCAN 1.0 policies; what their operators
 * mean is for layer 2, which refuses a policy that holds one it does not know.
 */
import * as v from "valibot";
import { commandSchema } from "../command.js";

const predicate = v.pipe(
  v.array(v.unknown(), 'a predicate, like ["<=", ".amount", 1000]'),
  v.minLength(2, "a predicate with operands"),
  v.check((items) => typeof items[0] === "string", "an operator before its operands"),
);

export const policySchema = v.strictObject({
  rules: v.array(
    v.strictObject({ command: commandSchema, policy: v.array(predicate, "a list of predicates") }),
    "a list of rules",
  ),
});

export type LocalPolicy = v.InferOutput<typeof policySchema>;
