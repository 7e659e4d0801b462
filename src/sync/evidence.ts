/**
 * Evidence of equivocation: a file that anybody who pinned a root of the domain can check, offline
 * and without this program's record. Both sides are in it, each as it was signed.
 */
import * as v from "valibot";
import { decodeBase64, encodeBase64 } from "../bytes/base64.js";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import { delegatedSigners } from "../trust/delegation.js";
import type { VerifiedMetadata } from "../trust/metadata.js";
import type { VerifiedTargets } from "../trust/roles.js";
import type { VerifiedRoot } from "../trust/root.js";
import { signersOf, verifyNextRoot } from "../trust/root.js";
import { readSchema } from "../trust/schema.js";
import { STATUS_ROLE } from "../trust/state.js";
import { verifyMetadata } from "../trust/threshold.js";
import type { Result } from "../verdict.js";
import { MAX_STORED_BYTES } from "./record.js";
import { failure, ok } from "../verdict.js";

const base64 = v.pipe(
  v.string("base64"),
  v.check((text) => decodeBase64(text) !== undefined, "base64"),
  v.transform((text) => decodeBase64(text) as Uint8Array),
);

const hash = v.pipe(
  base64,
  v.check((bytes) => bytes.length === 32, "a hash: base64 of 32 bytes"),
);

const common = {
  format: v.literal("writ-equivocation/v1", "the format writ-equivocation/v1"),
  /** From a pinned root to the one whose keys signed both sides. */
  roots: v.pipe(
    v.array(base64),
    v.minLength(1, "at least one root"),
    v.maxLength(1025, "at most 1025 roots"),
  ),
  first: base64,
  second: base64,
};

const metadataEvidence = v.strictObject({
  ...common,
  kind: v.literal("metadata"),
  role: v.picklist(["root", "timestamp", "snapshot", "targets", "status"], "a role"),
  /** For the role `status`: the targets metadata that delegates to it. */
  delegator: v.optional(base64),
});

const logEvidence = v.strictObject({
  ...common,
  kind: v.literal("log"),
  /** The targets metadata and the file `authority.json`, which names the log's key. */
  targets: base64,
  authority: base64,
  /** Consistency proof from the first checkpoint to the second; empty where their sizes are equal. */
  proof: v.pipe(v.array(hash), v.maxLength(63, "at most 63 hashes")),
  /** The root of the second tree at the first's size: where that is a power of two, a proof has none. */
  olderRootInNewer: v.optional(hash),
});

const evidenceSchema = v.variant("kind", [metadataEvidence, logEvidence]);

export type Evidence = v.InferOutput<typeof evidenceSchema>;
export type MetadataEvidence = v.InferOutput<typeof metadataEvidence>;
export type LogEvidence = v.InferOutput<typeof logEvidence>;

export function parseEvidence(bytes: Uint8Array): Result<Evidence> {
  return readSchema("evidence of equivocation", evidenceSchema, bytes, MAX_STORED_BYTES);
}

/** The file. Which side is called first does not depend on which was seen first. */
export function formatEvidence(kernel: Kernel, evidence: Evidence): Uint8Array {
  const { first, second, ...rest } = evidence;
  const turned = rest.kind === "metadata" && digestOf(kernel, first) > digestOf(kernel, second);
  const sides = turned ? { first: second, second: first } : { first, second };
  const encode = (value: unknown): unknown =>
    value instanceof Uint8Array
      ? encodeBase64(value)
      : Array.isArray(value)
        ? value.map(encode)
        : value;
  const object = Object.fromEntries(
    Object.entries({ ...rest, ...sides })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, encode(value)]),
  );
  return encodeUtf8(formatCanonical(object as Parameters<typeof formatCanonical>[0]));
}

function digestOf(kernel: Kernel, bytes: Uint8Array): string {
  return encodeHex(kernel.sha256(bytes));
}

/** One side, signed by the keys that `root` names for the role; for `root`, the root after it. */
export async function verifySide(
  kernel: Kernel,
  root: VerifiedRoot,
  { role, delegator }: Pick<MetadataEvidence, "role" | "delegator">,
  bytes: Uint8Array,
): Promise<Result<VerifiedMetadata<"root" | "timestamp" | "snapshot" | "targets">>> {
  if (role === "root") return await verifyNextRoot(kernel, root, bytes);
  if (role !== STATUS_ROLE) {
    return await verifyMetadata(kernel, role, bytes, signersOf(root, role));
  }
  const targets = await verifyDelegator(kernel, root, delegator);
  if (!targets.ok) return targets;
  const [status] = targets.value.signed.delegations?.roles ?? [];
  if (!status) return failure("MISSING", "a delegation to the role status", "none");
  return await verifyMetadata(kernel, "targets", bytes, delegatedSigners(targets.value, status));
}

export async function verifyDelegator(
  kernel: Kernel,
  root: VerifiedRoot,
  bytes: Uint8Array | undefined,
): Promise<Result<VerifiedTargets>> {
  if (!bytes) return failure("MISSING", "the targets metadata that delegates", "none");
  return await verifyMetadata(kernel, "targets", bytes, signersOf(root, "targets"));
}

/** Two signed parts of one role and one version that differ, or why they are no contradiction. */
export async function verifySides(
  kernel: Kernel,
  root: VerifiedRoot,
  evidence: MetadataEvidence,
): Promise<Result<number>> {
  const first = await verifySide(kernel, root, evidence, evidence.first);
  if (!first.ok) return first;
  const second = await verifySide(kernel, root, evidence, evidence.second);
  if (!second.ok) return second;
  const { version } = first.value.signed;
  if (version !== second.value.signed.version) {
    const found = `versions ${version} and ${second.value.signed.version}`;
    return failure("CONSISTENCY", "two signed parts of one version", found);
  }
  if (first.value.digest === second.value.digest) {
    return failure("CONSISTENCY", "two signed parts that differ", "one, with other signatures");
  }
  return ok(version);
}

/**
 * The evidence file for two files of metadata, under the lowest root of the chain that both verify
 * under: the same file whoever saw which side first. Undefined where no root verifies both.
 */
export async function makeMetadataEvidence(
  kernel: Kernel,
  roots: readonly VerifiedRoot[],
  sides: Pick<MetadataEvidence, "role" | "delegator" | "first" | "second">,
): Promise<Uint8Array | undefined> {
  for (const [i, root] of roots.entries()) {
    const evidence: MetadataEvidence = {
      format: "writ-equivocation/v1",
      kind: "metadata",
      ...sides,
      roots: roots.slice(0, i + 1).map(({ bytes }) => bytes),
    };
    if ((await verifySides(kernel, root, evidence)).ok) return formatEvidence(kernel, evidence);
  }
  return undefined;
}
