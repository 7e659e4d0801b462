import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { VerifiedMetadata } from "../trust/metadata.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { Withdrawn } from "../trust/view.js";
import type { SnapshotRow, TargetsRow, TimestampRow } from "./record.js";

/** A state as the record holds it: what is where, and what it withdraws. */
export interface StateRows {
  readonly timestamp: TimestampRow;
  readonly snapshot: SnapshotRow;
  readonly targets: TargetsRow;
  readonly status: TargetsRow;
  readonly withdrawn: Withdrawn;
}

export function rowsOfState(kernel: Kernel, state: VerifiedTrustState): StateRows {
  const file = (bytes: Uint8Array): string => encodeHex(kernel.sha256(bytes));
  const row = ({
    signed,
    digest,
    bytes,
  }: VerifiedMetadata<"timestamp" | "snapshot" | "targets">) => ({
    version: signed.version,
    digest,
    file: file(bytes),
  });
  const targetsRow = (metadata: VerifiedMetadata<"targets">): TargetsRow => ({
    ...row(metadata),
    contents: Object.fromEntries(
      Object.keys(metadata.signed.targets).flatMap((path) => {
        const bytes = state.contents.get(path);
        return bytes ? [[path, file(bytes)]] : [];
      }),
    ),
  });
  const { metadata, authority } = state;
  const [targets, status] = [targetsRow(metadata.targets), targetsRow(metadata.status)];
  const snapshot: SnapshotRow = {
    ...row(metadata.snapshot),
    targets: targets.file,
    status: status.file,
    meta: Object.fromEntries(
      Object.entries(metadata.snapshot.signed.meta).map(([name, { version }]) => [name, version]),
    ),
  };
  return {
    timestamp: {
      ...row(metadata.timestamp),
      snapshot: snapshot.file,
    },
    snapshot,
    targets,
    status,
    withdrawn: {
      authorizations: new Set(state.status.authorizations.map(({ sha256 }) => sha256)),
      keys: new Set([...state.status.keys.map(({ key }) => key), ...authority.removed]),
      contained: new Map(state.status.contained.map(({ gate, since }) => [gate, since])),
    },
  };
}
