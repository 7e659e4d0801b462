/**
 * The trust that a bundle rests on: the roots that follow from those the verifier has pinned, and the
 * states under them.
 */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import { parseMetadata } from "../trust/metadata.js";
import type { VerifiedSnapshot, VerifiedTimestamp } from "../trust/roles.js";
import { verifyTimestamps } from "../trust/roles.js";
import type { VerifiedRoot } from "../trust/root.js";
import { verifyNextRoot, verifyPinnedRoot } from "../trust/root.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { renewState, verifyState } from "../trust/state.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { BundledDomain, BundledState, Manifest } from "./manifest.js";
import type { BundledFiles } from "./read-bundle.js";

/** A timestamp under the root that it was verified by. */
interface Rooted {
  readonly root: VerifiedRoot;
  readonly timestamp: VerifiedTimestamp;
}

export class Trusted {
  /** Roots that are trusted, by the SHA-256 of their file. */
  readonly #roots = new Map<string, VerifiedRoot>();
  readonly #states = new Map<string, VerifiedTrustState>();
  readonly #byDomain = new Map<string, VerifiedTrustState[]>();
  /** The state that was verified first from a snapshot, by the root's file and the snapshot's digest. */
  readonly #snapshots = new Map<string, VerifiedTrustState>();
  /** Snapshots of which a state is in `#byDomain`. */
  readonly #spoken = new Set<VerifiedSnapshot>();
  /** Why a state that the bundle names is not trusted. */
  readonly #refused = new Map<string, Failure>();

  constructor(
    readonly kernel: Kernel,
    readonly files: BundledFiles,
    readonly pinned: ReadonlyMap<string, readonly VerifiedRoot[]>,
  ) {}

  /** The files of the roots of a domain that are trusted. */
  rootsOf(domain: string): readonly Uint8Array[] {
    return [...this.#roots.values()].flatMap(({ signed, bytes }) =>
      signed.domain === domain ? [bytes] : [],
    );
  }

  /** Whether every state that the bundle names is trusted. */
  get isWhole(): boolean {
    return this.#refused.size === 0;
  }

  /** A state by its digest, or why it is not trusted. */
  state(digest: string): Result<VerifiedTrustState> {
    const state = this.#states.get(digest);
    if (state) return ok(state);
    return (
      this.#refused.get(digest) ??
      failure("MISSING", `the trust state ${digest}`, "not in the bundle")
    );
  }

  /** The states of a domain that are trusted; of those that differ in their timestamps alone, one. */
  statesOf(domain: string): readonly VerifiedTrustState[] {
    return this.#byDomain.get(domain) ?? [];
  }

  get domains(): ReadonlySet<string> {
    return new Set(this.#byDomain.keys());
  }

  /** Follows the roots of a domain from the pinned one on. */
  async followRoots({ domain, roots }: BundledDomain): Promise<Failure | undefined> {
    const pins = this.pinned.get(domain);
    if (!pins) return failure("NO_TRUST", `a pinned root of ${domain}`, "none");
    let before: VerifiedRoot | undefined;
    let versions = "";
    for (const sha256 of roots) {
      const bytes = this.files.require(`a root of ${domain}`, sha256);
      if (!bytes.ok) return bytes;
      // Of a root that nobody pinned, and that none before it vouches for, only its own word is known.
      const alone = before ? undefined : await verifyPinnedRoot(this.kernel, bytes.value);
      if (alone && !alone.ok) return alone;
      const gap = before && gapAfter(before, bytes.value);
      if (gap) return gap;
      const next = before
        ? await verifyNextRoot(this.kernel, before, bytes.value)
        : (alone as Result<VerifiedRoot>);
      if (!next.ok) return next;
      const root = next.value;
      versions += `${versions && ", "}${root.signed.version}`;
      if (root.signed.domain !== domain) {
        return failure("KEY", `a root of ${domain}`, `one of ${root.signed.domain ?? "none"}`);
      }
      const pin = pins.find(({ signed }) => signed.version === root.signed.version);
      if (pin && pin.digest !== root.digest) {
        const expected = `root ${pin.signed.version} of ${domain} as it is pinned`;
        return failure("KEY", expected, "another one");
      }
      if (!before && !pin) continue;
      before = root;
      this.#roots.set(sha256, root);
    }
    if (before) return undefined;
    const wanted = pins.map(({ signed }) => signed.version).join(" or ");
    return failure("NO_TRUST", `root ${wanted} of ${domain}, which is pinned`, versions || "none");
  }

  /** Verifies states from their timestamps down, each under a root that is trusted. */
  async readStates(all: readonly BundledState[]): Promise<readonly (Failure | undefined)[]> {
    const timestamps = await this.#readTimestamps(all);
    const found: (Failure | undefined)[] = [];
    for (const [i, named] of all.entries()) {
      const timestamp = timestamps[i] as Result<Rooted>;
      const read = timestamp.ok ? await this.#read(named, timestamp.value) : timestamp;
      if (read.ok) this.#trust(named, read.value);
      else this.#refused.set(named.digest, read);
      found.push(read.ok ? undefined : read);
    }
    return found;
  }

  #trust({ digest, domain }: BundledState, state: VerifiedTrustState): void {
    this.#states.set(digest, state);
    const { snapshot } = state.metadata;
    if (this.#spoken.has(snapshot)) return;
    this.#spoken.add(snapshot);
    const states = this.#byDomain.get(domain);
    if (states) states.push(state);
    else this.#byDomain.set(domain, [state]);
  }

  /** Their timestamps, the signatures of those under one root together. */
  async #readTimestamps(all: readonly BundledState[]): Promise<readonly Result<Rooted>[]> {
    const found: Result<Rooted>[] = [];
    const byRoot = new Map<VerifiedRoot, { readonly at: number; readonly bytes: Uint8Array }[]>();
    for (const [at, { digest, domain, root, timestamp }] of all.entries()) {
      const bytes = this.files.require(`the timestamp of ${digest}`, timestamp);
      const trusted = this.#roots.get(root);
      if (!bytes.ok) found[at] = bytes;
      else if (!trusted || trusted.signed.domain !== domain) {
        const expected = `a root of ${domain} that follows from a pinned one`;
        found[at] = failure("NO_TRUST", expected, `the root file ${root}`);
      } else {
        const same = byRoot.get(trusted) ?? [];
        byRoot.set(trusted, same);
        same.push({ at, bytes: bytes.value });
      }
    }
    for (const [root, same] of byRoot) {
      const files = same.map(({ bytes }) => bytes);
      const verified = await verifyTimestamps(this.kernel, root, files);
      for (const [i, each] of verified.entries()) {
        const { at } = same[i] as { readonly at: number };
        found[at] = each.ok ? ok({ root, timestamp: each.value }) : each;
      }
    }
    return found;
  }

  async #read(
    { digest, root: file }: BundledState,
    { root, timestamp }: Rooted,
  ): Promise<Result<VerifiedTrustState>> {
    // Most states differ in their timestamp alone.
    const snapshot = timestamp.signed.meta["snapshot.json"].hashes?.["sha256"];
    const name = `${file} ${snapshot}`;
    const known = this.#snapshots.get(name);
    const state =
      (known && renewState(this.kernel, known, timestamp)) ??
      (await verifyState(this.kernel, root, timestamp, async (path, _, sha256) =>
        sha256 === undefined
          ? failure("DIGEST", `a digest of ${path}`, "none")
          : this.files.require(`${path} of ${digest}`, sha256),
      ));
    if (state.ok && !known) this.#snapshots.set(name, state.value);
    if (!state.ok || state.value.digest === digest) return state;
    return failure("DIGEST", `the trust state ${digest}`, state.value.digest);
  }
}

/** MISSING where a root between this one and the next that is here is not in the bundle. */
function gapAfter({ signed }: VerifiedRoot, next: Uint8Array): Failure | undefined {
  const parsed = parseMetadata("root", next);
  const wanted = signed.version + 1;
  if (!parsed.ok || parsed.value.signed.version <= wanted) return undefined;
  const expected = `root ${wanted} of ${signed.domain ?? "a domain"}`;
  return failure("MISSING", expected, `root ${parsed.value.signed.version}`);
}

/** The verifier's pins by domain. A TypeError on what is no root, or names no domain. */
export async function readPins(
  kernel: Kernel,
  pins: readonly Uint8Array[],
): Promise<ReadonlyMap<string, readonly VerifiedRoot[]>> {
  const byDomain = new Map<string, VerifiedRoot[]>();
  for (const bytes of pins) {
    const root = await verifyPinnedRoot(kernel, bytes);
    if (!root.ok) throw new TypeError(`not a root to pin: ${root.expected}, found ${root.found}`);
    const { domain } = root.value.signed;
    if (domain === undefined) throw new TypeError("a pinned root names its domain");
    byDomain.set(domain, [...(byDomain.get(domain) ?? []), root.value]);
  }
  return byDomain;
}

/** The SHA-256 of the files of a state, root and timestamp among them. */
export function filesOfState(
  kernel: Kernel,
  { metadata, contents }: VerifiedTrustState,
): ReadonlyMap<string, Uint8Array> {
  const all = [...Object.values(metadata).map(({ bytes }) => bytes), ...contents.values()];
  return new Map(all.map((bytes) => [encodeHex(kernel.sha256(bytes)), bytes]));
}

/** States of which the timestamps are verified together. */
const TOGETHER = 512;

/** All that a manifest names of trust: roots, then states. */
export async function followAll(
  trusted: Trusted,
  { domains, trust }: Manifest,
  onRoots: (failure: Failure | undefined) => void,
  onState: (failure: Failure | undefined) => void,
): Promise<void> {
  for (const each of domains) onRoots(await trusted.followRoots(each));
  for (let from = 0; from < trust.length; from += TOGETHER) {
    const found = await trusted.readStates(trust.slice(from, from + TOGETHER));
    for (const each of found) onState(each);
  }
}
