/**
 * A domain's own policy: the target file `policy.json`. It only narrows: a request must satisfy every
 * rule whose command covers it. Predicates have the form of UCAN 1.0 policies; what their operators
 * mean is for layer 2, which refuses a policy that holds one it does not know.
 */
import * as v from "valibot";
import { commandSchema } from "../command.js";
import { label } from "../name.js";
import { positive } from "../schema.js";

export type LocalPolicy = {
  /** All of them narrow; none permits anything. */
  readonly rules: readonly Rule[];
  /** What trips a gate. */
  readonly trips?: readonly Trip[] | undefined;
};

export type Rule = {
  /** The rule is for this command and what lies below it. */
  readonly command: string;
  /** Predicates that must all hold: an operator, then its operands. */
  readonly policy: readonly (readonly unknown[])[];
};

/** Where more than `most` is counted, a gate stops what runs and is contained; of `duration`, the run. */
export type Trip = {
  /** Stands in the entry. */
  readonly id: string;
  /** Counted is this command and what lies below it. */
  readonly command: string;
  /** What is counted: requests that are denied or allowed, drifts, or the milliseconds of a run. */
  readonly of: "denials" | "uses" | "drifts" | "duration";
  /** How much may be. */
  readonly most: number;
  /** Milliseconds back that count: of `duration`, none. */
  readonly within?: number | undefined;
};

const predicate = v.pipe(
  v.array(v.unknown(), 'a predicate, like ["<=", ".amount", 1000]'),
  v.minLength(2, "a predicate with operands"),
  v.check((items) => typeof items[0] === "string", "an operator before its operands"),
);

/** @internal */
export const tripSchema: v.GenericSchema<unknown, Trip> = v.pipe(
  v.strictObject({
    id: label,
    command: commandSchema,
    of: v.picklist(["denials", "uses", "drifts", "duration"], "what is counted"),
    most: positive,
    within: v.optional(positive),
  }),
  v.check(
    ({ of, most, within }) => (of === "duration" ? within === undefined : !!within && most <= 1000),
    "a number up to 1000 within a time, or a duration without one",
  ),
);

/** @internal */
export const policySchema: v.GenericSchema<unknown, LocalPolicy> = v.strictObject({
  rules: v.array(
    v.strictObject({ command: commandSchema, policy: v.array(predicate, "a list of predicates") }),
    "a list of rules",
  ),
  trips: v.optional(v.pipe(v.array(tripSchema, "trips"), v.maxLength(64, "at most 64 trips"))),
});
