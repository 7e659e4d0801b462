/** What a run starts from: the target file `baseline.json`. */
import * as v from "valibot";
import { label } from "../name.js";
import { hex32 } from "../schema.js";
import { sortedBy } from "./sorted.js";

export const baselineSchema = v.strictObject({
  /** SHA-256 of the kernels that may run. */
  kernels: sortedBy(hex32, (digest) => digest, "kernel digests"),
  /** SHA-256 of the policy file that this baseline was set with. */
  policy: hex32,
  /** What the environment must measure: names of modules or programs, with their SHA-256. */
  environment: sortedBy(
    v.strictObject({ name: label, sha256: hex32 }),
    ({ name }) => name,
    "environment by name",
  ),
});

export type Baseline = v.InferOutput<typeof baselineSchema>;
