/**
 * What is withdrawn: the target file `status/status.json`, under an online key of its own that can
 * revoke and contain and nothing else. Each revocation is kept until its expiry.
 */
import * as v from "valibot";
import { origin } from "../name.js";
import { hex32, time } from "../schema.js";
import { sortedBy } from "./sorted.js";

/** A revocation that never ends. */
export const FOREVER = "9999-12-31T23:59:59Z";

export const statusSchema = v.strictObject({
  /** Authorizations, by the SHA-256 of their payload bytes. */
  authorizations: sortedBy(
    v.strictObject({ sha256: hex32, expires: time }),
    ({ sha256 }) => sha256,
    "authorizations by digest",
  ),
  /** Keys of issuers, principals or gates. */
  keys: sortedBy(v.strictObject({ key: hex32, expires: time }), ({ key }) => key, "keys"),
  /** Gates that may run nothing but clean-up, from this time until they are released. */
  contained: sortedBy(
    v.strictObject({ gate: origin, since: time }),
    ({ gate }) => gate,
    "gates by origin",
  ),
});

export type Status = v.InferOutput<typeof statusSchema>;
