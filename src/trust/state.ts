/**
 * The trust state of a domain: its TUF metadata and what its target files say, verified together from
 * one timestamp down, so that no two versions are ever mixed.
 */
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { freezeDeep } from "../bytes/frozen.js";
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type * as v from "valibot";
import { checkPeerRoots, checkPolicyDigest, checkRoleKeys } from "./agreement.js";
import type { Authority } from "./contents/authority.js";
import { authoritySchema } from "./contents/authority.js";
import type { Baseline } from "./contents/baseline.js";
import { baselineSchema } from "./contents/baseline.js";
import type { Peers } from "./contents/peers.js";
import { peersSchema } from "./contents/peers.js";
import type { LocalPolicy } from "./contents/policy.js";
import { policySchema } from "./contents/policy.js";
import type { Status } from "./contents/status.js";
import { statusSchema } from "./contents/status.js";
import { delegatedSigners } from "./delegation.js";
import type { DelegatedRole, Meta, Target } from "./metadata.js";
import type { ReadFile } from "./repository.js";
import { readSnapshot, readTargetFile, readTargets } from "./repository.js";
import type { VerifiedSnapshot, VerifiedTargets, VerifiedTimestamp } from "./roles.js";
import { metaOf } from "./roles.js";
import type { VerifiedRoot } from "./root.js";
import { signersOf } from "./root.js";
import { millisecondsOf, readSchema } from "./schema.js";
import type { Signers } from "./threshold.js";

/** Where the parts lie, as target paths. `peers/<name>/root.json` are beside them. */
export const CONTENTS = {
  authority: "authority.json",
  policy: "policy.json",
  peers: "peers.json",
  baseline: "baseline.json",
  witnesses: "witnesses",
  status: "status/status.json",
} as const;

/** All target files of a domain together. */
const MAX_CONTENTS_BYTES = 16 << 20;

/** The delegated role that revokes and contains. */
export const STATUS_ROLE = "status" as const;
export const STATUS_PATHS = ["status/*"];

/** The five files of metadata, each signed by the threshold of its role. */
export interface StateMetadata {
  readonly root: VerifiedRoot;
  readonly timestamp: VerifiedTimestamp;
  readonly snapshot: VerifiedSnapshot;
  readonly targets: VerifiedTargets;
  readonly status: VerifiedTargets;
}

/** Immutable. Authentic, which does not say fresh: see `judgeFreshness`. */
export interface VerifiedTrustState {
  readonly domain: string;
  /** SHA-256, in hexadecimal, over the versions and digests of all signed parts. */
  readonly digest: string;
  readonly metadata: StateMetadata;
  /** Milliseconds since the epoch; undefined where the timestamp does not say when it was made. */
  readonly issued: number | undefined;
  readonly authority: Authority;
  readonly status: Status;
  readonly policy: LocalPolicy;
  readonly peers: Peers;
  /** Undefined where the domain demands none. */
  readonly baseline: Baseline | undefined;
  /** A C2SP tlog-policy: the witnesses that the domain asks for its own logs. */
  readonly witnesses: Uint8Array | undefined;
  /** The target files by target path, as they were signed. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** What was read from a timestamp down, each file signed by the threshold of its role. */
export interface ReadState {
  readonly root: VerifiedRoot;
  /** Also those that were read before something failed. */
  readonly documents: Partial<StateMetadata> & Pick<StateMetadata, "timestamp">;
  readonly state: Result<VerifiedTrustState>;
}

/** Verifies all that `timestamp` names, reading through `read`. Expiry is not looked at. */
export async function verifyState(
  kernel: Kernel,
  root: VerifiedRoot,
  timestamp: VerifiedTimestamp,
  read: ReadFile,
): Promise<Result<VerifiedTrustState>> {
  return (await readState(kernel, root, timestamp, read)).state;
}

/**
 * What another timestamp under the same root makes of the snapshot that `state` was verified from:
 * all but the timestamp is content of the files that the snapshot names by digest, and the same.
 * Undefined where it names another snapshot, or the same in other words.
 */
export function renewState(
  kernel: Kernel,
  state: VerifiedTrustState,
  timestamp: VerifiedTimestamp,
): Result<VerifiedTrustState> | undefined {
  const { domain, metadata } = state;
  const [before, now] = [metadata.timestamp, timestamp].map(({ signed }) =>
    formatCanonical(signed.meta["snapshot.json"] as Json),
  );
  if (before !== now) return undefined;
  const otherRoot = checkRootNamed(metadata.root, timestamp);
  if (otherRoot) return otherRoot;
  const renewed = { ...metadata, timestamp };
  const { issued } = timestamp.signed;
  return ok(
    Object.freeze({
      ...state,
      digest: stateDigest(kernel, domain, renewed),
      metadata: Object.freeze(renewed),
      issued: issued === undefined ? undefined : millisecondsOf(issued),
    }),
  );
}

type Documents = { -readonly [Role in keyof StateMetadata]?: StateMetadata[Role] } & {
  timestamp: VerifiedTimestamp;
};

/** `verifyState` that also gives what it read before it failed. */
export async function readState(
  kernel: Kernel,
  root: VerifiedRoot,
  timestamp: VerifiedTimestamp,
  read: ReadFile,
): Promise<ReadState> {
  const documents: Documents = { timestamp };
  const state = await readInto(documents, kernel, root, read);
  return { root, documents, state };
}

async function readInto(
  documents: Documents,
  kernel: Kernel,
  root: VerifiedRoot,
  read: ReadFile,
): Promise<Result<VerifiedTrustState>> {
  const { domain } = root.signed;
  if (domain === undefined) return failure("MALFORMED", "a root that names its domain", "none");
  const { timestamp } = documents;
  const otherRoot = checkRootNamed(root, timestamp);
  if (otherRoot) return otherRoot;
  const unnamed = checkNamedByDigest("snapshot", timestamp.signed.meta["snapshot.json"]);
  if (unnamed) return unnamed;
  const snapshot = await readSnapshot(kernel, root, timestamp, read);
  if (!snapshot.ok) return snapshot;
  for (const name of ["targets", STATUS_ROLE]) {
    const meta = metaOf(snapshot.value, name);
    if (!meta.ok) return meta;
    const bad = checkNamedByDigest(name, meta.value);
    if (bad) return bad;
  }
  documents.snapshot = snapshot.value;
  const byRoot = signersOf(root, "targets");
  const targets = await readTargets(kernel, root, byRoot, snapshot.value, "targets", read);
  if (!targets.ok) return targets;
  documents.targets = targets.value;
  const role = statusRole(targets.value);
  if (!role.ok) return role;
  const signers = delegatedSigners(targets.value, role.value);
  const status = await readTargets(kernel, root, signers, snapshot.value, STATUS_ROLE, read);
  if (!status.ok) return status;
  documents.status = status.value;
  const metadata: StateMetadata = {
    root,
    timestamp,
    snapshot: snapshot.value,
    targets: targets.value,
    status: status.value,
  };
  const contents = await readContents(kernel, metadata, read);
  return contents.ok ? parseContents(kernel, domain, metadata, signers, contents.value) : contents;
}

/** In a domain every file is named by its SHA-256, so that it can be kept and relayed by that. */
function checkNamedByDigest(name: string, { hashes }: Pick<Meta, "hashes">): Failure | undefined {
  if (/^[0-9a-f]{64}$/.test(hashes?.["sha256"] ?? "")) return undefined;
  return failure("MALFORMED", `the sha256 of ${name} metadata in the file that names it`, "none");
}

/** A timestamp may be older than the root in force, never of a later one, nor of another one. */
function checkRootNamed(root: VerifiedRoot, { signed }: VerifiedTimestamp): Failure | undefined {
  if (!signed.root || signed.root.version < root.signed.version) return undefined;
  const found = `version ${root.signed.version}, sha256 ${root.digest}`;
  const expected = `the root that the timestamp names: version ${signed.root.version}, sha256 ${signed.root.sha256}`;
  if (signed.root.version > root.signed.version) return failure("MISSING", expected, found);
  return signed.root.sha256 === root.digest ? undefined : failure("KEY", expected, found);
}

/** The one delegation that a domain has: to the role that can only revoke and contain. */
function statusRole({ signed }: VerifiedTargets): Result<DelegatedRole> {
  const roles = signed.delegations?.roles ?? [];
  const [role] = roles;
  const paths = role?.paths?.join() === STATUS_PATHS.join() && !role.path_hash_prefixes;
  if (role?.name === STATUS_ROLE && role.terminating && paths && roles.length === 1) {
    return ok(role);
  }
  const expected = `one delegation: ${STATUS_ROLE}, terminating, for ${STATUS_PATHS.join()}`;
  return failure("MALFORMED", expected, `${roles.length} delegations`);
}

async function readContents(
  kernel: Kernel,
  { root, targets, status }: StateMetadata,
  read: ReadFile,
): Promise<Result<ReadonlyMap<string, Uint8Array>>> {
  const contents = new Map<string, Uint8Array>();
  const named = [...namedBy("targets", targets), ...namedBy(STATUS_ROLE, status)];
  const length = named.reduce((sum, [, target]) => sum + target.length, 0);
  if (length > MAX_CONTENTS_BYTES) {
    const expected = `target files of at most ${MAX_CONTENTS_BYTES} bytes together`;
    return failure("TOO_LARGE", expected, `${length}`);
  }
  for (const [path, target] of named) {
    const unnamed = checkNamedByDigest(path, target);
    if (unnamed) return unnamed;
    const bytes = await readTargetFile(kernel, root, path, target, read);
    if (!bytes.ok) return bytes;
    contents.set(path, bytes.value);
  }
  return ok(sealed(contents));
}

/** A map that nobody changes any more. */
function sealed(map: Map<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const refuse = (): never => {
    throw new TypeError("the contents of a trust state do not change");
  };
  return Object.freeze(Object.assign(map, { set: refuse, delete: refuse, clear: refuse }));
}

/**
 * The target files that a state reads of those that a role names. The role `status` speaks for its own
 * path only, and the role `targets` for every other.
 */
export function namedBy(
  role: "targets" | typeof STATUS_ROLE,
  { signed }: VerifiedTargets,
): [string, Target][] {
  const { authority, policy, peers, baseline, witnesses } = CONTENTS;
  const names: readonly string[] =
    role === STATUS_ROLE ? [CONTENTS.status] : [authority, policy, peers, baseline, witnesses];
  return Object.entries(signed.targets).filter(
    ([path]) =>
      names.includes(path) || (role === "targets" && /^peers\/[a-z0-9.-]+\/root\.json$/.test(path)),
  );
}

function parseContents(
  kernel: Kernel,
  domain: string,
  metadata: StateMetadata,
  signers: Signers,
  contents: ReadonlyMap<string, Uint8Array>,
): Result<VerifiedTrustState> {
  const part = <Schema extends v.GenericSchema>(path: string, schema: Schema) => {
    const bytes = contents.get(path);
    return bytes
      ? readSchema(path, schema, bytes)
      : failure("MISSING", `the target file ${path}`, "no role names it");
  };
  const authority = part(CONTENTS.authority, authoritySchema);
  if (!authority.ok) return authority;
  const policy = part(CONTENTS.policy, policySchema);
  if (!policy.ok) return policy;
  const peers = part(CONTENTS.peers, peersSchema);
  if (!peers.ok) return peers;
  const status = part(CONTENTS.status, statusSchema);
  if (!status.ok) return status;
  const baseline = contents.has(CONTENTS.baseline)
    ? part(CONTENTS.baseline, baselineSchema)
    : ok(undefined);
  if (!baseline.ok) return baseline;
  const bad =
    checkRoleKeys(metadata.root, signers, authority.value) ??
    checkPeerRoots(kernel, peers.value, contents) ??
    (baseline.value &&
      checkPolicyDigest(kernel, baseline.value, contents.get(CONTENTS.policy) as Uint8Array));
  if (bad) return bad;
  const { issued } = metadata.timestamp.signed;
  return ok(
    Object.freeze({
      domain,
      digest: stateDigest(kernel, domain, metadata),
      metadata: Object.freeze(metadata),
      issued: issued === undefined ? undefined : millisecondsOf(issued),
      authority: freezeDeep(authority.value),
      status: freezeDeep(status.value),
      policy: freezeDeep(policy.value),
      peers: freezeDeep(peers.value),
      baseline: freezeDeep(baseline.value),
      witnesses: contents.get(CONTENTS.witnesses),
      contents,
    }),
  );
}

/** Versions and digests of all signed parts, in canonical JSON, hashed. */
export function stateDigest(kernel: Kernel, domain: string, metadata: StateMetadata): string {
  const parts = Object.entries(metadata).map(([role, { signed, digest }]) => [
    role,
    { version: signed.version, sha256: digest },
  ]);
  const text = formatCanonical({ domain, ...Object.fromEntries(parts) });
  return encodeHex(kernel.sha256(encodeUtf8(text)));
}
