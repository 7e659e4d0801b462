/**
 * What is withdrawn: the target file `status/status.json`, under an online key of its own that can
 * revoke and contain and nothing else. Each revocation is kept until its expiry.
 */
import * as v from "valibot";
import { origin } from "../name.js";
import { hex32, time } from "../schema.js";
import { sortedBy } from "./sorted.js";

export type Status = {
  /** Authorizations that are revoked. */
  readonly authorizations: readonly RevokedAuthorization[];
  /** Keys that are revoked, of issuers, principals or gates. */
  readonly keys: readonly RevokedKey[];
  /** Gates that may run nothing but clean-up until they are released. */
  readonly contained: readonly Containment[];
};

export type RevokedAuthorization = {
  /** SHA-256 of the authorization's payload bytes. */
  readonly sha256: string;
  /** Until when the revocation is listed. */
  readonly expires: string;
};

export type RevokedKey = {
  /** Ed25519 public key, in hexadecimal. */
  readonly key: string;
  /** Until when the revocation is listed. */
  readonly expires: string;
};

export type Containment = {
  /** The origin of the gate's log. */
  readonly gate: string;
  /** When it began. */
  readonly since: string;
};

/** A revocation that never ends. */
export const FOREVER = "9999-12-31T23:59:59Z";

/** @internal */
export const statusSchema: v.GenericSchema<unknown, Status> = v.strictObject({
  authorizations: sortedBy(
    v.strictObject({ sha256: hex32, expires: time }),
    ({ sha256 }) => sha256,
    "authorizations by digest",
  ),
  keys: sortedBy(v.strictObject({ key: hex32, expires: time }), ({ key }) => key, "keys"),
  contained: sortedBy(
    v.strictObject({ gate: origin, since: time }),
    ({ gate }) => gate,
    "gates by origin",
  ),
});
