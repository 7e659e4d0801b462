/**
 * What entries name by digest, kept beside the log: chains of authorizations, states, packets and
 * evidence at `kept/<first two digits>/<SHA-256>`, and for each trust state a list of its files at
 * `kept/trust/<digest of the state>`, the files themselves by digest like the rest.
 */
import * as v from "valibot";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { equalBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader, Storage } from "../storage/storage.js";
import { verifyTimestamp } from "../trust/roles.js";
import { verifyPinnedRoot } from "../trust/root.js";
import { domainName } from "../trust/name.js";
import { hex32, readSchema } from "../trust/schema.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { verifyState } from "../trust/state.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/** Bytes of one file: the state of a gate is the longest. */
const MAX_BYTES = 1 << 28;
const MAX_LIST_BYTES = 1 << 20;
const DIGEST = /^[0-9a-f]{64}$/;

/** The files of a trust state. */
export type KeptTrustState = {
  readonly domain: string;
  /** SHA-256 of the root's file and of the timestamp's, from which all others are found. */
  readonly root: string;
  readonly timestamp: string;
  /** SHA-256 of every file, sorted, these two among them. */
  readonly files: readonly string[];
};

const listSchema: v.GenericSchema<unknown, KeptTrustState> = v.strictObject({
  domain: domainName,
  root: hex32,
  timestamp: hex32,
  files: v.array(hex32, "files by digest"),
});

export function keptPath(digest: string): string {
  if (!DIGEST.test(digest)) throw new TypeError(`not a digest: ${digest}`);
  return `kept/${digest.slice(0, 2)}/${digest}`;
}

export function keptTrustPath(digest: string): string {
  if (!DIGEST.test(digest)) throw new TypeError(`not a digest: ${digest}`);
  return `kept/trust/${digest}`;
}

/** Keeps bytes, whose SHA-256 the caller has computed. When it resolves they survive a crash. */
export async function keepContent(
  storage: Storage,
  digest: string,
  bytes: Uint8Array,
): Promise<void> {
  await put(storage, keptPath(digest), bytes);
}

/** MISSING: a gap, which the digest names. DIGEST: other bytes than it names. */
export async function readKept(
  kernel: Kernel,
  reader: Reader,
  digest: string,
): Promise<Result<Uint8Array>> {
  const bytes = await reader.read(keptPath(digest), MAX_BYTES);
  if (!bytes) return failure("MISSING", `the kept content ${digest}`, "none");
  const found = encodeHex(kernel.sha256(bytes));
  if (found === digest) return ok(bytes);
  return failure("DIGEST", `kept content with sha256 ${digest}`, found);
}

/** Keeps all files of a state, and last of all the list of them. */
export async function keepTrustState(
  kernel: Kernel,
  storage: Storage,
  { domain, digest, metadata, contents }: VerifiedTrustState,
): Promise<void> {
  const digestOf = (bytes: Uint8Array): string => encodeHex(kernel.sha256(bytes));
  const all = [...Object.values(metadata).map(({ bytes }) => bytes), ...contents.values()];
  const files = new Map(all.map((bytes) => [digestOf(bytes), bytes]));
  for (const [name, bytes] of files) await keepContent(storage, name, bytes);
  const list: KeptTrustState = {
    domain,
    root: digestOf(metadata.root.bytes),
    timestamp: digestOf(metadata.timestamp.bytes),
    files: [...files.keys()].sort(),
  };
  await put(storage, keptTrustPath(digest), encodeUtf8(formatCanonical(list as Json)));
}

/** The list of a kept state's files; MISSING where there is none. */
export async function readTrustList(
  reader: Reader,
  digest: string,
): Promise<Result<KeptTrustState>> {
  const bytes = await reader.read(keptTrustPath(digest), MAX_LIST_BYTES);
  if (!bytes) return failure("MISSING", `the kept trust state ${digest}`, "none");
  return readSchema("the list of a trust state's files", listSchema, bytes, MAX_LIST_BYTES);
}

/**
 * A kept state, verified again under the root that it was kept with. Whether that root is one of the
 * domain's is for the caller: it is `metadata.root`.
 */
export async function readTrustState(
  kernel: Kernel,
  reader: Reader,
  digest: string,
): Promise<Result<VerifiedTrustState>> {
  const list = await readTrustList(reader, digest);
  if (!list.ok) return list;
  const rootBytes = await readKept(kernel, reader, list.value.root);
  if (!rootBytes.ok) return rootBytes;
  const root = await verifyPinnedRoot(kernel, rootBytes.value);
  if (!root.ok) return root;
  const timestampBytes = await readKept(kernel, reader, list.value.timestamp);
  if (!timestampBytes.ok) return timestampBytes;
  const timestamp = await verifyTimestamp(kernel, root.value, timestampBytes.value);
  if (!timestamp.ok) return timestamp;
  const state = await verifyState(kernel, root.value, timestamp.value, async (path, _, sha256) =>
    sha256 === undefined
      ? failure("DIGEST", `a digest of ${path}`, "none")
      : await readKept(kernel, reader, sha256),
  );
  if (!state.ok || state.value.digest === digest) return state;
  return failure("DIGEST", `the kept trust state ${digest}`, state.value.digest);
}

/** Nothing is written where the same bytes stand; others were damaged, and are replaced. */
async function put(storage: Storage, path: string, bytes: Uint8Array): Promise<void> {
  const found = await storage.read(path, bytes.length);
  if (found && equalBytes(found, bytes)) return;
  await storage.write(path, bytes);
}
