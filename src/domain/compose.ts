/**
 * The files of one publication: what changed of targets and status, the snapshot that names them, the
 * log entry, and the timestamp that brings them into effect.
 */
import { encodeHex } from "../bytes/hex.js";
import { formatRfc3339 } from "../bytes/rfc3339.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import { readFolder } from "../storage/folder.js";
import type { Reader } from "../storage/storage.js";
import { CHECKPOINT, planAppend } from "../tlog/log-writer.js";
import { trustLogOrigin } from "../trust/contents/authority.js";
import type { Status } from "../trust/contents/status.js";
import { delegatedSigners } from "../trust/delegation.js";
import type { TrustEntry } from "../trust/entry.js";
import { formatTrustEntry } from "../trust/entry.js";
import type {
  Meta,
  MetadataType,
  SignedPart,
  Target,
  VerifiedMetadata,
} from "../trust/metadata.js";
import { asVerified, parseMetadata } from "../trust/metadata.js";
import { metadataPath, targetPath, TIMESTAMP_PATH } from "../trust/repository.js";
import type { VerifiedSnapshot, VerifiedTargets, VerifiedTimestamp } from "../trust/roles.js";
import type { VerifiedRoot } from "../trust/root.js";
import { signersOf } from "../trust/root.js";
import { MAX_FILE_BYTES, millisecondsOf } from "../trust/schema.js";
import type { MetadataSigner } from "../trust/sign.js";
import { keyIdOf, keyRecords, signMetadata, SPEC_VERSION } from "../trust/sign.js";
import type { StateMetadata } from "../trust/state.js";
import { CONTENTS, STATUS_PATHS, STATUS_ROLE } from "../trust/state.js";
import type { Signers } from "../trust/threshold.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { entryTime, readTail } from "./tail.js";
import type { Write } from "./journal.js";
import type { KeyRing } from "./key-ring.js";
import { signerFor, signersFor } from "./key-ring.js";
import { LOG } from "./layout.js";
import type { Lifetimes } from "./lifetimes.js";

export interface Composition {
  readonly change: TrustEntry["change"];
  readonly now: number;
  readonly lifetimes: Lifetimes;
  /** What is in force; undefined at the first publication. */
  readonly before: StateMetadata | undefined;
  /** The roots under which the files must verify: one, or two while keys change. */
  readonly roots: readonly VerifiedRoot[];
  /** Undefined: the targets stay as they are. */
  readonly targets?: {
    readonly contents: ReadonlyMap<string, Uint8Array>;
    readonly statusKey: Uint8Array;
  };
  /** Undefined: the status stays as it is. */
  readonly status?: Status;
  /** The key of the domain's log, in hexadecimal. */
  readonly logKey: string;
}

export interface Composed {
  /** In the order in which they are to appear. */
  readonly writes: readonly Write[];
  readonly metadata: Omit<StateMetadata, "root">;
  readonly index: bigint;
}

export async function compose(
  kernel: Kernel,
  whole: Reader,
  ring: KeyRing,
  composition: Composition,
): Promise<Result<Composed>> {
  return await new Composer(kernel, whole, ring, composition).compose();
}

/** A timestamp alone: the same snapshot, issued now. */
export async function composeTimestamp(
  kernel: Kernel,
  ring: KeyRing,
  composition: Pick<Composition, "now" | "lifetimes" | "roots">,
  before: Pick<StateMetadata, "snapshot"> & { readonly timestamp: VerifiedTimestamp | undefined },
  index: number,
): Promise<Result<VerifiedTimestamp>> {
  const { now, lifetimes, roots } = composition;
  const issued = before.timestamp?.signed.issued;
  if (issued !== undefined && now < millisecondsOf(issued)) {
    const expected = `a clock that is not behind the last timestamp, ${issued}`;
    return failure("CLOCK", expected, formatRfc3339(now, "ms"));
  }
  const [root] = roots as [VerifiedRoot];
  const signed: SignedPart<"timestamp"> = {
    _type: "timestamp",
    spec_version: SPEC_VERSION,
    version: (before.timestamp?.signed.version ?? 0) + 1,
    expires: formatRfc3339(now + lifetimes.timestamp, "s"),
    issued: formatRfc3339(now, "ms"),
    meta: { "snapshot.json": metaOf(kernel, before.snapshot) },
    root: { version: root.signed.version, sha256: root.digest },
    log: { index },
  };
  const signers = await signersOfAll(
    ring,
    roots.map((each) => signersOf(each, "timestamp")),
  );
  return signers.ok ? ok(await signVerified(kernel, "timestamp", signed, signers.value)) : signers;
}

class Composer {
  readonly #writes: Write[] = [];
  readonly #root: VerifiedRoot;

  constructor(
    readonly kernel: Kernel,
    readonly whole: Reader,
    readonly ring: KeyRing,
    readonly composition: Composition,
  ) {
    this.#root = composition.roots[0] as VerifiedRoot;
  }

  async compose(): Promise<Result<Composed>> {
    const targets = await this.#targets();
    if (!targets.ok) return targets;
    const status = await this.#status(targets.value);
    if (!status.ok) return status;
    const snapshot = await this.#snapshot(targets.value, status.value);
    if (!snapshot.ok) return snapshot;
    const parts = { targets: targets.value, status: status.value, snapshot: snapshot.value };
    const index = await this.#log(parts);
    if (!index.ok) return index;
    const timestamp = await composeTimestamp(
      this.kernel,
      this.ring,
      this.composition,
      { ...parts, timestamp: this.composition.before?.timestamp },
      Number(index.value),
    );
    if (!timestamp.ok) return timestamp;
    this.#writes.push({ path: TIMESTAMP_PATH, bytes: timestamp.value.bytes });
    const large = this.#writes.find(({ bytes }) => bytes.length > MAX_FILE_BYTES);
    if (large && !large.path.startsWith("log/")) {
      const expected = `${large.path} of at most ${MAX_FILE_BYTES} bytes`;
      return failure("TOO_LARGE", expected, `${large.bytes.length}`);
    }
    const metadata = { ...parts, timestamp: timestamp.value };
    return ok({ writes: this.#writes, metadata, index: index.value });
  }

  async #targets(): Promise<Result<VerifiedTargets>> {
    const { before, targets, now, lifetimes, roots } = this.composition;
    if (!targets) return before ? ok(before.targets) : unbegun();
    const signed: SignedPart<"targets"> = {
      _type: "targets",
      spec_version: SPEC_VERSION,
      version: (before?.targets.signed.version ?? 0) + 1,
      expires: formatRfc3339(now + lifetimes.targets, "s"),
      targets: this.#files(targets.contents),
      delegations: {
        keys: keyRecords(this.kernel, [targets.statusKey]),
        roles: [
          {
            name: STATUS_ROLE,
            keyids: [keyIdOf(this.kernel, targets.statusKey)],
            threshold: 1,
            terminating: true,
            paths: STATUS_PATHS,
          },
        ],
      },
    };
    const signers = roots.map((root) => signersOf(root, "targets"));
    return await this.#sign("targets", "targets", signed, signers);
  }

  async #status(targets: VerifiedTargets): Promise<Result<VerifiedTargets>> {
    const { before, status, now, lifetimes } = this.composition;
    if (!status) return before ? ok(before.status) : unbegun();
    const contents = new Map([[CONTENTS.status, encodeUtf8(formatCanonical(status as Json))]]);
    const signed: SignedPart<"targets"> = {
      _type: "targets",
      spec_version: SPEC_VERSION,
      version: (before?.status.signed.version ?? 0) + 1,
      expires: formatRfc3339(now + lifetimes.status, "s"),
      targets: this.#files(contents),
    };
    const [role] = targets.signed.delegations?.roles ?? [];
    return role
      ? await this.#sign(STATUS_ROLE, "targets", signed, [delegatedSigners(targets, role)])
      : unbegun();
  }

  async #snapshot(
    targets: VerifiedTargets,
    status: VerifiedTargets,
  ): Promise<Result<VerifiedSnapshot>> {
    const { before, now, lifetimes, roots } = this.composition;
    const signed: SignedPart<"snapshot"> = {
      _type: "snapshot",
      spec_version: SPEC_VERSION,
      version: (before?.snapshot.signed.version ?? 0) + 1,
      expires: formatRfc3339(now + lifetimes.snapshot, "s"),
      meta: {
        "targets.json": metaOf(this.kernel, targets),
        [`${STATUS_ROLE}.json`]: metaOf(this.kernel, status),
      },
    };
    const signers = roots.map((root) => signersOf(root, "snapshot"));
    return await this.#sign("snapshot", "snapshot", signed, signers);
  }

  /** The entry that names what takes effect, and the log's new tiles and checkpoint. */
  async #log(
    parts: Pick<StateMetadata, "targets" | "status" | "snapshot">,
  ): Promise<Result<bigint>> {
    const { change, now, logKey, roots } = this.composition;
    const domain = this.#root.signed.domain as string;
    const log = readFolder(this.whole, LOG);
    const tail = await readTail(this.kernel, log);
    if (!tail.ok) return tail;
    const time = entryTime(tail.value, now);
    if (!time.ok) return time;
    const named = ({ signed, digest }: VerifiedMetadata<MetadataType>) => ({
      version: signed.version,
      sha256: digest,
    });
    const entry = formatTrustEntry({
      kind: "trust",
      domain,
      change,
      time: time.value,
      prev: tail.value.prev,
      root: named(roots.at(-1) as VerifiedRoot),
      snapshot: named(parts.snapshot),
      targets: named(parts.targets),
      status: named(parts.status),
    });
    const origin = trustLogOrigin(domain);
    const signer = await signerFor(this.ring, `the log ${origin}`, logKey);
    if (!signer.ok) return signer;
    if (signer.value.key.name !== origin) {
      return failure("KEY", `a log key with the name ${origin}`, signer.value.key.name);
    }
    const plan = await planAppend(this.kernel, log, signer.value, [entry]);
    if (!plan.ok) return plan;
    if (plan.value.beyond.length > 0) {
      return failure("TREE", "a log that ends with its checkpoint", "tiles past it");
    }
    for (const [path, bytes] of plan.value.files) this.#writes.push({ path: `log/${path}`, bytes });
    this.#writes.push({ path: `log/${CHECKPOINT}`, bytes: plan.value.checkpoint });
    return ok(plan.value.first);
  }

  async #sign<Type extends "snapshot" | "targets">(
    name: string,
    type: Type,
    signed: SignedPart<Type>,
    by: readonly Signers[],
  ): Promise<Result<VerifiedMetadata<Type>>> {
    const signers = await signersOfAll(this.ring, by);
    if (!signers.ok) return signers;
    const metadata = await signVerified(this.kernel, type, signed, signers.value);
    const path = metadataPath(this.#root, name, signed.version);
    this.#writes.push({ path, bytes: metadata.bytes });
    return ok(metadata);
  }

  /** Target files are written before the metadata that names them. */
  #files(contents: ReadonlyMap<string, Uint8Array>): Record<string, Target> {
    const targets: Record<string, Target> = {};
    for (const [path, bytes] of contents) {
      const target = { length: bytes.length, hashes: sha256Of(this.kernel, bytes) };
      targets[path] = target;
      this.#writes.push({ path: targetPath(this.#root, path, target), bytes });
    }
    return targets;
  }
}

/** Signs what is to be written, and gives it as any reader will see it. */
export async function signVerified<Type extends MetadataType>(
  kernel: Kernel,
  type: Type,
  signed: SignedPart<Type>,
  signers: readonly MetadataSigner[],
): Promise<VerifiedMetadata<Type>> {
  const bytes = await signMetadata(kernel, type, signed, signers);
  const parsed = parseMetadata(type, bytes);
  if (!parsed.ok) throw new Error(`unreadable metadata was signed: ${parsed.expected}`);
  return asVerified(kernel, parsed.value);
}

/** The signers of several roles together. */
export async function signersOfAll(
  ring: KeyRing,
  roles: readonly Signers[],
): Promise<Result<MetadataSigner[]>> {
  const all: MetadataSigner[] = [];
  for (const role of roles) {
    const signers = await signersFor(ring, role);
    if (!signers.ok) return signers;
    all.push(...signers.value);
  }
  return ok(all);
}

function metaOf(kernel: Kernel, { bytes, signed }: VerifiedMetadata<MetadataType>): Meta {
  return { version: signed.version, length: bytes.length, hashes: sha256Of(kernel, bytes) };
}

function sha256Of(kernel: Kernel, bytes: Uint8Array): { sha256: string } {
  return { sha256: encodeHex(kernel.sha256(bytes)) };
}

function unbegun(): Failure {
  return failure("MISSING", "targets and status at the first publication", "none");
}
