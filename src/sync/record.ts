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

export type TrustRecord = {
  readonly format: "writ-trust/v1";
  readonly domain: string;
  /** The pinned root, and those that followed it, by the SHA-256 of the files. */
  readonly roots: readonly string[];
  readonly timestamps: readonly TimestampRow[];
  readonly snapshots: readonly SnapshotRow[];
  readonly targets: readonly TargetsRow[];
  readonly statuses: readonly StatusRow[];
  /** The file of everything that was ever seen withdrawn: it changes seldom and only grows. */
  readonly withdrawn: string;
  readonly contradictions: readonly ContradictionRow[];
  /** Evidence that a person has lifted. */
  readonly lifted: readonly string[];
  /** The largest checkpoint of the domain's log that is consistent with all before it. */
  readonly log: { readonly file: string; readonly size: string } | null;
  /** What each source gave to ask for the timestamp again. */
  readonly validators: Readonly<
    Record<string, { readonly timestamp: string; readonly validator: string }>
  >;
};

/** `digest`: of the signed part. `file`: of the bytes. */
type Document = { readonly version: number; readonly digest: string; readonly file: string };

export type TimestampRow = Document & {
  /** The file of the snapshot that it names. */
  readonly snapshot: string;
  /** Whether all that it names was verified with it and is stored. */
  readonly whole: boolean;
};

export type SnapshotRow = Document & {
  /** The files that it names, and their versions. */
  readonly targets: string;
  readonly status: string;
  readonly targetsVersion: number;
  readonly statusVersion: number;
};

/** Targets metadata, with the files that it names. */
export type TargetsRow = Document & { readonly contents: Readonly<Record<string, string>> };

/** The same of the role `status`. */
export type StatusRow = TargetsRow & {
  /** The files of targets that delegate to its signers. */
  readonly delegators: readonly string[];
  /** SHA-256 over the threshold and the keys that they name. */
  readonly signers: string;
};

export type ContradictionRow = {
  readonly role: "root" | "timestamp" | "snapshot" | "targets" | "status" | "log";
  /** The version, or the size of the smaller tree. */
  readonly version: string;
  /** Of the two signed parts, in order; empty for a log. */
  readonly digests: readonly string[];
  /** The evidence file. */
  readonly evidence: string;
  /** Two roots of one version are settled by pinning one of them. */
  readonly settled: boolean;
};

const hex32s = v.array(hex32);

const document = { version: positive, digest: hex32, file: hex32 };

const timestampRow = v.strictObject({ ...document, snapshot: hex32, whole: v.boolean() });

const snapshotRow = v.strictObject({
  ...document,
  targets: hex32,
  status: hex32,
  targetsVersion: positive,
  statusVersion: positive,
});

const targetsRow = v.strictObject({ ...document, contents: v.record(v.string(), hex32) });

const statusRow = v.strictObject({
  ...targetsRow.entries,
  delegators: hex32s,
  signers: hex32,
});

const contradictionRow = v.strictObject({
  role: v.picklist(["root", "timestamp", "snapshot", "targets", "status", "log"]),
  version: v.string(),
  digests: hex32s,
  evidence: hex32,
  settled: v.boolean(),
});

const withdrawnSchema = v.strictObject({
  authorizations: hex32s,
  keys: hex32s,
  contained: v.array(v.strictObject({ gate: origin, since: time })),
});

const recordSchema: v.GenericSchema<unknown, TrustRecord> = v.strictObject({
  format: v.literal("writ-trust/v1", "a record of this program"),
  domain: domainName,
  roots: v.pipe(hex32s, v.minLength(1)),
  timestamps: v.array(timestampRow),
  snapshots: v.array(snapshotRow),
  targets: v.array(targetsRow),
  statuses: v.array(statusRow),
  withdrawn: hex32,
  contradictions: v.array(contradictionRow),
  lifted: hex32s,
  log: v.nullable(
    v.strictObject({
      file: hex32,
      size: v.pipe(
        v.string(),
        v.check((text) => parseDecimal(text) !== undefined, "a size"),
      ),
    }),
  ),
  validators: v.record(v.string(), v.strictObject({ timestamp: hex32, validator: v.string() })),
});

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
