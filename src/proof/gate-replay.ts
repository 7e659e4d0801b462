/**
 * A gate's log, replayed: every entry must be one that a gate could have written there, and every
 * decision comes out as it is written when it is made again.
 */
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import type { AuthorizationRequest } from "../authorization/request.js";
import type { SignedProofs } from "../authorization/signed-proofs.js";
import { chargesOf } from "../gate/run-entries.js";
import { replayEntry } from "../gate/state-at.js";
import type { GateFold } from "../gate/state.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Entry } from "../lineage/entry.js";
import { timeOf } from "../lineage/entry.js";
import type { EntryName, Linked } from "../lineage/entry/common.js";
import type { Trust } from "../lineage/entry/gate.js";
import type { Admission, Decision, Intent } from "../lineage/entry/run.js";
import { runOf } from "../lineage/graph.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Failure, Result } from "../verdict.js";
import { failure } from "../verdict.js";
import { Admissions } from "./admissions.js";
import { Ancestry } from "./ancestry.js";
import type { Agreement, Moment, ReplayedRun } from "./decisions.js";
import { decideAgain, replayRun, requestOf } from "./decisions.js";
import type { Withdrawals } from "./domain-replay.js";
import type { Foretold } from "./foretold.js";
import { foretellBytes } from "./foretold.js";
import { Intervals } from "./intervals.js";
import { ReplayedDomains } from "./known-domains.js";
import type { Opened } from "./opened.js";
import {
  checkPolicyEntry,
  checkPolicyKnown,
  checkResumed,
  checkStart,
  checkState,
  checkWithdrawn,
} from "./replay-checks.js";
import { Possessions } from "./possessions.js";
import type { ReplaySays } from "./replay-says.js";
import type { DecisionCounts, RunReport } from "./report.js";
import type { OpenRun } from "./open-run.js";
import { newOpenRun } from "./open-run.js";
import type { Trusted } from "./trusted.js";

/** Runs that are reported one by one. */
const MOST_REPORTED = 1_000;

/** By which an effect goes on, or has ended by itself. */
const GOES_ON: ReadonlySet<Entry["kind"]> = new Set(["decision", "handover", "outcome"]);

function isDenied(entry: Entry): boolean {
  return entry.kind === "decision" && entry.outcome === "deny";
}

export class GateReplay {
  readonly intervals: Intervals;
  readonly counts: DecisionCounts = { agreed: 0, asserted: 0, open: 0, others: 0 };
  /** The first of them, in the order in which they began. */
  readonly reported: RunReport[] = [];
  readonly totals = { runs: 0, completed: 0, denied: 0, contained: 0, revoked: 0, open: 0 };
  /** Of the proofs of possession in entries that come soon. */
  signatures: SignedProofs | undefined;
  readonly #domains: ReplayedDomains;
  readonly #admissions: Admissions;
  readonly #possessions = new Possessions();
  /** Of the runs that this is about, those of which there is an entry. */
  readonly #seen = new Set<string>();
  readonly #ancestry: Ancestry;
  readonly #runs = new Map<string, OpenRun>();
  #foretold: Foretold | undefined;
  /** Domains whose state is named and not trusted here. */
  readonly #untrusted = new Map<string, Failure>();

  constructor(
    readonly kernel: Kernel,
    readonly trusted: Trusted,
    readonly fold: GateFold,
    readonly log: {
      readonly origin: string;
      readonly domain: string;
      readonly from: number;
      /** The runs that this is about; null for all. */
      readonly about: ReadonlySet<string> | null;
    },
    /** What domains have withdrawn, and until when others had seen that. */
    readonly withdrawals: ReadonlyMap<string, Withdrawals>,
    readonly says: ReplaySays,
    readonly skew: number,
    /** Keys whose word counts nothing, in hexadecimal. */
    readonly compromised: ReadonlySet<string>,
  ) {
    this.intervals = new Intervals();
    this.#domains = new ReplayedDomains(trusted, log.domain);
    this.#admissions = new Admissions(kernel);
    for (const [domain, record] of fold.domains) {
      const trust = record.code === "NO_TRUST" ? null : record.trust;
      const [authorizations, keys] = [[...record.authorizations], [...record.keys]];
      const said = { domain, trust, view: record.view, code: record.code, authorizations, keys };
      this.#trust({ kind: "trust", ...said });
    }
    this.#ancestry = new Ancestry(log.origin, log.from);
  }

  /** The domains as the gate knew them after the last entry. */
  get domains() {
    return this.#domains.domains;
  }

  /**
   * What the next entry says, where its bytes are those that the gate must have written: the same as
   * taking them apart and comparing, for an entry that only goes on with a run. Undefined for all else.
   */
  foretell(bytes: Uint8Array, prev: string): Entry | undefined {
    if (this.#untrusted.size > 0) return undefined;
    this.#foretold = foretellBytes(this.kernel, bytes, prev, this.#runs, this.#moment);
    return this.#foretold?.entry;
  }

  /** Takes the next entry; false where no gate could have written it, and nothing behind it counts. */
  take(entry: Entry, at: EntryName, opened: Opened | undefined): boolean {
    // Before it is taken in: a decision is made on what there was, and a state is what there was.
    const wrong = entry.kind === "state" ? checkState(this.kernel, this.fold, entry) : undefined;
    if (wrong) this.says.transition(wrong);
    if (entry.kind === "decision") this.#decision(entry, at);
    if (entry.kind === "resume") {
      const own = this.#untrusted.get(this.log.domain);
      const stolen = this.#stolen(entry.statement.signatures.map(({ keyid }) => keyid));
      this.says.resume(own ?? stolen ?? checkResumed(this.kernel, entry, this.#moment));
    }
    const illegal = replayEntry(this.fold, entry, at.leaf);
    this.says.transition(illegal);
    if (illegal) return false;
    if (entry.kind === "trust") this.#trust(entry);
    if (entry.kind === "policy") {
      const own = this.#untrusted.get(this.log.domain);
      this.says.trust(own ?? checkPolicyEntry(this.domains.own, entry));
    }
    if (entry.kind === "drift" && entry.run === null && entry.evidence !== null) {
      this.#evidence(entry.evidence);
    }
    if (entry.kind === "start") this.says.transition(checkStart(entry, this.log, this.trusted));
    const run = runOf(entry);
    if (run !== undefined) this.#run(run, entry, at, opened);
    else if (opened) this.#noOpenings(entry);
    return true;
  }

  /** The log ends here. */
  end(time: number): void {
    for (const run of this.log.about ?? []) {
      if (this.#seen.has(run)) continue;
      this.says.transition(failure("MISSING", `entries of run ${run}`, "none"));
    }
    for (const [run, { report }] of this.#runs) {
      if (report.end !== null) continue;
      this.totals.open += 1;
      if (this.isAbout(run)) this.says.continuity(this.intervals.end(run, time));
    }
  }

  /** Whether a peer must have cosigned the intent of a run. */
  mustBeWitnessed(run: string): boolean {
    const replayed = this.#runs.get(run)?.replayed;
    return replayed?.ok === true && replayed.value.authorization.demands.witnessed;
  }

  /** Whether one of the runs that this is about is still under way. */
  get hasOpenRun(): boolean {
    return [...this.#runs].some(([run, { report }]) => report.end === null && this.isAbout(run));
  }

  /** Where the gate stands. */
  get #moment(): Moment {
    return { gate: this.log.origin, state: this.fold, domains: this.domains };
  }

  /** Whether this run is one of those that this is about. */
  isAbout(run: string): boolean {
    return this.log.about?.has(run) ?? true;
  }

  #trust(entry: Trust): void {
    const wrong = this.#domains.apply(entry);
    if (wrong) this.#untrusted.set(entry.domain, wrong);
    else this.#untrusted.delete(entry.domain);
    this.says.trust(wrong);
  }

  #run(run: string, entry: Entry, at: EntryName, opened: Opened | undefined): void {
    const open = this.#open(run, entry);
    const { report } = open;
    if (opened && !(entry.kind === "admission" && this.isAbout(run))) this.#noOpenings(entry);
    if (open.denied && GOES_ON.has(entry.kind) && !isDenied(entry)) {
      const expected = `a drift of run ${run}, which was denied`;
      this.says.transition(failure("LOG", expected, `entry ${at.index}: ${entry.kind}`));
    }
    report.entries += 1;
    report.state = (entry as { readonly state: RunReport["state"] }).state;
    const time = timeOf(entry);
    switch (entry.kind) {
      case "accept":
        this.#ancestry.add(at.index, at.leaf, run, undefined);
        open.accepted = entry.parent;
        if (this.isAbout(run)) this.says.accept(entry, at);
        break;
      case "admission":
        if (open.admission) break;
        [open.admission, open.opened] = [entry, opened];
        if (this.isAbout(run)) {
          open.request = requestOf(this.kernel, entry, opened);
          // What is shown must be what the entry says, also of a run that nobody decides on again.
          const wrong =
            open.request.ok || open.request.code === "REDACTED" ? undefined : open.request;
          if (wrong) this.says.authorization(wrong);
        }
        [report.principal, report.command] = [entry.principal.id, entry.command];
        [report.authorization, report.issuer] = [entry.authorization, entry.issuer.domain];
        break;
      case "measurement":
        open.measurement = entry;
        if (entry.source === "attested" && this.isAbout(run)) {
          const expected = `who attests what run ${run} runs in`;
          this.says.transition(failure("MISSING", expected, "its gate's own word"));
        }
        break;
      case "decision":
        if (entry.number === 0 && entry.outcome === "allow") {
          this.#ancestry.add(at.index, at.leaf, run, open.admission?.parents);
        }
        if (entry.outcome === "allow" && this.intervals.of(run) && open.allowed) {
          this.#say(run, this.intervals.renew(run, open.allowed));
        }
        open.denied = isDenied(entry) && entry.state === "executing";
        break;
      case "intent":
        this.#intent(run, entry, open);
        break;
      case "resume":
        if (open.allowed) this.intervals.begin(run, open.allowed);
        break;
      case "drift":
        open.denied = false;
        report.drifts += 1;
        if (entry.evidence !== null && this.isAbout(run)) this.#evidence(entry.evidence);
        this.#say(run, this.intervals.end(run, time));
        break;
      case "interruption":
        if (!open.contained) this.totals.contained += 1;
        open.contained = true;
        break;
      case "outcome":
        this.#say(run, this.intervals.end(run, time));
        break;
    }
    this.#close(run, open, entry.time);
  }

  #close(run: string, { report }: OpenRun, time: string): void {
    const { state } = report;
    if (state === "completed" || state === "denied" || state === "revoked") {
      report.end = time;
      this.totals[state] += 1;
      this.#runs.delete(run);
    }
  }

  #say(run: string, gap: Failure | undefined): void {
    if (this.isAbout(run)) this.says.continuity(gap);
  }

  #open(run: string, entry: Entry): OpenRun {
    let open = this.#runs.get(run);
    if (open) return open;
    open = newOpenRun(run, entry);
    this.#runs.set(run, open);
    this.totals.runs += 1;
    if (this.log.about?.has(run)) this.#seen.add(run);
    if (this.isAbout(run) && this.reported.length < MOST_REPORTED) this.reported.push(open.report);
    return open;
  }

  /** What the intent charges is what the decision said, so that no counter is spared. */
  #intent(run: string, { charges }: Intent, open: OpenRun): void {
    if (open.allowed) this.intervals.begin(run, open.allowed);
    if (!open.permission) return;
    const [expected, found] = [chargesOf(open.permission), charges].map((each) =>
      formatCanonical(each as unknown as Json),
    ) as [string, string];
    const wrong = failure("LIMIT", `the charges ${expected}`, found);
    this.says.decision(found === expected ? undefined : wrong);
  }

  #decision(entry: Decision & Linked, { index }: EntryName): void {
    if (!this.isAbout(entry.run)) {
      this.counts.others += 1;
      return;
    }
    const open = this.#runs.get(entry.run);
    const admission = open?.admission;
    if (!admission) {
      // Denied before anything was admitted, or of a run that began before the first entry here.
      if (this.fold.runs.has(entry.run)) {
        const expected = `the admission of run ${entry.run}`;
        return this.#cannot(failure("MISSING", expected, "before the first entry here"));
      }
      this.counts.asserted += 1;
      if (entry.outcome === "deny") return;
      return this.says.transition(failure("LOG", "an admission before a decision", "none"));
    }
    const untrusted = entry.trust.flatMap(({ domain }) => this.#untrusted.get(domain) ?? [])[0];
    if (untrusted) return this.#cannot(untrusted);
    if (entry.number === 0) {
      if (entry.outcome === "deny" && !entry.possession) {
        this.counts.asserted += 1;
        return;
      }
      const { possession } = entry;
      const used = possession ? this.#possessions.take(possession, timeOf(entry)) : undefined;
      open.replayed = used ?? this.#replay(open, admission, entry);
      if (!open.replayed.ok && entry.outcome === "deny" && open.replayed.code === entry.code) {
        this.counts.agreed += 1;
        return;
      }
      this.says.authorization(open.replayed.ok ? undefined : open.replayed);
    }
    if (!open.replayed?.ok) {
      this.counts.open += 1;
      return;
    }
    const policy = checkPolicyKnown(this.domains.own, this.fold);
    if (policy) this.says.trust(policy);
    const foretold = this.#foretold?.entry === entry ? this.#foretold : undefined;
    const agreement: Agreement = foretold
      ? { kind: "agrees", permission: foretold.permission }
      : decideAgain(this.kernel, open.replayed.value, entry, this.#moment);
    if (agreement.kind === "asserted") {
      this.counts.asserted += 1;
      return;
    }
    if (agreement.kind === "differs") {
      const { code, expected, found } = agreement.failure;
      return this.says.decision(failure(code, `entry ${index}: ${expected}`, found));
    }
    this.counts.agreed += 1;
    this.says.decision(undefined);
    const { permission } = agreement;
    if (!permission || entry.validUntil === null || entry.recheck === null) return;
    if (this.withdrawals.size > 0) {
      const time = timeOf(entry);
      const { withdrawals, skew, log } = this;
      this.says.withdrawal(checkWithdrawn(permission, log.domain, time, withdrawals, skew));
    }
    open.permission = permission;
    open.allowed = {
      time: timeOf(entry),
      validUntil: millisecondsOf(entry.validUntil),
      recheck: entry.recheck,
      age: Math.max(0, ...permission.evidence.map(({ age }) => age)),
    };
  }

  #replay(open: OpenRun, admission: Admission, entry: Decision & Linked): Result<ReplayedRun> {
    const { chain: sha256 } = admission;
    const chain = this.trusted.files.require("the chain of an authorization", sha256);
    const inputs = {
      admission,
      opened: open.opened,
      request: open.request as Result<AuthorizationRequest>,
      authorization: chain.ok ? this.#admissions.admit(sha256, chain.value, this.domains) : chain,
      measurement: open.measurement,
      signatures: this.signatures,
      ancestors: this.#ancestry.of(admission.parents, open.accepted),
    };
    const replayed = replayRun(this.kernel, inputs, entry, this.#moment);
    const stolen = replayed.ok ? this.#stolen(replayed.value.authorization.keys) : undefined;
    return stolen ?? replayed;
  }

  #stolen(keys: readonly string[]): Failure | undefined {
    const key = keys.find((each) => this.compromised.has(each));
    return key === undefined ? undefined : failure("KEY", "keys that nobody has stolen", key);
  }

  #evidence(sha256: string): void {
    const bytes = this.trusted.files.require("the evidence of a drift", sha256);
    this.says.transition(bytes.ok ? undefined : bytes);
  }

  #noOpenings({ kind }: Entry): void {
    const expected = "lines that open digests behind admissions of the runs that this is about";
    this.says.authorization(failure("NON_CANONICAL", expected, `some behind an entry of ${kind}`));
  }

  #cannot(why: Failure): void {
    this.counts.open += 1;
    this.says.decision(why);
  }
}
