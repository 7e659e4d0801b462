/**
 * The first line of a proof bundle: what the bundle holds, every part by digest. Nobody signs it; the
 * bundle's id is its SHA-256, and what convinces are the checkpoints that it names.
 *
 * A file is named by the SHA-256 of its bytes. The entries of a log are named by the leaf hash of the
 * last of them: each holds the leaf hash of the one before.
 */
import * as v from "valibot";
import { decodeBase64 } from "../bytes/base64.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { equalBytes } from "../bytes/concat.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import { domainName, origin } from "../trust/name.js";
import { hex32, readSchema } from "../trust/schema.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

export const BUNDLE_FORMAT = "writ-bundle/v1";

/** Bytes of the manifest's line. */
export const MAX_MANIFEST_BYTES = 64 << 20;

export type Manifest = {
  readonly format: typeof BUNDLE_FORMAT;
  /** Every domain with a trust state here, by name. */
  readonly domains: readonly BundledDomain[];
  /** Every trust state, by digest. */
  readonly trust: readonly BundledState[];
  /** Every file, by digest. Its line holds it as one string of JSON. */
  readonly files: readonly BundledFile[];
  /** Logs of domains before those of gates, by origin. */
  readonly logs: readonly BundledLog[];
};

export type BundledDomain = {
  readonly domain: string;
  /** The files of its roots, each version that is here after the one before. */
  readonly roots: readonly string[];
};

export type BundledState = {
  /** As entries name it. */
  readonly digest: string;
  readonly domain: string;
  /** The file of its root, and that of its timestamp, from which all others are found. */
  readonly root: string;
  readonly timestamp: string;
};

export type BundledFile = {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
};

export type BundledLog = {
  readonly kind: "domain" | "gate";
  readonly origin: string;
  /** Index of the first entry that is here. */
  readonly from: number;
  /** Number of entries, one after the other. */
  readonly count: number;
  /** Leaf hash of the last. */
  readonly last: string;
  /** Roots of the complete subtrees over the entries before `from`, the largest first, in base64. */
  readonly before: readonly string[];
  /** By size, the smallest first. */
  readonly checkpoints: readonly BundledCheckpoint[];
  /** Of a gate: the runs that this is about, or null for all; the others are here for the log's sake. */
  readonly runs: readonly string[] | null;
  /** Of a gate: the lines behind entries that open what these name by digest. */
  readonly opened: { readonly count: number; readonly sha256: string } | null;
};

export type BundledCheckpoint = {
  /** Entries that it covers. */
  readonly size: number;
  /** The file of the signed note. */
  readonly sha256: string;
  /**
   * Hashes of a consistency proof (RFC 6962, section 2.1.2), in base64: of one before the first entry
   * that is here, from it to the largest; of one behind the last, from the end of the entries to it. The
   * others need none: the entries lead there.
   */
  readonly proof: readonly string[];
};

const whole = v.pipe(v.number(), v.safeInteger("a whole number"), v.minValue(0, "a whole number"));
const hash = v.pipe(
  v.string("a hash in base64"),
  v.check((text) => decodeBase64(text)?.length === 32, "32 bytes in base64"),
);
const hashes = v.pipe(v.array(hash, "hashes"), v.maxLength(64, "at most 64 hashes"));
const runId = v.pipe(v.string("a run's id"), v.regex(/^[0-9a-f]{32}$/, "a run's id"));

const log = v.strictObject({
  kind: v.picklist(["domain", "gate"], "a kind of log: domain or gate"),
  origin,
  from: whole,
  count: v.pipe(whole, v.minValue(1, "at least one entry")),
  last: hex32,
  before: hashes,
  checkpoints: v.pipe(
    v.array(v.strictObject({ size: whole, sha256: hex32, proof: hashes }), "checkpoints"),
    v.minLength(1, "at least one checkpoint"),
    v.maxLength(100_000, "at most 100,000 checkpoints"),
  ),
  runs: v.nullable(v.pipe(v.array(runId, "runs"), v.minLength(1, "at least one run"))),
  opened: v.nullable(v.strictObject({ count: whole, sha256: hex32 })),
});

const manifestSchema: v.GenericSchema<unknown, Manifest> = v.strictObject({
  format: v.literal(BUNDLE_FORMAT, `the format ${BUNDLE_FORMAT}`),
  domains: v.pipe(
    v.array(v.strictObject({ domain: domainName, roots: v.array(hex32, "roots") }), "domains"),
    v.maxLength(1024, "at most 1024 domains"),
  ),
  trust: v.array(
    v.strictObject({ digest: hex32, domain: domainName, root: hex32, timestamp: hex32 }),
    "trust states",
  ),
  files: v.array(v.strictObject({ sha256: hex32, size: whole }), "files"),
  logs: v.pipe(v.array(log, "logs"), v.maxLength(256, "at most 256 logs")),
});

/** MALFORMED for what is no manifest; NON_CANONICAL for one that is written, or sorted, in another way. */
export function parseManifest(line: Uint8Array): Result<Manifest> {
  const read = readSchema("the manifest", manifestSchema, line, MAX_MANIFEST_BYTES);
  if (!read.ok) return read;
  const manifest = read.value;
  if (!equalBytes(formatManifest(manifest), line)) {
    return failure("NON_CANONICAL", "a manifest in canonical JSON", "another form of it");
  }
  if (!manifest.logs.some(({ kind }) => kind === "gate")) {
    return failure("NOTHING_CHECKED", "the log of a gate", "none");
  }
  const unsorted = unsortedIn(manifest);
  if (unsorted) return failure("NON_CANONICAL", `${unsorted} sorted, each once`, "another order");
  const named = [...new Set(manifest.trust.map(({ domain }) => domain))].sort();
  if (named.join() !== manifest.domains.map(({ domain }) => domain).join()) {
    return failure("NON_CANONICAL", "the domains of the trust states, and no other", "others");
  }
  // Checks and what is remembered name a log by its origin alone.
  if (new Set(manifest.logs.map(({ origin: each }) => each)).size < manifest.logs.length) {
    return failure("NON_CANONICAL", "each origin of a log once", "one twice");
  }
  for (const { kind, origin: name, from, count, before, runs, opened } of manifest.logs) {
    const levels = from.toString(2).replaceAll("0", "").length;
    if (before.length !== levels || !Number.isSafeInteger(from + count)) {
      return failure("MALFORMED", `${levels} subtrees before entry ${from}`, `${before.length}`);
    }
    if ((kind === "domain") !== (opened === null) || (kind === "domain" && runs !== null)) {
      return failure("MALFORMED", "`opened` of each gate's log, and of no other", name);
    }
  }
  return ok(manifest);
}

export function formatManifest(manifest: Manifest): Uint8Array {
  return encodeUtf8(formatCanonical(manifest as unknown as Json));
}

function unsortedIn({ domains, trust, files, logs }: Manifest): string | undefined {
  const orders: readonly (readonly [string, readonly string[]])[] = [
    ["domains", domains.map(({ domain }) => domain)],
    ["trust states", trust.map(({ digest }) => digest)],
    ["files", files.map(({ sha256 }) => sha256)],
    ["logs", logs.map((each) => `${each.kind} ${each.origin}`)],
    ...logs.flatMap(({ checkpoints, runs }) => [
      ["checkpoints", checkpoints.map(({ size }) => String(size).padStart(16, "0"))] as const,
      ["runs", runs ?? []] as const,
    ]),
  ];
  return orders.find(([, names]) =>
    names.some((name, i) => i > 0 && !(name > (names[i - 1] as string))),
  )?.[0];
}
