/** Verifying a gate's log in a bundle: its entries replayed, their times, and what came from other gates. */
import { domainOfAudience } from "../authorization/demands.js";
import { lookAtProofs } from "../authorization/possession.js";
import type { SignedProofs } from "../authorization/signed-proofs.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { formatRfc3339 } from "../bytes/rfc3339.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import { readKeptState } from "../gate/state/kept-state.js";
import { GateFold } from "../gate/state.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Entry } from "../lineage/entry.js";
import { parseEntry, timeOf } from "../lineage/entry.js";
import type { EntryName } from "../lineage/entry/common.js";
import { verifyPacket } from "../lineage/handover.js";
import type { CheckpointDemand } from "../tlog/verify-checkpoint.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Crossings } from "./crossings.js";
import type { BundleDemand } from "./demand.js";
import { quorumIn } from "./demand.js";
import type { Withdrawals } from "./domain-replay.js";
import { GateReplay } from "./gate-replay.js";
import type { BundledLog } from "./manifest.js";
import type { GateReport } from "./report.js";
import type { Trusted } from "./trusted.js";
import type { HashedEntry } from "./verify-log.js";
import type { TimeBounds, WitnessedTimes } from "./witnessed.js";
import { checkTime, LogWitnesses } from "./witnessed.js";

/** Proofs that cost no less together: a principal's key is prepared for those that come one by one. */
const FEW = 32;

/** What the logs of one bundle share while they are verified. */
export interface BundleContext {
  readonly kernel: Kernel;
  readonly demand: BundleDemand;
  readonly trusted: Trusted;
  readonly crossings: Crossings;
  readonly withdrawals: ReadonlyMap<string, Withdrawals>;
  /** What a check of a log has found. */
  say(name: string, found: Failure | undefined): void;
}

export class GateVerification {
  readonly #context: BundleContext;
  readonly #log: BundledLog;
  readonly #times: WitnessedTimes;
  /** The runs that this is about; null for all. */
  readonly #about: ReadonlySet<string> | null;
  #replay: GateReplay | undefined;
  #last: { readonly leaf: string; readonly time: number } | undefined;
  #stopped = false;
  /** Of the entries that were shown, those that were taken apart, and the signatures in them. */
  readonly #parsed = new Map<number, Result<Entry>>();
  #proofs: SignedProofs | undefined;
  /** Of the logs that runs were handed on from: the same for every packet of one. */
  readonly #givers = new Map<string, LogWitnesses>();
  /** Of checks, by what they are of this log: one string for all that is said by it. */
  readonly #names = new Map<string, string>();

  constructor(context: BundleContext, log: BundledLog, times: WitnessedTimes) {
    this.#context = context;
    this.#log = log;
    this.#times = times;
    this.#about = log.runs && new Set(log.runs);
  }

  /** Is shown entries before it takes them: the proofs of runs that begin cost less together. */
  ahead(entries: readonly HashedEntry[]): void {
    this.#parsed.clear();
    const proofs: Uint8Array[] = [];
    for (const [i, { opened }] of entries.entries()) {
      // A gate writes a run's admission, its measurement and the decision at once.
      for (const { index, bytes } of opened ? entries.slice(i + 1, i + 3) : []) {
        const parsed = parseEntry(bytes);
        this.#parsed.set(index, parsed);
        if (!parsed.ok || parsed.value.kind !== "decision" || !parsed.value.possession) continue;
        proofs.push(encodeUtf8(formatCanonical(parsed.value.possession as unknown as Json)));
      }
    }
    const { kernel } = this.#context;
    this.#proofs = proofs.length < FEW ? undefined : lookAtProofs(kernel, proofs);
    if (this.#replay) this.#replay.signatures = this.#proofs;
  }

  /** Takes the next entry. After one that is none, or that does not follow, nothing counts any more. */
  take({ index, bytes, leaf, opened }: HashedEntry): void {
    if (this.#stopped) return;
    const { origin } = this.#log;
    const foretold = this.#last && this.#replay?.foretell(bytes, this.#last.leaf);
    const parsed = foretold ? ok(foretold) : (this.#parsed.get(index) ?? parseEntry(bytes));
    const broken = parsed.ok ? this.#checkLink(parsed.value, index) : parsed;
    this.#say("entries", broken);
    const entry = parsed.ok && !broken ? parsed.value : undefined;
    if (entry && !this.#replay) {
      this.#replay = this.#begin(entry);
      if (this.#replay) this.#replay.signatures = this.#proofs;
    }
    if (!entry || !this.#replay) {
      this.#stopped = true;
      return;
    }
    this.#last = { leaf, time: timeOf(entry) };
    const seen = this.#witnessed(index, entry);
    const at = { origin, index, leaf };
    this.#context.crossings.add(at, entry);
    this.#context.demand.onEntry?.({ ...at, bytes, entry, opened });
    if (!this.#replay.take(entry, at, opened)) this.#stopped = true;
    if (entry.kind !== "intent" && entry.kind !== "resume") return;
    if (entry.run === null || !this.#replay.mustBeWitnessed(entry.run)) return;
    const expected = `a peer's cosignature that covers entry ${index}, before the effect`;
    this.#say("intents", seen.to === undefined ? failure("QUORUM", expected, "none") : undefined);
  }

  /** After the last; undefined where not even the first could be taken. */
  end(): GateReport | undefined {
    if (!this.#replay || !this.#last) return undefined;
    const { counts, runs } = this.#replay;
    runs.end(this.#last.time);
    const { totals, intervals, reported } = runs;
    const { origin } = this.#log;
    return { origin, decisions: counts, runs: totals, trust: intervals.totals(), reported };
  }

  /** Whether a run that the bundle is about is still under way at its last entry. */
  get hasOpenRun(): boolean {
    return this.#replay?.runs.hasOpenRun ?? true;
  }

  #say(check: string, found: Failure | undefined): void {
    let name = this.#names.get(check);
    if (name === undefined) this.#names.set(check, (name = `${this.#log.origin}: ${check}`));
    this.#context.say(name, found);
  }

  /** CHAIN unless the entry follows the one before, in its time too. */
  #checkLink({ prev, time }: Entry, index: number): Failure | undefined {
    const before = this.#last;
    if (!before) {
      if (index > 0 || prev === null) return undefined;
      return failure("CHAIN", "a first entry, which follows none", prev);
    }
    if (prev !== before.leaf) {
      return failure("CHAIN", `entry ${index} to follow ${before.leaf}`, prev ?? "none");
    }
    if (millisecondsOf(time) >= before.time) return undefined;
    return failure("CHAIN", `entry ${index} not to be earlier than the one before`, time);
  }

  /** The state before the first entry: nothing, or what a `state` entry names. */
  #begin(first: Entry): GateReplay | undefined {
    const { origin, from } = this.#log;
    const fold = from === 0 ? ok(new GateFold()) : this.#keptState(from, first);
    if (!fold.ok) {
      this.#say("transitions", fold);
      return undefined;
    }
    const { started } = fold.value;
    if (started) this.#context.crossings.gate(started.key, origin);
    const place = { origin, domain: domainOfAudience(origin), from, about: this.#about };
    const says = {
      transition: (found: Failure | undefined) => this.#say("transitions", found),
      trust: (found: Failure | undefined) => this.#say("trust", found),
      authorization: (found: Failure | undefined) => this.#say("authorizations", found),
      decision: (found: Failure | undefined) => this.#say("decisions", found),
      continuity: (found: Failure | undefined) => this.#say("continuity", found),
      resume: (found: Failure | undefined) => this.#say("resumes", found),
      withdrawal: (found: Failure | undefined) => this.#say("withdrawals", found),
      accept: (entry: Entry & { readonly kind: "accept" }, at: EntryName) =>
        this.#say("hand-overs", this.#packet(entry, at, fold.value)),
    };
    const { kernel, trusted, withdrawals, demand } = this.#context;
    const { skew, compromised } = quorumIn(demand);
    return new GateReplay(kernel, trusted, fold.value, place, withdrawals, says, skew, compromised);
  }

  #keptState(from: number, first: Entry): Result<GateFold> {
    if (first.kind !== "state") {
      const expected = `a state as the first entry, where it is not entry 0 but ${from}`;
      return failure("MISSING", expected, first.kind);
    }
    const bytes = this.#context.trusted.files.require("the state of a gate", first.digest);
    const fold = bytes.ok ? readKeptState(bytes.value) : bytes;
    if (!fold.ok) return fold;
    if (fold.value.size === from && fold.value.last === first.prev) return fold;
    return failure("LOG", `the state after ${from} entries`, `after ${fold.value.size}`);
  }

  /** Whether others bear out when a decision was made; gives what they say of any entry. */
  #witnessed(index: number, entry: Entry): TimeBounds {
    const { demand, trusted } = this.#context;
    const { skew, witnessInterval, now } = demand;
    const own = domainOfAudience(this.#log.origin);
    const times = this.#times;
    if (entry.kind === "trust" && entry.trust && entry.domain !== own) {
      // Only what another domain has signed, and what its own keys vouch for here.
      const state = trusted.state(entry.trust.digest);
      if (state.ok && state.value.issued !== undefined) times.names(state.value.issued);
    }
    const bounds = times.of(index);
    const time = timeOf(entry);
    const isAllow = entry.kind === "decision" && entry.outcome === "allow";
    // Of others it matters only that nobody contradicts them.
    const isProven = isAllow && this.#replay?.runs.isAbout(entry.run) === true;
    const interval = isProven ? witnessInterval : Number.POSITIVE_INFINITY;
    // What a gate takes in may come from a clock that is ahead of its own.
    const held = entry.kind === "trust" ? { from: undefined, to: bounds.to } : bounds;
    const wrong =
      time > now + skew
        ? failure("CLOCK", `a time up to ${formatRfc3339(now, "s")}`, entry.time)
        : checkTime(time, held, { skew, witnessInterval: interval });
    if (isAllow || wrong) this.#say("times", wrong);
    return bounds;
  }

  /** The hand-over in a packet is what the accept names, and others had seen it. */
  #packet(
    entry: Entry & { readonly kind: "accept" },
    at: EntryName,
    { started }: GateFold,
  ): Failure | undefined {
    const { kernel, trusted, demand: own } = this.#context;
    const bytes = trusted.files.require(`the packet of entry ${at.index}`, entry.packet);
    if (!bytes.ok) return bytes;
    const { origin } = entry.parent;
    let witnesses = this.#givers.get(origin);
    if (!witnesses) {
      witnesses = new LogWitnesses(kernel, trusted, { kind: "gate", origin }, quorumIn(own));
      this.#givers.set(origin, witnesses);
    }
    const demand = witnesses.demandAt(timeOf(entry));
    if (!demand.ok) return demand;
    const demandOf = (other: string): Result<CheckpointDemand> =>
      other === origin ? demand : failure("ORIGIN", origin, other);
    const checked = verifyPacket(kernel, bytes.value, { receiver: started?.key ?? "", demandOf });
    if (!checked.ok) return checked;
    const { parent } = checked.value;
    if (parent.index === entry.parent.index && parent.leaf === entry.parent.leaf) return undefined;
    return failure("ORPHAN", `the hand-over of entry ${entry.parent.index}`, `of ${parent.index}`);
  }
}
