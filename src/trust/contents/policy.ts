/**
 * A domain's own policy: the target file `policy.json`. It only narrows: a request must satisfy every
 * rule whose command covers it. Predicates have the form of UCAN 1.0 policies; what their operators
 * mean is for layer 2, which refuses a policy that holds one it does not know.
 */
import * as v from "valibot";
import { commandSchema } from "../command.js";

export type LocalPolicy = {
  /** All of them narrow; none permits anything. */
  readonly rules: readonly Rule[];
};

export type Rule = {
  /** The rule is for this command and what lies below it. */
  readonly command: string;
  /** Predicates that must all hold: an operator, then its operands. */
  readonly policy: readonly (readonly unknown[])[];
};

const predicate = v.pipe(
  v.array(v.unknown(), 'a predicate, like ["<=", ".amount", 1000]'),
  v.minLength(2, "a predicate with operands"),
  v.check((items) => typeof items[0] === "string", "an operator before its operands"),
);

/** @internal */
export const policySchema: v.GenericSchema<unknown, LocalPolicy> = v.strictObject({
  rules: v.array(
    v.strictObject({ command: commandSchema, policy: v.array(predicate, "a list of predicates") }),
    "a list of rules",
  ),
});
