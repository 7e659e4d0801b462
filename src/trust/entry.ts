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

export type TrustEntry = {
  /** Tells it from other entries. */
  readonly kind: "trust";
  /** Whose trust it is. */
  readonly domain: string;
  /** What was done. */
  readonly change: (typeof CHANGES)[number];
  /** Not before the time of the entry before. */
  readonly time: string;
  /** Leaf hash of the entry before, in hexadecimal; null in the first. */
  readonly prev: string | null;
  /** The root that is in force after this entry, as the others here. */
  readonly root: NamedPart;
  /** The snapshot, which names targets and status. */
  readonly snapshot: NamedPart;
  /** The metadata of the offline role. */
  readonly targets: NamedPart;
  /** The metadata of the role that revokes and contains. */
  readonly status: NamedPart;
};

/** A file of metadata by its signed part: other signatures do not change it. */
export type NamedPart = {
  /** The version that the signed part states. */
  readonly version: number;
  /** SHA-256 of the signed part's canonical form. */
  readonly sha256: string;
};

const signedPart = v.strictObject({ version: positive, sha256: hex32 });

/** @internal */
export const entrySchema: v.GenericSchema<unknown, TrustEntry> = v.strictObject({
  kind: v.literal("trust", 'the kind "trust"'),
  domain: domainName,
  change: v.picklist(CHANGES, "a kind of change"),
  time,
  prev: v.nullable(hex32),
  root: signedPart,
  snapshot: signedPart,
  targets: signedPart,
  status: signedPart,
});

export function parseTrustEntry(bytes: Uint8Array): Result<TrustEntry> {
  return readSchema("an entry of a domain's log", entrySchema, bytes);
}

export function formatTrustEntry(entry: TrustEntry): Uint8Array {
  return encodeUtf8(formatCanonical(v.parse(entrySchema, entry)));
}
