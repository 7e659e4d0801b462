/**
 * The gate: nothing begins without fresh trust and a durable entry, and what has begun ends when
 * continuity breaks.
 */
import { makeRequest } from "../authorization/request.js";
import { encodeHex } from "../bytes/hex.js";
import type { EntryBody } from "../lineage/entry.js";
import type { Opening } from "../lineage/openings.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { Failure, Result } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Challenge } from "./challenges.js";
import { Challenges } from "./challenges.js";
import type { GateCore, Refused } from "./core.js";
import type { GateDecision } from "./decide.js";
import { driftOf } from "./drift.js";
import { checkMeasured } from "./environment.js";
import type { RunResult } from "./governed-run.js";
import { GovernedRun } from "./governed-run.js";
import type { HandedOver } from "./hand-over.js";
import { handOver } from "./hand-over.js";
import type { Placed, Written } from "./ledger.js";
import { CADENCE } from "./options.js";
import { PeerWitnesses } from "./peer-witnesses.js";
import type { Preparation } from "./prepare.js";
import { changedSince, checkAccept, copyBytes, Preparer } from "./prepare.js";
import { recover, resumeGate, resumeRun, revoke } from "./recovery.js";
import { chargesOf, checkIntent, measurementOf } from "./run-entries.js";
import type { RunRequest } from "./run-request.js";
import type { Denied, Started } from "./started.js";
import { denied } from "./started.js";
import type { GateState } from "./state.js";
import { Supervisor } from "./supervisor.js";
import { Vouching } from "./vouching.js";
import { messageOf } from "./message.js";

/** Open; made by `openGate`. */
export class Gate {
  readonly core: GateCore;
  readonly supervisor: Supervisor;
  readonly #challenges: Challenges;
  readonly #preparer: Preparer;
  readonly #unsubscribe: () => void;
  readonly #vouching: Vouching;
  readonly #peers: PeerWitnesses;
  #cancelBeat: () => void = () => {};
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(core: GateCore, supervisor: Supervisor) {
    this.core = core;
    this.supervisor = supervisor;
    const { clock, random, follower } = core.options;
    this.#challenges = new Challenges(core.origin, clock, random);
    this.#preparer = new Preparer(core, this.#challenges);
    core.ledger.onFailure = (why) => supervisor.abandon(why);
    this.#unsubscribe = follower.onChange(() => this.reconsider());
    const contradicted = (why: Failure): void =>
      supervisor.containGate(why.code, driftOf(why.code));
    this.#vouching = new Vouching(core, contradicted);
    this.reconsider();
    this.#peers = new PeerWitnesses(core, contradicted);
    this.#scheduleBeat();
  }

  get origin(): string {
    return this.core.origin;
  }

  get state(): GateState {
    return this.core.state;
  }

  /** Why this gate can decide nothing now; undefined where it can. */
  get failure(): Failure | undefined {
    return this.core.failure;
  }

  /** Milliseconds from a withdrawal at a source that answers to the stop that it causes, at most. */
  get worstDelay(): number {
    return this.core.options.follower.worstDelay;
  }

  /** Called with every entry as it gets its place, before it is durable. */
  onEntry(call: (placed: Placed) => void): () => void {
    return this.core.ledger.watch(call);
  }

  /** For a proof of possession: for one request, within 30 seconds. */
  challenge(): Challenge {
    return this.#challenges.issue();
  }

  /** Runs to the end, or says why not. */
  async run(ask: RunRequest): Promise<RunResult | Denied> {
    const started = await this.start(ask);
    return started.outcome === "allow" ? await started.run.finished : started;
  }

  /**
   * Resolves once the effect has begun, its intent being durable and, where that is demanded, cosigned by
   * a peer; or with why it never will.
   */
  async start(given: RunRequest): Promise<Started> {
    // Copied before anything is waited for: what the caller changes later is not what is decided on.
    const request = makeRequest(given.request);
    const ask = copyBytes(given);
    let id = "";
    let decided: { readonly decision: GateDecision; readonly written: Written | undefined };
    let prepared: Preparation;
    try {
      id = encodeHex(this.core.options.random(16));
      prepared = await this.#preparer.prepare(id, ask, request);
      decided = this.#decide(prepared);
    } catch (error) {
      const found = messageOf(error);
      return denied(id, failure("INTERNAL", "a decision that is written down", found));
    }
    const { decision, written } = decided;
    if (decision.outcome === "deny") {
      await written?.durable;
      return denied(id, decision, decision.rule);
    }
    const { allowed } = prepared;
    if (!allowed || !written) throw new Error("an allow without its entries");
    const run = new GovernedRun(allowed, (each) => this.supervisor.checkpoint(each));
    const placed = written.entries[0] as Placed;
    run.decision = { index: placed.index, leaf: placed.leaf };
    this.supervisor.add(run, decision);
    const doubted = this.state.size !== (written.entries.at(-1) as Placed).index + 1;
    const lost = await this.core.notDurable(written);
    // The ledger has abandoned the run, which never began.
    if (lost) return denied(id, lost);
    await this.coverByPeer(run, written);
    const changed = changedSince(allowed.request, ask);
    if (changed) this.supervisor.break(run, changed.code, driftOf(changed.code));
    this.supervisor.begin(run, doubted);
    return { outcome: "allow", run };
  }

  /**
   * Where the authorization demands it, waits for a peer's cosignature that covers these entries, which
   * are durable. Without one the run is broken, and never begins.
   */
  async coverByPeer(run: GovernedRun, { entries }: Pick<Written, "entries">): Promise<void> {
    if (!run.permission?.witnessed || run.broken) return;
    const { clock, cadence } = this.core.options;
    const patience = cadence?.peerAnswer ?? CADENCE.peerAnswer;
    const left = run.validUntil - clock.now();
    const wait = left > 0 ? Math.min(patience, left) : 0;
    const { index } = entries.at(-1) as Placed;
    const covered = await this.#peers.cover(index, wait, run.finished);
    if (!covered) this.supervisor.break(run, "QUORUM", driftOf("QUORUM"));
  }

  /** Decides and writes it down in one step: nothing comes between the two. */
  #decide(prepared: Preparation): {
    readonly decision: GateDecision;
    readonly written: Written | undefined;
  } {
    const { core } = this;
    const { allowed } = prepared;
    if (core.clockWatch.check() && core.state.mode === "open" && !core.ended) {
      this.supervisor.containGate("CLOCK", "clock");
    }
    const refusal = core.failure ?? prepared.failure ?? checkAccept(core, prepared);
    const decision: GateDecision =
      refusal || !allowed ? core.refuse(refusal as Failure) : core.decide(allowed, "new");
    if (core.ended ?? core.ledger.failure) return { decision, written: undefined };
    if (decision.outcome === "allow") {
      const written = this.#writeAllow(prepared, decision);
      if (written.ok) return { decision, written: written.value };
      return this.#writeDeny(prepared, core.refuse(written));
    }
    return this.#writeDeny(prepared, decision);
  }

  /** The decision's place comes first in what it returns. */
  #writeAllow(
    prepared: Preparation,
    decision: Extract<GateDecision, { outcome: "allow" }>,
  ): Result<Written> {
    const { core } = this;
    const allowed = prepared.allowed as NonNullable<Preparation["allowed"]>;
    const { run, artifacts, effect } = allowed;
    const charges = chargesOf(decision.permission);
    // The holder of an authorization makes its limits: an intent that cannot be written ends nothing.
    const fits = checkIntent(run, charges, core.state.time);
    if (fits) return fits;
    const before = core.write(
      [
        ...(prepared.accept ? [prepared.accept] : []),
        prepared.admission as EntryBody,
        measurementOf(run, core.measured, artifacts, effect.isolation),
        this.#decisionEntry(prepared, decision, "trusted"),
      ],
      decision.now,
    );
    if (!before.ok) return before;
    const placed = before.value.entries.at(-1) as Placed;
    // The two belong together: without the second the first says what did not come.
    const intent = core.ledger.require(
      [{ kind: "intent", run, state: "executing", decision: placed.leaf, charges }],
      decision.now,
    );
    if (!intent.ok) return intent;
    return {
      ok: true,
      value: { entries: [placed, ...intent.value.entries], durable: intent.value.durable },
    };
  }

  #writeDeny(
    prepared: Preparation,
    decision: Refused,
  ): { readonly decision: GateDecision; readonly written: Written | undefined } {
    const { core } = this;
    const { admission, command } = prepared;
    const entry = this.#decisionEntry(prepared, decision, "denied");
    const whole = core.write([...(admission ? [admission] : []), entry], decision.now);
    // What does not fit into the log is still denied there.
    const written = whole.ok ? whole : core.write([entry], decision.now);
    this.supervisor.afterDenial(command, decision.rule);
    return { decision, written: written.ok ? written.value : undefined };
  }

  #decisionEntry(
    { id, allowed, command }: Preparation,
    decision: GateDecision,
    state: "trusted" | "denied",
  ): EntryBody {
    return this.core.decisionEntry({ run: id, state, decision, command, allowed });
  }

  /** Takes in what is new of trust, and decides again on all that runs. */
  reconsider(): void {
    const { core, supervisor } = this;
    try {
      const { own } = core.domains();
      if (own.failure?.code === "EQUIVOCATION" && core.state.mode === "open") {
        supervisor.containGate("EQUIVOCATION", "equivocation");
      }
    } catch {
      // Deciding comes to the same, and denies.
    }
    supervisor.reconsider();
  }

  #scheduleBeat(): void {
    const { clock, cadence } = this.core.options;
    this.#cancelBeat = clock.after(cadence?.beat ?? CADENCE.beat, () => void this.beat());
  }

  /** Measures the environment and the kernel again, and says that the gate is there. */
  async beat(): Promise<void> {
    const { core, supervisor } = this;
    const found = await core.remeasure();
    if (core.ended) return;
    if (found?.code === "KERNEL") return core.halt(found);
    const bad =
      found ??
      checkMeasured(core.options.follower.domains.own.state?.baseline, core.measured) ??
      core.clockWatch.check();
    if (bad && core.state.mode === "open") supervisor.containGate(bad.code, driftOf(bad.code));
    if (bad?.code === "KERNEL") core.ended = bad;
    if (!core.failure) {
      for (const { id } of supervisor.runs.values()) {
        if (core.state.runs.get(id)?.state === "executing") {
          core.write([{ kind: "heartbeat", run: id, state: "executing" }]);
        }
      }
      core.write([{ kind: "heartbeat", run: null, state: core.state.mode }]);
    }
    this.#scheduleBeat();
  }

  /** Stops everything; nothing but clean-up begins until a resume. */
  async contain(): Promise<void> {
    this.supervisor.containGate("CONTAINED", "containment");
    await this.core.ledger.log.flush();
  }

  /** Looks whether a contained run could go on: syncs, measures, decides. It goes on by `resume` alone. */
  recover(run: string): Promise<Result<undefined>> {
    return recover(this.core, run);
  }

  /**
   * A contained run goes on with a new beginning of its effect, on a resumer's word. The request and
   * its openings are those that it was admitted with.
   */
  resumeRun(
    run: string,
    statement: Uint8Array,
    ask: RunRequest & { readonly openings: readonly Opening[] },
  ): Promise<Started> {
    return resumeRun(this, this.#preparer, run, statement, ask);
  }

  /** The gate opens again, on a resumer's word. */
  resume(statement: Uint8Array): Promise<Result<undefined>> {
    return resumeGate(this.core, statement);
  }

  /** For ever: a run that is stopped, or with null the gate. */
  revoke(run: string | null): Promise<Result<undefined>> {
    return revoke(this.core, this.supervisor, run);
  }

  /** Hands a run on to the gate that has this key, in hexadecimal; `nameOf` of it goes into a packet. */
  handOver(run: GovernedRun, receiver: string): Promise<Result<HandedOver>> {
    return handOver(this.core, run, receiver);
  }

  /** The name of the decision that allowed a run, for runs that it causes. */
  nameOf(run: GovernedRun): EntryName {
    const { index, leaf } = run.decision as { index: number; leaf: string };
    return { origin: this.origin, index, leaf };
  }

  /** Writes a checkpoint of all that is durable; gives the signed note. */
  checkpoint(): Promise<Uint8Array> {
    return this.core.ledger.log.checkpoint();
  }

  /** Stops all runs, writes a last checkpoint, and gives the log back. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    // From here on nothing is allowed; what was allowed before is stopped.
    this.core.ended ??= failure("LOG", "a gate that is open", "one that was closed");
    this.#cancelBeat();
    this.#unsubscribe();
    const runs = [...this.supervisor.runs.values()];
    this.supervisor.breakAll("CONTAINED", "containment");
    await Promise.all(runs.map((run) => run.finished));
    await this.core.kept();
    // The last word: whoever restores an older copy will be found out.
    await Promise.all([this.#vouching.close(), this.#peers.close()]);
    await this.core.cosigning.settled();
    await this.core.ledger.log.close();
  }
}
