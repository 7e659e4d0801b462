/** What was verified, as the record holds it: what is where, and what it withdraws. */
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { VerifiedMetadata } from "../trust/metadata.js";
import { delegatedSigners } from "../trust/delegation.js";
import type { VerifiedTargets } from "../trust/roles.js";
import { keysOf } from "../trust/threshold.js";
import { namedBy, STATUS_ROLE } from "../trust/state.js";
import type { ReadState, VerifiedTrustState } from "../trust/state.js";
import type { Withdrawn } from "../trust/view.js";
import type { SnapshotRow, StatusRow, TargetsRow, TimestampRow } from "./record.js";

export interface Rows {
  /** Undefined for one that names its snapshot by no SHA-256: such a file is not remembered. */
  readonly timestamp?: TimestampRow;
  readonly snapshot?: SnapshotRow;
  readonly targets?: TargetsRow;
  readonly status?: StatusRow;
  /** Only a whole state withdraws. */
  readonly withdrawn?: Withdrawn;
}

export function rowsOf(kernel: Kernel, { documents, state }: ReadState): Rows {
  const { timestamp, snapshot, targets, status } = documents;
  const row = ({
    signed,
    digest,
    bytes,
  }: VerifiedMetadata<"timestamp" | "snapshot" | "targets">) => ({
    version: signed.version,
    digest,
    file: encodeHex(kernel.sha256(bytes)),
  });
  const contents = (role: "targets" | "status", metadata: VerifiedMetadata<"targets">) =>
    Object.fromEntries(
      namedBy(role, metadata).flatMap(([path, { hashes }]) => {
        const sha256 = hashes["sha256"] ?? "";
        return /^[0-9a-f]{64}$/.test(sha256) ? [[path, sha256]] : [];
      }),
    );
  const named = (meta: { readonly hashes?: Record<string, string> | undefined } | undefined) =>
    meta?.hashes?.["sha256"] ?? "";
  const targetsRow = targets && { ...row(targets), contents: contents("targets", targets) };
  const namedSnapshot = named(timestamp.signed.meta["snapshot.json"]);
  if (!/^[0-9a-f]{64}$/.test(namedSnapshot)) return {};
  return {
    timestamp: { ...row(timestamp), snapshot: namedSnapshot, whole: state.ok },
    ...(snapshot && {
      snapshot: {
        ...row(snapshot),
        targets: named(snapshot.signed.meta["targets.json"]),
        status: named(snapshot.signed.meta[`${STATUS_ROLE}.json`]),
        targetsVersion: snapshot.signed.meta["targets.json"]?.version ?? 0,
        statusVersion: snapshot.signed.meta[`${STATUS_ROLE}.json`]?.version ?? 0,
      },
    }),
    ...(targetsRow && { targets: targetsRow }),
    ...(targetsRow &&
      status && {
        status: {
          ...row(status),
          contents: contents("status", status),
          delegators: [targetsRow.file],
          signers: signersOf(kernel, targets as VerifiedTargets),
        },
      }),
    ...(state.ok && { withdrawn: withdrawnBy(state.value) }),
  };
}

/** Who signs the status, as targets delegate it. */
function signersOf(kernel: Kernel, targets: VerifiedTargets): string {
  const [role] = targets.signed.delegations?.roles ?? [];
  const keys = role ? [...keysOf(delegatedSigners(targets, role)).values()] : [];
  const identities = [...new Set(keys.map(({ identity }) => identity))].sort();
  return encodeHex(kernel.sha256(encodeUtf8(`${role?.threshold}:${identities.join()}`)));
}

function withdrawnBy({ status, authority }: VerifiedTrustState): Withdrawn {
  return {
    authorizations: new Set(status.authorizations.map(({ sha256 }) => sha256)),
    keys: new Set([...status.keys.map(({ key }) => key), ...authority.removed]),
    contained: new Map(status.contained.map(({ gate, since }) => [gate, since])),
  };
}
