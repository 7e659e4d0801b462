/** What a run starts from: the target file `baseline.json`. */
import * as v from "valibot";
import { label } from "../name.js";
import { hex32 } from "../schema.js";
import { sortedBy } from "./sorted.js";

export type Baseline = {
  /** SHA-256 of the kernels that may run. */
  readonly kernels: readonly string[];
  /** SHA-256 of the policy file that this baseline was set with. */
  readonly policy: string;
  /** What the environment must measure. */
  readonly environment: readonly Measured[];
};

export type Measured = {
  /** A module or a program. */
  readonly name: string;
  /** SHA-256 of its bytes. */
  readonly sha256: string;
};

/** @internal */
export const baselineSchema: v.GenericSchema<unknown, Baseline> = v.strictObject({
  kernels: sortedBy(hex32, (digest) => digest, "kernel digests"),
  policy: hex32,
  environment: sortedBy(
    v.strictObject({ name: label, sha256: hex32 }),
    ({ name }) => name,
    "environment by name",
  ),
});
