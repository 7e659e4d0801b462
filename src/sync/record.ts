/** What is remembered of a domain, as it is stored: canonical JSON, one value of the store a domain. */
import * as v from "valibot";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { parseDecimal } from "../bytes/decimal.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import { domainName, origin } from "../trust/name.js";
import { hex32, positive, readSchema, time } from "../trust/schema.js";
import type { Withdrawn } from "../trust/view.js";
import type { Result } from "../verdict.js";
import { ok } from "../verdict.js";

/** Of one stored value: a record, evidence with a long chain of roots, or many withdrawals. */
export const MAX_STORED_BYTES = 16 << 20;

const hex32s = v.array(hex32);

/** `digest`: of the signed part. `file`: of the bytes. */
const document = { version: positive, digest: hex32, file: hex32 };

const timestampRow = v.strictObject({
  ...document,
  /** The file of the snapshot that it names. */
  snapshot: hex32,
  /** Whether all that it names was verified with it and is stored. */
  whole: v.boolean(),
});

const snapshotRow = v.strictObject({
  ...document,
  /** The files that it names, and their versions. */
  targets: hex32,
  status: hex32,
  targetsVersion: positive,
  statusVersion: positive,
});

/** Targets metadata, with the files that it names. */
const targetsRow = v.strictObject({ ...document, contents: v.record(v.string(), hex32) });

/** The same of the role `status`, with the files of targets that delegate to its signers. */
const statusRow = v.strictObject({ ...targetsRow.entries, delegators: hex32s });

const contradictionRow = v.strictObject({
  role: v.picklist(["root", "timestamp", "snapshot", "targets", "status", "log"]),
  /** The version, or the size of the smaller tree. */
  version: v.string(),
  /** Of the two signed parts, in order; empty for a log. */
  digests: hex32s,
  /** The evidence file. */
  evidence: hex32,
  /** Two roots of one version are settled by pinning one of them. */
  settled: v.boolean(),
});

const withdrawnSchema = v.strictObject({
  authorizations: hex32s,
  keys: hex32s,
  contained: v.array(v.strictObject({ gate: origin, since: time })),
});

const recordSchema = v.strictObject({
  format: v.literal("writ-trust/v1", "a record of this program"),
  domain: domainName,
  /** The pinned root, and those that followed it, by the SHA-256 of the files. */
  roots: v.pipe(hex32s, v.minLength(1)),
  timestamps: v.array(timestampRow),
  snapshots: v.array(snapshotRow),
  targets: v.array(targetsRow),
  statuses: v.array(statusRow),
  /** The file of everything that was ever seen withdrawn: it changes seldom and only grows. */
  withdrawn: hex32,
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
export type StatusRow = v.InferOutput<typeof statusRow>;
export type ContradictionRow = v.InferOutput<typeof contradictionRow>;

export function parseRecord(bytes: Uint8Array): Result<TrustRecord> {
  return readSchema("the stored trust record", recordSchema, bytes, MAX_STORED_BYTES);
}

export function formatRecord(record: TrustRecord): Uint8Array {
  return encodeUtf8(formatCanonical(record as Json));
}

/** Every file that a record names, by digest. */
export function filesOf(record: TrustRecord): ReadonlySet<string> {
  const { roots, timestamps, snapshots, targets, statuses, contradictions, log } = record;
  const rows = [...timestamps, ...snapshots, ...targets, ...statuses];
  return new Set([
    ...roots,
    ...rows.map(({ file }) => file),
    ...[...targets, ...statuses].flatMap(({ contents }) => Object.values(contents)),
    ...contradictions.map(({ evidence }) => evidence),
    ...(log ? [log.file] : []),
    record.withdrawn,
  ]);
}

export function parseWithdrawn(bytes: Uint8Array): Result<Withdrawn> {
  const parsed = readSchema("the stored withdrawals", withdrawnSchema, bytes, MAX_STORED_BYTES);
  if (!parsed.ok) return parsed;
  const { authorizations, keys, contained } = parsed.value;
  return ok({
    authorizations: new Set(authorizations),
    keys: new Set(keys),
    contained: new Map(contained.map(({ gate, since }) => [gate, since])),
  });
}

export function formatWithdrawn({ authorizations, keys, contained }: Withdrawn): Uint8Array {
  return encodeUtf8(
    formatCanonical({
      authorizations: [...authorizations].sort(),
      keys: [...keys].sort(),
      contained: [...contained]
        .map(([gate, since]) => ({ gate, since }))
        .sort((a, b) => (a.gate < b.gate ? -1 : 1)),
    }),
  );
}
