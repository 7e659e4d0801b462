/** What the next publication will sign: the target files, as they are edited. */
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { equalBytes } from "../bytes/concat.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import { inFolder } from "../storage/folder.js";
import type { Storage } from "../storage/storage.js";
import type { Authority } from "../trust/contents/authority.js";
import { authoritySchema } from "../trust/contents/authority.js";
import type { Baseline } from "../trust/contents/baseline.js";
import { baselineSchema } from "../trust/contents/baseline.js";
import type { Peers } from "../trust/contents/peers.js";
import { peerRootPath, peersSchema } from "../trust/contents/peers.js";
import type { LocalPolicy } from "../trust/contents/policy.js";
import { policySchema } from "../trust/contents/policy.js";
import { MAX_FILE_BYTES, matchSchema, readSchema } from "../trust/schema.js";
import { CONTENTS } from "../trust/state.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { DRAFT } from "./layout.js";
import type * as v from "valibot";

export interface Draft {
  readonly authority: Authority;
  readonly policy: LocalPolicy;
  readonly peers: Peers;
  /** The pinned roots of the peers, by name. */
  readonly peerRoots: ReadonlyMap<string, Uint8Array>;
  readonly baseline: Baseline | undefined;
  /** A C2SP tlog-policy. */
  readonly witnesses: Uint8Array | undefined;
}

export async function readDraft(whole: Storage): Promise<Result<Draft>> {
  const storage = inFolder(whole, DRAFT);
  const part = async <Schema extends v.GenericSchema>(path: string, schema: Schema) => {
    const bytes = await storage.read(path, MAX_FILE_BYTES);
    if (bytes) return readSchema(`${DRAFT}/${path}`, schema, bytes);
    return failure(
      "MISSING",
      `the draft of ${path}; make a domain with "writ domain init"`,
      "none",
    );
  };
  const authority = await part(CONTENTS.authority, authoritySchema);
  if (!authority.ok) return authority;
  const policy = await part(CONTENTS.policy, policySchema);
  if (!policy.ok) return policy;
  const peers = await part(CONTENTS.peers, peersSchema);
  if (!peers.ok) return peers;
  const baseline = (await storage.read(CONTENTS.baseline, 0))
    ? await part(CONTENTS.baseline, baselineSchema)
    : ok(undefined);
  if (!baseline.ok) return baseline;
  const peerRoots = new Map<string, Uint8Array>();
  for (const { name } of peers.value.peers) {
    const root = await storage.read(peerRootPath(name), MAX_FILE_BYTES);
    if (!root) return failure("MISSING", `the draft of ${peerRootPath(name)}`, "none");
    peerRoots.set(name, root);
  }
  return ok({
    authority: authority.value,
    policy: policy.value,
    peers: peers.value,
    peerRoots,
    baseline: baseline.value,
    witnesses: await storage.read(CONTENTS.witnesses, MAX_FILE_BYTES),
  });
}

/** Writes what differs from what is there; a peer's root before the list that names it. */
export async function writeDraft(whole: Storage, draft: Draft): Promise<void> {
  const storage = inFolder(whole, DRAFT);
  const contents = [...contentsOf(draft)];
  const rank = ([path]: readonly [string, Uint8Array]): number => (path === CONTENTS.peers ? 1 : 0);
  for (const [path, bytes] of contents.sort((a, b) => rank(a) - rank(b))) {
    const there = await storage.read(path, MAX_FILE_BYTES);
    if (!there || !equalBytes(there, bytes)) await storage.write(path, bytes);
  }
  for (const path of [CONTENTS.baseline, CONTENTS.witnesses]) {
    const kept = contents.some(([each]) => each === path);
    if (!kept && (await storage.read(path, 0))) await storage.remove(path);
  }
}

/** A draft that could not be published, and why. */
export function checkDraft(draft: Draft): Failure | undefined {
  const parts = [
    matchSchema(CONTENTS.authority, authoritySchema, draft.authority as Json),
    matchSchema(CONTENTS.policy, policySchema, draft.policy as Json),
    matchSchema(CONTENTS.peers, peersSchema, draft.peers as Json),
    ...(draft.baseline
      ? [matchSchema(CONTENTS.baseline, baselineSchema, draft.baseline as Json)]
      : []),
  ];
  for (const part of parts) if (!part.ok) return part;
  return undefined;
}

/** The target files by target path. */
export function contentsOf(draft: Draft): ReadonlyMap<string, Uint8Array> {
  const json = (value: unknown): Uint8Array => encodeUtf8(formatCanonical(value as Json));
  const contents = new Map<string, Uint8Array>([
    [CONTENTS.authority, json(draft.authority)],
    [CONTENTS.policy, json(draft.policy)],
    [CONTENTS.peers, json(draft.peers)],
  ]);
  if (draft.baseline) contents.set(CONTENTS.baseline, json(draft.baseline));
  if (draft.witnesses) contents.set(CONTENTS.witnesses, draft.witnesses);
  for (const { name } of draft.peers.peers) {
    contents.set(peerRootPath(name), draft.peerRoots.get(name) ?? new Uint8Array());
  }
  return contents;
}
