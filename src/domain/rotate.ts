/**
 * Rotating the keys of a role. A reader that knows only the old root and one that knows the new root
 * must both see a whole state at every moment, so the state is first signed under both, then the new
 * root appears, then a timestamp that names it.
 */
import type { VerifiedRoot } from "../trust/root.js";
import { signersOf } from "../trust/root.js";
import { rootPath, TIMESTAMP_PATH } from "../trust/repository.js";
import type { TopLevelRole } from "../trust/root.js";
import { keysOf } from "../trust/threshold.js";
import type { Result } from "../verdict.js";
import { compose, composeTimestamp } from "./compose.js";
import { makeRoot } from "./init.js";
import type { RoleKeys } from "./init.js";
import type { Write } from "./journal.js";
import { publishFiles } from "./journal.js";
import type { OpenDomain } from "./publish.js";
import { logKeyOf, publishState, statusKeyOf } from "./publish.js";
import type { Published } from "./published.js";
import { readPublished } from "./published.js";
import { rehearse } from "./rehearsal.js";

/** `timestamp` is the online key of timestamps and snapshots. */
export type RotatedRole = "root" | "targets" | "timestamp";

/**
 * New keys for a role; the old threshold signs as well as the new one. Where the keys of targets or
 * timestamp are `lost`, the new ones sign alone: between the new root and the new timestamp, which
 * are two files, readers find no state that verifies and keep what they have.
 */
export async function rotate(
  domain: OpenDomain,
  role: RotatedRole,
  next: RoleKeys,
  { lost = false }: { readonly lost?: boolean } = {},
): Promise<Result<Published>> {
  if (lost && role === "root") throw new TypeError("lost root keys are replaced by nobody");
  const { kernel, storage, ring, lifetimes, root: before, state, now } = domain;
  const keys = {
    root: roleKeys(before, "root"),
    targets: roleKeys(before, "targets"),
    timestamp: roleKeys(before, "timestamp").keys[0] as Uint8Array,
    ...(role === "timestamp" ? { timestamp: next.keys[0] as Uint8Array } : { [role]: next }),
  };
  const root = await makeRoot(kernel, ring, before, state.domain, keys, now + lifetimes.root);
  if (!root.ok) return root;
  const composed = await compose(kernel, storage, ring, {
    change: "rotate",
    now,
    lifetimes,
    before: state.metadata,
    roots: lost ? [root.value] : [before, root.value],
    ...(role === "targets"
      ? { targets: { contents: ownContents(domain), statusKey: statusKeyOf(state) } }
      : {}),
    logKey: logKeyOf(state),
  });
  if (!composed.ok) return composed;
  const { writes, metadata, index } = composed.value;
  const rootFile = { path: rootPath(root.value.signed.version), bytes: root.value.bytes };
  const files: Write[] = [];
  if (lost) files.push(rootFile, ...writes);
  else {
    const composition = { now, lifetimes, roots: [root.value] };
    const last = await composeTimestamp(kernel, ring, composition, metadata, Number(index));
    if (!last.ok) return last;
    const underOld = await rehearse(kernel, storage, before, writes);
    if (!underOld.ok) return underOld;
    files.push(...writes, rootFile, { path: TIMESTAMP_PATH, bytes: last.value.bytes });
  }
  const rehearsed = await rehearse(kernel, storage, root.value, files);
  if (!rehearsed.ok) return rehearsed;
  await publishFiles(storage, files);
  return await readPublished(kernel, storage);
}

/** A new key for revocations and containments: the offline targets keys delegate to it. */
export async function rotateStatus(
  domain: OpenDomain,
  statusKey: Uint8Array,
): Promise<Result<Published>> {
  return await publishState(domain, {
    change: "rotate",
    targets: { contents: ownContents(domain), statusKey },
    status: domain.state.status,
  });
}

/** What is published, and not what the draft holds: rotating keys changes nothing else. */
function ownContents({ state }: OpenDomain): ReadonlyMap<string, Uint8Array> {
  const { targets } = state.metadata.targets.signed;
  return new Map([...state.contents].filter(([path]) => Object.hasOwn(targets, path)));
}

function roleKeys(root: VerifiedRoot, role: TopLevelRole): RoleKeys {
  const found = new Map(
    [...keysOf(signersOf(root, role)).values()].map((key) => [key.identity, key.material]),
  );
  return { keys: [...found.values()], threshold: root.signed.roles[role].threshold };
}
