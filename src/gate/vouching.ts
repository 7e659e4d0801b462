/** Asking the domain's witness again and again whether the log is still the newest of its origin. */
import type { Failure } from "../verdict.js";
import type { GateCore } from "./core.js";
import { CADENCE, UNWITNESSED } from "./options.js";
import { askForNewest, isContradiction } from "./witness.js";

export class Vouching {
  readonly #core: GateCore;
  readonly #onContradiction: (why: Failure) => void;
  #size = -1;
  #contradicted = false;
  #asking: Promise<void> = Promise.resolve();
  #cancel: () => void = () => {};
  #closed = false;

  /** `onContradiction` is told once the witness has seen another log under this name. */
  constructor(core: GateCore, onContradiction: (why: Failure) => void) {
    this.#core = core;
    this.#onContradiction = onContradiction;
    if (core.options.witness !== UNWITNESSED) this.#schedule();
  }

  #schedule(): void {
    const { clock, cadence } = this.#core.options;
    this.#cancel = clock.after(cadence?.witness ?? CADENCE.witness, () => {
      this.#asking = this.ask().finally(() => {
        if (!this.#closed) this.#schedule();
      });
    });
  }

  /** Asks now, where the log has grown since it was asked last. */
  async ask(): Promise<void> {
    const { kernel, storage, witness, clock, terms } = this.#core.options;
    const { log, failure } = this.#core.ledger;
    if (witness === UNWITNESSED || failure || log.size === this.#size) return;
    try {
      const at = { clock, skew: terms.skew };
      const vouched = await askForNewest(kernel, log, storage, witness, at);
      if (!vouched.ok) return this.#contradict(vouched);
      const kept = await this.#core.cosigning.keep(vouched.value.checkpoint);
      if (!kept.ok && kept.code === "EQUIVOCATION") return this.#contradict(kept);
      this.#contradicted = false;
      // What the checkpoint covers: entries that were not durable yet are not vouched for.
      this.#size = vouched.value.size;
    } catch {
      // A log that cannot be written says so to the ledger.
    }
  }

  #contradict(why: Failure): void {
    if (!isContradiction(why)) return;
    // Once while the gate is contained: what must be answered is that.
    const known = this.#contradicted && this.#core.state.mode === "contained";
    this.#contradicted = true;
    if (!known) this.#onContradiction({ ...why, code: "LOG" });
  }

  /** Asks a last time; resolves when nothing is asked any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#asking;
    await this.ask();
  }
}
