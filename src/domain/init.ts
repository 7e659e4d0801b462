/** Making a domain: its first root, an empty draft, and the first publication. */
import { encodeHex } from "../bytes/hex.js";
import { formatRfc3339 } from "../bytes/rfc3339.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Storage } from "../storage/storage.js";
import { trustLogOrigin } from "../trust/contents/authority.js";
import type { Role, SignedPart } from "../trust/metadata.js";
import { rootPath } from "../trust/repository.js";
import type { VerifiedRoot } from "../trust/root.js";
import { signersOf } from "../trust/root.js";
import { keyIdOf, keyRecords, SPEC_VERSION } from "../trust/sign.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { compose, signVerified } from "./compose.js";
import type { Draft } from "./draft.js";
import { contentsOf, writeDraft } from "./draft.js";
import { publishFiles, recover } from "./journal.js";
import type { KeyRing } from "./key-ring.js";
import { signersFor } from "./key-ring.js";
import { PUBLIC } from "./layout.js";
import type { Lifetimes } from "./lifetimes.js";
import { writeLifetimes } from "./lifetimes.js";

/** Public keys of Ed25519, 32 bytes each. */
export interface DomainKeys {
  readonly root: RoleKeys;
  readonly targets: RoleKeys;
  /** Online: timestamps and snapshots. */
  readonly timestamp: Uint8Array;
  /** Online: revocations and containments. */
  readonly status: Uint8Array;
  /** The log of trust changes; its signer has the name `<domain>/trust`. */
  readonly log: Uint8Array;
}

export interface RoleKeys {
  readonly keys: readonly Uint8Array[];
  readonly threshold: number;
}

export async function initDomain(
  kernel: Kernel,
  storage: Storage,
  ring: KeyRing,
  name: string,
  keys: DomainKeys,
  lifetimes: Lifetimes,
  now: number,
): Promise<Result<VerifiedRoot>> {
  const unlock = await storage.lock();
  try {
    await recover(storage);
    if ((await storage.list(PUBLIC)).length > 0) {
      return failure("MALFORMED", "a folder that holds no domain yet", "one that does");
    }
    const root = await makeRoot(kernel, ring, undefined, name, keys, now + lifetimes.root);
    if (!root.ok) return root;
    const draft: Draft = {
      authority: {
        issuers: [],
        resumers: [],
        gates: [],
        logs: [{ origin: trustLogOrigin(name), key: encodeHex(keys.log) }],
        removed: [],
      },
      policy: { rules: [] },
      peers: { peers: [] },
      peerRoots: new Map(),
      baseline: undefined,
      witnesses: undefined,
    };
    const composed = await compose(kernel, storage, ring, {
      change: "init",
      now,
      lifetimes,
      before: undefined,
      roots: [root.value],
      targets: { contents: contentsOf(draft), statusKey: keys.status },
      status: { authorizations: [], keys: [], contained: [] },
      logKey: encodeHex(keys.log),
    });
    if (!composed.ok) return composed;
    await writeLifetimes(storage, lifetimes);
    await writeDraft(storage, draft);
    const first = { path: rootPath(1), bytes: root.value.bytes };
    await publishFiles(storage, [first, ...composed.value.writes]);
    return root;
  } finally {
    await unlock();
  }
}

/** The root after `before`, signed by the thresholds of both. */
export async function makeRoot(
  kernel: Kernel,
  ring: KeyRing,
  before: VerifiedRoot | undefined,
  domain: string,
  keys: Pick<DomainKeys, "root" | "targets" | "timestamp">,
  expires: number,
): Promise<Result<VerifiedRoot>> {
  const role = ({ keys: publicKeys, threshold }: RoleKeys): Role => ({
    keyids: [...new Set(publicKeys.map((key) => keyIdOf(kernel, key)))].sort(),
    threshold,
  });
  const online = role({ keys: [keys.timestamp], threshold: 1 });
  const signed: SignedPart<"root"> = {
    _type: "root",
    spec_version: SPEC_VERSION,
    version: (before?.signed.version ?? 0) + 1,
    expires: formatRfc3339(expires, "s"),
    consistent_snapshot: true,
    domain,
    keys: keyRecords(kernel, [...keys.root.keys, ...keys.targets.keys, keys.timestamp]),
    roles: {
      root: role(keys.root),
      targets: role(keys.targets),
      timestamp: online,
      snapshot: online,
    },
  };
  const signers = [];
  for (const each of before ? [before, { signed }] : [{ signed }]) {
    const found = await signersFor(ring, signersOf(each, "root"));
    if (!found.ok) return found;
    signers.push(...found.value);
  }
  return ok(await signVerified(kernel, "root", signed, signers));
}
