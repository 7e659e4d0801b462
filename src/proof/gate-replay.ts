/**
 * A gate's log, replayed: every entry must be one that a gate could have written there, and every
 * decision comes out as it is written when it is made again.
 */
import type { AdmittedAuthorization } from "../authorization/admitted.js";
import type { AuthorizationRequest } from "../authorization/request.js";
import type { SignedProofs } from "../authorization/signed-proofs.js";
import { replayEntry } from "../gate/state-at.js";
import type { GateFold } from "../gate/state.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Entry } from "../lineage/entry.js";
import { timeOf } from "../lineage/entry.js";
import type { EntryName, Linked } from "../lineage/entry/common.js";
import type { Trust } from "../lineage/entry/gate.js";
import type { Admission, Decision } from "../lineage/entry/run.js";
import { runOf } from "../lineage/graph.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { Admissions } from "./admissions.js";
import type { Agreement } from "./decisions.js";
import { decideAgain } from "./decisions.js";
import type { Withdrawals } from "./domain-replay.js";
import type { Foretold } from "./foretold.js";
import { foretellBytes } from "./foretold.js";
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
import type { ReplayedLog } from "./replayed-runs.js";
import { ReplayedRuns } from "./replayed-runs.js";
import type { DecisionCounts } from "./report.js";
import type { OpenRun } from "./open-run.js";
import type { Moment, ReplayedRun } from "./run-inputs.js";
import { replayRun } from "./run-inputs.js";
import type { Trusted } from "./trusted.js";

export class GateReplay {
  readonly runs: ReplayedRuns;
  readonly counts: DecisionCounts = { agreed: 0, asserted: 0, open: 0, others: 0 };
  /** Of the proofs of possession in entries that come soon. */
  signatures: SignedProofs | undefined;
  readonly #domains: ReplayedDomains;
  readonly #admissions: Admissions;
  readonly #possessions = new Possessions();
  #foretold: Foretold | undefined;
  /** Domains whose state is named and not trusted here. */
  readonly #untrusted = new Map<string, Failure>();

  constructor(
    readonly kernel: Kernel,
    readonly trusted: Trusted,
    readonly fold: GateFold,
    readonly log: ReplayedLog,
    /** What domains have withdrawn, and until when others had seen that. */
    readonly withdrawals: ReadonlyMap<string, Withdrawals>,
    readonly says: ReplaySays,
    readonly skew: number,
    /** Keys whose word counts nothing, in hexadecimal. */
    readonly compromised: ReadonlySet<string>,
  ) {
    this.runs = new ReplayedRuns(kernel, log, says);
    this.#domains = new ReplayedDomains(trusted, log.domain);
    this.#admissions = new Admissions(kernel);
    for (const [domain, record] of fold.domains) {
      const trust = record.code === "NO_TRUST" ? null : record.trust;
      const [authorizations, keys] = [[...record.authorizations], [...record.keys]];
      const said = { domain, trust, view: record.view, code: record.code, authorizations, keys };
      this.#trust({ kind: "trust", ...said });
    }
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
    this.#foretold = foretellBytes(this.kernel, bytes, prev, this.runs.open, this.#moment);
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
    if (
      entry.kind === "drift" &&
      entry.evidence !== null &&
      (entry.run === null || this.runs.isAbout(entry.run))
    ) {
      this.#evidence(entry.evidence);
    }
    if (entry.kind === "start") this.says.transition(checkStart(entry, this.log, this.trusted));
    const run = runOf(entry);
    if (opened && !(entry.kind === "admission" && this.runs.isAbout(entry.run))) {
      this.#noOpenings(entry);
    }
    if (run !== undefined) this.runs.take(run, entry, at, opened);
    return true;
  }

  /** Whether a peer must have cosigned the intent of a run. */
  mustBeWitnessed(run: string): boolean {
    const replayed = this.runs.open.get(run)?.replayed;
    return replayed?.ok === true && replayed.value.authorization.demands.witnessed;
  }

  /** Where the gate stands. */
  get #moment(): Moment {
    return { gate: this.log.origin, state: this.fold, domains: this.domains };
  }

  #trust(entry: Trust): void {
    const wrong = this.#domains.apply(entry);
    if (wrong) this.#untrusted.set(entry.domain, wrong);
    else this.#untrusted.delete(entry.domain);
    this.says.trust(wrong);
  }

  #decision(entry: Decision & Linked, { index }: EntryName): void {
    if (!this.runs.isAbout(entry.run)) {
      this.counts.others += 1;
      return;
    }
    const open = this.runs.open.get(entry.run);
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
      const chain = this.#chain(admission, entry);
      if (!chain) {
        this.counts.asserted += 1;
        return;
      }
      open.replayed = used ?? this.#replay(open, admission, chain, entry);
      if (!open.replayed.ok && entry.outcome === "deny" && open.replayed.code === entry.code) {
        this.counts.agreed += 1;
        return;
      }
      this.says.authorization(open.replayed.ok ? undefined : open.replayed);
    }
    if (!open.replayed?.ok) {
      const expected = `the first decision of run ${entry.run}`;
      return this.#cannot(open.replayed ?? failure("MISSING", expected, "none that is here"));
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

  /**
   * The chain, admitted by the trust of this moment, or as it was before where that makes no difference: a
   * gate admits a chain once, and denies what nobody lists any more. Undefined: it has denied one that
   * cannot be admitted here.
   */
  #chain(
    { chain: sha256 }: Admission,
    { outcome }: Decision,
  ): Result<AdmittedAuthorization> | undefined {
    const chain = this.trusted.files.require("the chain of an authorization", sha256);
    if (!chain.ok) return chain;
    const admitted = this.#admissions.admit(sha256, chain.value, this.domains);
    if (admitted.ok || outcome === "allow") return admitted;
    const before = this.#admissions.once(sha256);
    return before && ok(before);
  }

  #replay(
    open: OpenRun,
    admission: Admission,
    authorization: Result<AdmittedAuthorization>,
    entry: Decision & Linked,
  ): Result<ReplayedRun> {
    const inputs = {
      admission,
      opened: open.opened,
      request: open.request as Result<AuthorizationRequest>,
      authorization,
      measurement: open.measurement,
      signatures: this.signatures,
      ancestors: this.runs.ancestry.of(admission.parents, open.accepted),
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
