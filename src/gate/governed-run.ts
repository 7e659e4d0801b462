/** A run that was allowed: its effect, from its beginning to its end or its interruption. */
import type { AdmittedAuthorization } from "../authorization/admitted.js";
import type { Permission } from "../authorization/check.js";
import type { Possession } from "../authorization/possession.js";
import type { AuthorizationRequest } from "../authorization/request.js";
import type { DigestSet } from "../attestation/statement.js";
import type { Code } from "../verdict.js";
import type { Effect, EffectContext, Ended, Interrupted, Running } from "./confinement.js";
import type { DriftKind } from "./drift.js";

/** How a run ended. */
export type RunResult =
  | {
      readonly outcome: "completed";
      readonly run: string;
      readonly ended: Ended;
    }
  | {
      readonly outcome: "interrupted";
      readonly run: string;
      readonly code: Code;
      readonly drift: DriftKind;
      /** What is known of the effect since. */
      readonly answer: Interrupted["answer"];
      /** Milliseconds from the first step of the interruption to that answer. */
      readonly took: number;
    }
  /** The effect ended, and the log could not say so: the gate is out of order from then on. */
  | {
      readonly outcome: "unrecorded";
      readonly run: string;
      readonly code: Code;
      readonly ended: Ended;
    };

/** Thrown by a checkpoint of an effect that may not go on. */
export class RunInterrupted extends Error {
  override readonly name = "RunInterrupted";

  constructor(
    readonly run: string,
    readonly code: Code,
  ) {
    super(`run ${run} was interrupted: ${code}`);
  }
}

/** What a run was allowed on, for when it is decided on again. */
export interface Allowed {
  readonly run: string;
  readonly authorization: AdmittedAuthorization;
  readonly request: AuthorizationRequest;
  readonly possession: Possession;
  readonly artifacts: readonly DigestSet[];
  readonly ancestors: readonly string[];
  readonly effect: Effect;
}

function failedWith(error: unknown): Ended {
  return { outcome: "failed", exit: null, signal: null, error };
}

/** Of a gate: it alone starts and breaks it. */
export class GovernedRun {
  readonly #controller = new AbortController();
  readonly #checkpoint: (run: GovernedRun) => Promise<void>;
  #begun = false;
  #running: Running | undefined;
  #resolve!: (result: RunResult) => void;
  #cancelTimer: () => void = () => {};
  /** Index and leaf hash of the decision that allowed it. */
  decision: { readonly index: number; readonly leaf: string } | undefined;
  permission: Permission | undefined;
  /** The last millisecond at which the latest decision holds. */
  validUntil = Number.NEGATIVE_INFINITY;
  /** Why it was broken. */
  broken: { readonly code: Code; readonly drift: DriftKind } | undefined;
  /** Whether its effect has ended by itself. */
  over = false;
  readonly finished: Promise<RunResult>;

  constructor(
    readonly allowed: Allowed,
    checkpoint: (run: GovernedRun) => Promise<void>,
  ) {
    this.#checkpoint = checkpoint;
    this.finished = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get id(): string {
    return this.allowed.run;
  }

  /** Aborted at an interruption. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  finish(result: RunResult): void {
    this.stopWaking();
    this.#resolve(result);
  }

  /** Replaces what was to wake this run. */
  wakeBy(cancel: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = cancel;
  }

  stopWaking(): void {
    this.wakeBy(() => {});
  }

  /** Begins the effect before it returns; resolves with how it ends, and never rejects. */
  async start(): Promise<Ended> {
    const { request, effect } = this.allowed;
    const context: EffectContext = {
      request,
      signal: this.signal,
      checkpoint: () => this.#checkpoint(this),
    };
    this.#begun = true;
    try {
      this.#running = effect.start(context);
      const ended = await this.#running.ended;
      return ended ?? failedWith(new Error("no end was given"));
    } catch (error) {
      return failedWith(error);
    }
  }

  /** Tells the effect to end, and gives what is known then. One that never began is stopped. */
  async stop(code: Code): Promise<Interrupted> {
    this.stopWaking();
    this.#controller.abort(new RunInterrupted(this.id, code));
    if (!this.#begun) return { answer: "stopped", steps: [], took: 0 };
    // It may be its own beginning that breaks it: only when that has returned it can be interrupted.
    if (!this.#running) await undefined;
    return (
      (await this.#running?.interrupt()) ?? { answer: "unknown", steps: ["signalled"], took: 0 }
    );
  }
}
