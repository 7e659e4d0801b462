/** Watches the runs that were allowed: decides on them again, and stops them when the answer is no. */
import { coversCommand } from "../trust/command.js";
import type { Code, Failure, Result } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Ended } from "./confinement.js";
import type { GateCore } from "./core.js";
import type { GateDecision } from "./decide.js";
import type { DriftKind } from "./drift.js";
import { driftEntry, driftOf } from "./drift.js";
import type { GovernedRun } from "./governed-run.js";
import { RunInterrupted } from "./governed-run.js";
import type { Written } from "./ledger.js";
import { interruptionOf, outcomeOf } from "./reported.js";
import { messageOf } from "./message.js";

export class Supervisor {
  readonly #core: GateCore;
  readonly #runs = new Map<string, GovernedRun>();
  /** Contained runs that somebody is about to resume. */
  readonly resuming = new Set<string>();

  constructor(core: GateCore) {
    this.#core = core;
  }

  get runs(): ReadonlyMap<string, GovernedRun> {
    return this.#runs;
  }

  /** Takes over a run whose intent has its place in the log. */
  add(run: GovernedRun, decision: Extract<GateDecision, { outcome: "allow" }>): void {
    this.#runs.set(run.id, run);
    this.#wakeBy(run, decision);
  }

  /**
   * Begins its effect, if it still may. Its intent is durable, which may have taken long. `doubted`:
   * something was written between the decision and `add`, by who watches the log.
   */
  begin(run: GovernedRun, doubted = false): void {
    const { now, failure: broken, state } = this.#core;
    const changed = doubted || state.mode !== "open";
    if (changed || broken || !(now <= run.validUntil)) void this.decideAgain(run);
    if (run.broken) return;
    void run.start().then((ended) => this.#end(run, ended));
  }

  /** A checkpoint of the effect itself: throws where it may not go on. */
  async checkpoint(run: GovernedRun): Promise<void> {
    if (!run.broken && !run.over) await this.decideAgain(run);
    if (run.broken) throw new RunInterrupted(run.id, run.broken.code);
  }

  /** Decides on every run again: something may have changed. */
  reconsider(): void {
    for (const run of this.#runs.values()) void this.decideAgain(run);
  }

  /** Resolves when the answer is durable; a run that is denied is broken before this returns. */
  async decideAgain(run: GovernedRun): Promise<void> {
    if (run.broken || run.over) return;
    const decision = this.#core.decide(run.allowed, "again");
    const written = this.#write(run, decision);
    if (decision.outcome === "deny") {
      this.break(run, decision.code, driftOf(decision.code), decision.rule);
      return;
    }
    if (!written.ok) {
      this.break(run, written.code, driftOf(written.code));
      return;
    }
    this.#wakeBy(run, decision);
    await written.value.durable;
  }

  #write(run: GovernedRun, decision: GateDecision): Result<Written> {
    try {
      const { allowed, id } = run;
      const { command } = allowed.request;
      return this.#core.write(
        [this.#core.decisionEntry({ run: id, state: "executing", decision, command, allowed })],
        decision.now,
      );
    } catch (error) {
      const found = messageOf(error);
      return failure("INTERNAL", "a decision that can be written down", found);
    }
  }

  /** At the next recheck, and at the bound at the latest. */
  #wakeBy(
    run: GovernedRun,
    { permission, validUntil }: Extract<GateDecision, { outcome: "allow" }>,
  ): void {
    const { clock } = this.#core.options;
    const left = validUntil + 1 - clock.now();
    run.permission = permission;
    run.validUntil = validUntil;
    // No number where the clock tells no time: then at once.
    const wait = left > 0 ? Math.min(permission.recheck, left) : 0;
    run.wakeBy(clock.after(wait, () => void this.decideAgain(run)));
  }

  /** Stops a run and whatever it caused. The effect is told before anything is waited for. */
  break(run: GovernedRun, code: Code, drift: DriftKind, rule?: string): void {
    if (run.broken || run.over) return;
    run.broken = { code, drift };
    this.#core.ledger.require([driftEntry(run.id, drift, code, rule)]);
    void this.#contain(run, code, drift);
    for (const other of this.#runs.values()) {
      if (other.allowed.ancestors.includes(run.id)) this.break(other, "CONTAINED", "containment");
    }
    this.#tripDrifts(run.allowed.request.command);
  }

  /** Stops all of them. */
  breakAll(code: Code, drift: DriftKind, rule?: string): void {
    for (const run of this.#runs.values()) this.break(run, code, drift, rule);
  }

  async #contain(run: GovernedRun, code: Code, drift: DriftKind): Promise<void> {
    const { level } = run.allowed.effect.isolation;
    const stopped = run.stop(code);
    const { answer, steps, took } = await interruptionOf(this.#core.options.clock, stopped);
    const { id } = run;
    const written = this.#core.ledger.require([
      {
        kind: "interruption",
        run: id,
        state: "contained",
        level,
        answer,
        steps,
        took,
      },
    ]);
    if (written.ok) await written.value.durable;
    this.#drop(run);
    run.finish({ outcome: "interrupted", run: id, code, drift, answer, took });
  }

  async #end(run: GovernedRun, ended: Ended): Promise<void> {
    if (run.broken || run.over) return;
    run.over = true;
    run.stopWaking();
    const { id } = run;
    const written = this.#core.ledger.require([
      { kind: "outcome", run: id, state: "completed", ...outcomeOf(ended) },
    ]);
    const stored = written.ok && (await written.value.durable);
    this.#drop(run);
    if (stored) run.finish({ outcome: "completed", run: id, ended });
    else {
      const why = this.#core.ledger.fail(failure("LOG", "an outcome that is stored", "none"));
      run.finish({ outcome: "unrecorded", run: id, code: why.code, ended });
    }
  }

  /** Not where the run goes on under the same id already. */
  #drop(run: GovernedRun): void {
    if (this.#runs.get(run.id) === run) this.#runs.delete(run.id);
  }

  /** Contains the gate: stops all runs; nothing but clean-up begins until somebody answers for it. */
  containGate(code: Code, drift: DriftKind, rule?: string): void {
    const { state } = this.#core;
    if (state.mode === "revoked") return;
    this.#core.ledger.require([driftEntry(null, drift, code, rule)]);
    this.breakAll(code, drift, rule);
  }

  /** After a denial: one too many trips the gate, and so does a trip that denied. */
  afterDenial(command: string | null, rule: string | undefined): void {
    if (this.#core.state.mode !== "open") return;
    const tripped = rule ?? this.#tripped("denials", command);
    if (tripped !== undefined) this.containGate("LIMIT", "limit", tripped);
  }

  #tripDrifts(command: string): void {
    if (this.#core.state.mode !== "open") return;
    const tripped = this.#tripped("drifts", command);
    if (tripped !== undefined) this.containGate("LIMIT", "limit", tripped);
  }

  #tripped(of: "denials" | "drifts", command: string | null): string | undefined {
    const { state, now } = this.#core;
    return state.trips.find(
      (each) =>
        each.trip.of === of &&
        (command === null || coversCommand(each.trip.command, command)) &&
        each.within(now) > each.trip.most,
    )?.trip.id;
  }

  /** The log is out of order: everything is told to stop, and nothing can be written of it. */
  abandon({ code }: Failure): void {
    for (const run of this.#runs.values()) {
      if (run.broken || run.over) continue;
      run.broken = { code, drift: driftOf(code) };
      void this.#contain(run, code, driftOf(code));
    }
  }
}
