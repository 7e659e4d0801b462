/**
 * Why an entry is what it is: step by step from what it says to the keys that people trust, and to
 * those who saw it. What cannot be shown is a gap that has a name.
 */
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { Verifiers } from "../tlog/verifiers.js";
import type { UnverifiedCheckpoint } from "../tlog/checkpoint.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { findCosignatures, findCoverage } from "./coverage.js";
import type { Entry, EntryKind } from "./entry.js";
import type { EntryName } from "./entry/common.js";
import type { Admission } from "./entry/run.js";
import type { Lineage, PlacedEntry } from "./graph.js";
import { causesIn, isSame, placeOf, runOf } from "./graph.js";
import { checkChain, checkIssuer, checkRoot } from "./grounds.js";
import { readKept, readTrustState } from "./kept.js";

/** What there is to show it with. */
export interface WhyEvidence {
  readonly lineage: Lineage;
  /** The log of an origin as it is stored, with what is kept beside it, and the domain of its gate. */
  readonly log: (origin: string) => WhyLog | undefined;
  /** The roots of a domain that are trusted: the pinned one, and those that follow from it. */
  readonly roots: (domain: string) => readonly Uint8Array[];
  /** Keys of witnesses whose word counts: a peer's, and not the gate's own domain's. */
  readonly witnesses: readonly VerifierKey[];
  readonly verifiers: Verifiers;
}

export interface WhyLog {
  readonly storage: Reader;
  readonly domain: string;
  /** A checkpoint by this key, in hexadecimal, that covers the entry; undefined: as the log is stored. */
  readonly covering?: (name: EntryName, key: string) => Promise<Result<UnverifiedCheckpoint>>;
}

export interface WhyStep {
  readonly what:
    | "entry"
    | "cause"
    | "packet"
    | "decision"
    | "admission"
    | "authorization"
    | "trust"
    | "issuer"
    | "gate"
    | "root"
    | "checkpoint"
    | "cosignature";
  /** For people: what was found, or what the step is about. */
  readonly detail: string;
  /** Why it cannot be shown; undefined where it can. */
  readonly gap: Failure | undefined;
}

export interface Why {
  readonly steps: readonly WhyStep[];
  /** Whether there is no gap. */
  readonly complete: boolean;
}

/** The path of an entry, or MISSING where it is not there itself. */
export async function why(
  kernel: Kernel,
  evidence: WhyEvidence,
  name: EntryName,
): Promise<Result<Why>> {
  const placed = evidence.lineage.at(name);
  if (!placed || !isSame(placed, name)) {
    const expected = `the entry ${placeOf(name)} with leaf hash ${name.leaf}`;
    return failure("MISSING", expected, placed ? placed.leaf : "none");
  }
  const log = evidence.log(name.origin);
  if (!log) return failure("MISSING", `the log of ${name.origin}`, "none");
  const path = new Path(kernel, evidence, log, placed);
  await path.walk();
  return ok({ steps: path.steps, complete: path.steps.every(({ gap }) => !gap) });
}

/** Entries of a run that stand before its first decision. */
const BEFORE: ReadonlySet<EntryKind> = new Set(["accept", "admission", "measurement"]);

class Path {
  readonly steps: WhyStep[] = [];
  readonly #states = new Map<string, VerifiedTrustState | undefined>();
  readonly #roots = new Set<string>();

  constructor(
    readonly kernel: Kernel,
    readonly evidence: WhyEvidence,
    readonly log: WhyLog,
    readonly placed: PlacedEntry,
  ) {}

  get storage(): Reader {
    return this.log.storage;
  }

  async walk(): Promise<void> {
    const { entry, index } = this.placed;
    this.#step("entry", `${placeOf(this.placed)}, ${entry.kind}`);
    for (const cause of causesIn(entry)) {
      const found = this.evidence.lineage.at(cause);
      const there = found !== undefined && isSame(found, cause);
      this.#step("cause", placeOf(cause), there ? ok(found) : absent(placeOf(cause)));
    }
    if (entry.kind === "accept") {
      this.#step("packet", entry.packet, await readKept(this.kernel, this.storage, entry.packet));
    }
    const run = runOf(entry);
    if (run !== undefined) await this.#run(run);
    if (entry.kind === "trust" && entry.trust) {
      await this.#trust(entry.domain, entry.trust.digest, index);
    }
    await this.#gate();
  }

  /** From what the run did to the decision that allowed it, to the authorization, to its issuer. */
  async #run(run: string): Promise<void> {
    const { origin, index } = this.placed;
    const entries = this.evidence.lineage.run(origin, run)?.entries ?? [];
    const decided = entries.findLast(
      (each) => each.entry.kind === "decision" && each.index <= index,
    );
    const decision = decided?.entry.kind === "decision" ? decided.entry : undefined;
    if (decided && decision) {
      const answer = decision.outcome === "allow" ? "allow" : `deny, ${decision.code}`;
      this.#step("decision", `${placeOf(decided)}, ${answer}`);
    } else if (!BEFORE.has(this.placed.entry.kind)) {
      this.#step("decision", `run ${run}`, absent("a decision on it"));
    }
    const admission = entries.map(({ entry }) => entry).find(isAdmission);
    if (!admission) {
      if (this.placed.entry.kind === "accept") return;
      return this.#step("admission", `run ${run}`, absent("its admission"));
    }
    const { command, principal, chain, authorization, issuer } = admission;
    this.#step("admission", `${principal.id} for ${command}`);
    const kept = await readKept(this.kernel, this.storage, chain);
    const checked = kept.ok ? checkChain(this.kernel, kept.value, admission) : kept;
    this.#step("authorization", `${authorization}, made by ${issuer.key}`, checked);

    const named = decision?.trust.find(({ domain }) => domain === issuer.domain)?.digest;
    const digest = decision ? named : this.#newest(issuer.domain)?.digest;
    if (!digest) return this.#step("trust", issuer.domain, absent("a trust state of it"));
    const state = await this.#trust(issuer.domain, digest, index);
    if (!state) return;
    const listed = checkIssuer(state, admission);
    this.#step("issuer", `${listed.ok ? listed.value : issuer.key} of ${issuer.domain}`, listed);
  }

  /** The entry from which on the gate used a state, and the state as it is kept, up to its root. */
  async #trust(
    domain: string,
    digest: string,
    until: number,
  ): Promise<VerifiedTrustState | undefined> {
    if (this.#states.has(digest)) return this.#states.get(digest);
    this.#states.set(digest, undefined);
    const named = this.evidence.lineage
      .log(this.placed.origin)
      .findLast(
        ({ entry, index }) =>
          index <= until && entry.kind === "trust" && entry.trust?.digest === digest,
      );
    const where = named ? placeOf(named) : "no entry";
    const there = named ? ok(named) : absent(`an entry that names the state ${digest}`);
    this.#step("trust", `${domain}: ${where}`, there);
    const read = await readTrustState(this.kernel, this.storage, digest);
    const state =
      read.ok && read.value.domain !== domain
        ? failure("ORIGIN", `a state of ${domain}`, read.value.domain)
        : read;
    this.#step("trust", `${domain}: state ${digest}`, state);
    if (!state.ok) return undefined;
    this.#states.set(digest, state.value);
    const { root } = state.value.metadata;
    if (!this.#roots.has(root.digest)) {
      this.#roots.add(root.digest);
      const { keyids, threshold } = root.signed.roles.root;
      const keys = `${threshold} of ${keyids.length} keys`;
      const trusted = await checkRoot(this.kernel, root, this.evidence.roots(domain));
      this.#step("root", `root ${root.signed.version} of ${domain}: ${keys}`, trusted);
    }
    return state.value;
  }

  /** The gate's own domain lists its key, which signed a checkpoint that covers the entry. */
  async #gate(): Promise<void> {
    const { origin, index } = this.placed;
    // The first entries of a log stand before the first that names a state.
    const { domain } = this.log;
    const own = this.#newest(domain) ?? this.#first(domain);
    if (!own) return this.#step("gate", origin, absent(`a trust state of ${domain}`));
    const state = await this.#trust(domain, own.digest, Math.max(index, own.index));
    if (!state) return;
    const listed = state.authority.gates.find((gate) => gate.origin === origin);
    if (!listed) {
      const unlisted = failure("UNTRUSTED", `a gate that ${domain} lists`, origin);
      return this.#step("gate", origin, unlisted);
    }
    this.#step("gate", `${origin} of ${domain}, key ${listed.key}`);
    const covered = await (this.log.covering?.(this.placed, listed.key) ??
      findCoverage(this.kernel, this.storage, this.placed, listed.key, this.evidence));
    const size = covered.ok ? `, size ${covered.value.checkpoint.size}` : "";
    this.#step("checkpoint", `${origin}${size}`, covered);
    if (!covered.ok) return;
    const { witnesses, verifiers } = this.evidence;
    const by = findCosignatures(this.kernel, covered.value, witnesses, verifiers);
    this.#step("cosignature", by.ok ? by.value.join(", ") : origin, by);
  }

  /** The state of a domain that the gate used at the time of the entry. */
  #newest(domain: string): NamedState | undefined {
    const newest = this.#named(domain).findLast(({ index }) => index <= this.placed.index);
    return newest?.digest === undefined ? undefined : { ...newest, digest: newest.digest };
  }

  #first(domain: string): NamedState | undefined {
    const [first] = this.#named(domain);
    return first?.digest === undefined ? undefined : { ...first, digest: first.digest };
  }

  #named(domain: string): { readonly index: number; readonly digest: string | undefined }[] {
    const log = this.evidence.lineage.log(this.placed.origin);
    return log.flatMap(({ entry, index }) =>
      entry.kind === "trust" && entry.domain === domain
        ? [{ index, digest: entry.trust?.digest }]
        : [],
    );
  }

  #step(what: WhyStep["what"], detail: string, found: Result<unknown> = ok(undefined)): void {
    this.steps.push({ what, detail, gap: found.ok ? undefined : found });
  }
}

interface NamedState {
  readonly index: number;
  readonly digest: string;
}

function isAdmission(entry: Entry): entry is Entry & Admission {
  return entry.kind === "admission";
}

function absent(what: string): Failure {
  return failure("MISSING", what, "it is not there");
}
