/** A trust store in a folder, opened to be read: the domains that it pins, and the first one's peers. */
import { stat } from "node:fs/promises";
import { FileTrustStore } from "../../storage/file-trust-store.js";
import { FileStorage } from "../../storage/files.js";
import type { TrustStore } from "../../storage/trust-store.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { DomainFiles } from "../../sync/files.js";
import { recordKey } from "../../sync/files.js";
import type { RecordedEvidence } from "../../sync/lift.js";
import { listEvidence } from "../../sync/lift.js";
import type { Memory } from "../../sync/memory.js";
import { openStored, viewOf } from "../../sync/open.js";
import type { Pin } from "../../sync/pin.js";
import { pinnedDomains, pinnedRoot, PINS_KEY } from "../../sync/pins.js";
import type { Peer } from "../../trust/contents/peers.js";
import { peerRootPath } from "../../trust/contents/peers.js";
import { isDomainName } from "../../trust/name.js";
import type { VerifiedRoot } from "../../trust/root.js";
import type { TrustView } from "../../trust/view.js";
import type { Result } from "../../verdict.js";
import { ok } from "../../verdict.js";
import { UsageError } from "../command.js";
import { describe } from "../print.js";

/** What the store holds of a domain, verified again from its pinned root. */
export interface StoredDomain {
  readonly pinned: VerifiedRoot;
  readonly memory: Memory;
  readonly files: DomainFiles;
  readonly view: TrustView;
  readonly evidence: readonly RecordedEvidence[];
}

export interface Followed {
  readonly domain: string;
  /** The domain whose state names this one as a peer; undefined for one that the reader pinned. */
  readonly peerOf: string | undefined;
  readonly terms: Pin["terms"];
  /** What a peer is accepted for. */
  readonly peer: Peer | undefined;
  readonly stored: Result<StoredDomain>;
}

/** The store in a folder that holds one. */
export async function requireStore(folder: string): Promise<TrustStore> {
  if (await isStore(new FileStorage(folder))) return new FileTrustStore(folder);
  const how = `writ sync ${folder} --pin FILE --from SOURCE`;
  throw new UsageError(`${folder} holds no trust store; make one: ${how}`);
}

/** The store in a folder that holds one, or nothing yet. */
export async function makeStore(folder: string): Promise<TrustStore> {
  const found = await stat(folder).catch(() => undefined);
  if (found && !found.isDirectory()) throw new UsageError(`${folder} is not a folder`);
  const storage = new FileStorage(folder);
  if ((await storage.list("")).length > 0 && !(await isStore(storage))) {
    throw new UsageError(`${folder} is neither empty nor a trust store: name a folder of its own`);
  }
  return new FileTrustStore(folder);
}

export async function isStore(storage: FileStorage): Promise<boolean> {
  if (await storage.read(PINS_KEY, 0)) return true;
  for (const name of await storage.list("")) {
    if (isDomainName(name) && (await storage.read(recordKey(name), 0))) return true;
  }
  return false;
}

/** The domains that the store follows: those that were pinned, then the peers of the first of them. */
export async function openFollowed(kernel: Kernel, store: TrustStore): Promise<Followed[]> {
  const pins = await pinnedDomains(store);
  if (!pins.ok) throw new UsageError(`the store cannot be read: ${describe(pins)}`);
  const followed: Followed[] = [];
  for (const { domain, terms } of pins.value) {
    const root = await pinnedRoot(kernel, store, domain);
    const stored = root.ok ? await openFollowedDomain(kernel, store, root.value) : root;
    followed.push({ domain, peerOf: undefined, terms, peer: undefined, stored });
  }
  const [first] = followed;
  const view = first?.stored.ok ? first.stored.value.view : undefined;
  for (const { peer, root } of peersOf(view)) {
    if (followed.some(({ domain }) => domain === peer.name)) continue;
    const stored = await openFollowedDomain(kernel, store, root);
    followed.push({ domain: peer.name, peerOf: view?.domain, terms: peer, peer, stored });
  }
  return followed;
}

/** The peers that a trusted domain names, each with the root that it pins. */
export function peersOf(
  view: TrustView | undefined,
): { readonly peer: Peer; readonly root: Uint8Array }[] {
  if (!view?.state || view.failure) return [];
  const { peers, contents } = view.state;
  return peers.peers.map((peer) => ({
    peer,
    root: contents.get(peerRootPath(peer.name)) ?? new Uint8Array(),
  }));
}

export async function openFollowedDomain(
  kernel: Kernel,
  store: TrustStore,
  pinnedRoot: Uint8Array,
): Promise<Result<StoredDomain>> {
  const opened = await openStored(kernel, store, pinnedRoot);
  if (!opened.ok) return opened;
  const { pinned, record, memory, files } = opened.value;
  const view = await viewOf(kernel, memory, files);
  const evidence = record ? await listEvidence(store, memory.domain) : ok([]);
  return evidence.ok ? ok({ pinned, memory, files, view, evidence: evidence.value }) : evidence;
}

/** The domain of a name that was given, or the first one that was pinned. */
export function pick(
  followed: readonly Followed[],
  name: string | undefined,
): Followed | undefined {
  return name === undefined ? followed[0] : followed.find(({ domain }) => domain === name);
}

export function requireDomainName(name: string): string {
  if (isDomainName(name)) return name;
  throw new UsageError(`a domain's name is like pay.example, not ${JSON.stringify(name)}`);
}
