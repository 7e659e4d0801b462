/** What is remembered of a domain, as it is stored: canonical JSON, one value of the store a domain. */
import * as v from "valibot";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { parseDecimal } from "../bytes/decimal.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import { domainName, origin } from "../trust/name.js";
import { hex32, positive, readSchema, time } from "../trust/schema.js";
import type { Result } from "../verdict.js";

const hex32s = v.array(hex32);

/** `digest`: of the signed part. `file`: of the bytes. */
const document = { version: positive, digest: hex32, file: hex32 };

const timestampRow = v.strictObject({ ...document, snapshot: hex32 });

const snapshotRow = v.strictObject({
  ...document,
  targets: hex32,
  status: hex32,
  /** Versions of the files that it names. */
  meta: v.record(v.string(), positive),
});

/** Targets metadata, of either role, with the files that it names. */
const targetsRow = v.strictObject({ ...document, contents: v.record(v.string(), hex32) });

const contradictionRow = v.strictObject({
  role: v.picklist(["root", "timestamp", "snapshot", "targets", "status", "log"]),
  /** The version, or the size of the smaller tree. */
  version: v.string(),
  /** The evidence file. */
  evidence: hex32,
  /** Whether keys in force signed both sides: only then is the domain distrusted. */
  live: v.boolean(),
});

export const recordSchema = v.strictObject({
  format: v.literal("writ-trust/v1", "a record of this program"),
  domain: domainName,
  /** The pinned root, and those that followed it, by the SHA-256 of the files. */
  roots: v.pipe(hex32s, v.minLength(1)),
  timestamps: v.array(timestampRow),
  snapshots: v.array(snapshotRow),
  targets: v.array(targetsRow),
  statuses: v.array(targetsRow),
  withdrawn: v.strictObject({
    authorizations: hex32s,
    keys: hex32s,
    contained: v.array(v.strictObject({ gate: origin, since: time })),
  }),
  contradictions: v.array(contradictionRow),
  /** Evidence that a person has lifted. */
  lifted: hex32s,
  /** The largest checkpoint of the domain's log that is consistent with all before it. */
  log: v.nullable(
    v.strictObject({
      file: hex32,
      size: v.pipe(
        v.string(),
        v.check((text) => parseDecimal(text) !== undefined, "a size"),
      ),
    }),
  ),
  /** What each source gave to ask for the timestamp again. */
  validators: v.record(v.string(), v.strictObject({ timestamp: hex32, validator: v.string() })),
});

export type TrustRecord = v.InferOutput<typeof recordSchema>;
export type TimestampRow = v.InferOutput<typeof timestampRow>;
export type SnapshotRow = v.InferOutput<typeof snapshotRow>;
export type TargetsRow = v.InferOutput<typeof targetsRow>;
export type ContradictionRow = v.InferOutput<typeof contradictionRow>;

export function parseRecord(bytes: Uint8Array): Result<TrustRecord> {
  return readSchema("the stored trust record", recordSchema, bytes);
}

export function formatRecord(record: TrustRecord): Uint8Array {
  return encodeUtf8(formatCanonical(record as Json));
}
