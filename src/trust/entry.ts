/**
 * Entries of a domain's log: each trust change, before it takes effect. Canonical JSON, chained by
 * the leaf hash of the entry before.
 */
import * as v from "valibot";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Result } from "../verdict.js";
import { domainName } from "./name.js";
import { hex32, positive, readSchema, time } from "./schema.js";

/** `renew`: the same contents with later expiries. */
export const CHANGES = ["init", "publish", "rotate", "revoke", "contain", "renew"] as const;

const signedPart = v.strictObject({ version: positive, sha256: hex32 });

const entrySchema = v.strictObject({
  kind: v.literal("trust", 'the kind "trust"'),
  domain: domainName,
  change: v.picklist(CHANGES, "a kind of change"),
  time,
  /** Leaf hash of the entry before; null in the first. */
  prev: v.nullable(hex32),
  /** Versions and digests of the signed parts that take effect after this entry. */
  root: signedPart,
  snapshot: signedPart,
  targets: signedPart,
  status: signedPart,
});

export type TrustEntry = v.InferOutput<typeof entrySchema>;

export function parseTrustEntry(bytes: Uint8Array): Result<TrustEntry> {
  return readSchema("an entry of a domain's log", entrySchema, bytes);
}

export function formatTrustEntry(entry: TrustEntry): Uint8Array {
  return encodeUtf8(formatCanonical(v.parse(entrySchema, entry)));
}
