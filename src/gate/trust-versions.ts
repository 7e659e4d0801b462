/** How entries name a trust state. */
import { formatRfc3339 } from "../bytes/rfc3339.js";
import type { TrustVersions } from "../lineage/entry/gate.js";
import type { VerifiedTrustState } from "../trust/state.js";

const known = new WeakMap<VerifiedTrustState, TrustVersions>();

export function versionsOf(state: VerifiedTrustState): TrustVersions {
  let versions = known.get(state);
  if (!versions) {
    versions = describe(state);
    known.set(state, versions);
  }
  return versions;
}

function describe({ digest, issued, metadata }: VerifiedTrustState): TrustVersions {
  const { root, timestamp, snapshot, targets, status } = metadata;
  return {
    digest,
    issued: issued === undefined ? null : formatRfc3339(issued, "ms"),
    root: root.signed.version,
    timestamp: timestamp.signed.version,
    snapshot: snapshot.signed.version,
    targets: targets.signed.version,
    status: status.signed.version,
  };
}
