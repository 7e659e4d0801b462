/** The files that a bundle needs: collected as entries name them, from where they are kept. */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import { namedBy } from "../lineage/collect.js";
import type { Entry } from "../lineage/entry.js";
import { readKept, readTrustList, readTrustState } from "../lineage/kept.js";
import type { Reader } from "../storage/storage.js";
import { parseMetadata } from "../trust/metadata.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { BundledDomain, BundledState } from "./manifest.js";
import { filesOfState } from "./trusted.js";

export class Gathered {
  readonly files = new Map<string, Uint8Array>();
  readonly #states = new Map<string, BundledState>();
  /** By domain, then by version: the file of the root. */
  readonly #roots = new Map<string, Map<number, string>>();
  /** Files of states: a peer's root is one, whether that peer has a state here or not. */
  readonly #inStates = new Set<string>();
  /** Kept content that was looked for already. */
  readonly #looked = new Set<string>();

  constructor(readonly kernel: Kernel) {}

  add(bytes: Uint8Array): string {
    const sha256 = encodeHex(this.kernel.sha256(bytes));
    this.files.set(sha256, bytes);
    return sha256;
  }

  /** Root metadata of a domain; whose it is and which version, it says itself. */
  addRoot(bytes: Uint8Array): Failure | undefined {
    const root = parseMetadata("root", bytes);
    if (!root.ok) return root;
    const { domain, version } = root.value.signed;
    if (domain === undefined) return failure("MALFORMED", "a root that names its domain", "none");
    const versions = this.#roots.get(domain) ?? new Map<number, string>();
    this.#roots.set(domain, versions);
    if (!versions.has(version)) versions.set(version, this.add(bytes));
    return undefined;
  }

  addState(state: VerifiedTrustState): void {
    if (this.#states.has(state.digest)) return;
    for (const [sha256, bytes] of filesOfState(this.kernel, state)) {
      this.files.set(sha256, bytes);
      this.#inStates.add(sha256);
    }
    const { root, timestamp } = state.metadata;
    this.addRoot(root.bytes);
    this.#states.set(state.digest, {
      digest: state.digest,
      domain: state.domain,
      root: this.add(root.bytes),
      timestamp: this.add(timestamp.bytes),
    });
  }

  /** What an entry names, from beside its log. `isFirst`: also the state that a bundle begins with. */
  async addNamed(log: Reader, entry: Entry, isFirst: boolean): Promise<Failure | undefined> {
    const { contents, trust } = namedBy(entry);
    // A later state is computed again, from the entries.
    const wanted = entry.kind === "state" && !isFirst ? [] : contents;
    for (const digest of wanted) {
      const found = await this.#kept(log, digest);
      if (found) return found;
    }
    for (const digest of trust) {
      const found = await this.addKeptState(log, digest);
      if (found) return found;
    }
    return undefined;
  }

  async addKeptState(log: Reader, digest: string): Promise<Failure | undefined> {
    if (this.#states.has(digest) || this.#looked.has(`trust ${digest}`)) return undefined;
    this.#looked.add(`trust ${digest}`);
    const list = await readTrustList(log, digest);
    // A gap that the verifier finds again, and names.
    if (!list.ok) return list.code === "MISSING" ? undefined : list;
    const state = await readTrustState(this.kernel, log, digest);
    if (!state.ok) return state.code === "MISSING" ? undefined : state;
    this.addState(state.value);
    return undefined;
  }

  async #kept(log: Reader, digest: string): Promise<Failure | undefined> {
    if (this.files.has(digest) || this.#looked.has(digest)) return undefined;
    this.#looked.add(digest);
    const bytes = await readKept(this.kernel, log, digest);
    if (bytes.ok) this.files.set(digest, bytes.value);
    else if (bytes.code !== "MISSING") return bytes;
    return undefined;
  }

  /** The states, and of each domain the roots from the lowest that is here to those of its states. */
  trust(): Result<{ readonly domains: BundledDomain[]; readonly trust: BundledState[] }> {
    const trust = [...this.#states.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
    const domains: BundledDomain[] = [];
    for (const domain of [...new Set(trust.map((each) => each.domain))].sort()) {
      const versions = this.#roots.get(domain) ?? new Map<number, string>();
      const used = new Set(trust.filter((each) => each.domain === domain).map(({ root }) => root));
      const ordered = [...versions].sort(([a], [b]) => a - b);
      const last = ordered.findLastIndex(([, sha256]) => used.has(sha256));
      domains.push({ domain, roots: ordered.slice(0, last + 1).map(([, sha256]) => sha256) });
    }
    const named = new Set(domains.flatMap(({ roots }) => roots));
    for (const versions of this.#roots.values()) {
      for (const sha256 of versions.values()) {
        if (!named.has(sha256) && !this.#inStates.has(sha256)) this.files.delete(sha256);
      }
    }
    return ok({ domains, trust });
  }
}
