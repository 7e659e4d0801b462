/**
 * Asking the witnesses of peer domains to cosign the log's checkpoints: from time to time, and before the
 * effect of a run whose intent a peer must have cosigned.
 */
import type { Failure, Result } from "../verdict.js";
import type { GateCore } from "./core.js";
import { isPeersWitness } from "./listed-witnesses.js";
import { CADENCE } from "./options.js";
import { Rounds } from "./rounds.js";
import { within } from "./within.js";
import type { Newest, Witness } from "./witness.js";
import { askForNewest, isContradiction } from "./witness.js";

/** Milliseconds from one question that brought nothing to the next, while a run waits. */
const PAUSE = 250;

interface Asked {
  readonly witness: Witness;
  readonly rounds: Rounds;
  /** The largest checkpoint with its cosignature that is kept. */
  size: number;
  /** Number of its last question: what it says to one before, of a smaller tree, is no contradiction. */
  question: number;
  contradicted: boolean;
  /** Ends the waiting for an answer. */
  stop: () => void;
}

export class PeerWitnesses {
  readonly #core: GateCore;
  readonly #onContradiction: (why: Failure) => void;
  readonly #asked: readonly Asked[];
  /** Those who are asked at one time cosign one checkpoint. */
  #checkpoint: Promise<Uint8Array> | undefined;
  /** The largest size that a peer has cosigned. */
  #covered = 0;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  /** `onContradiction` is told once a peer's witness has seen another log under this name. */
  constructor(core: GateCore, onContradiction: (why: Failure) => void) {
    this.#core = core;
    this.#onContradiction = onContradiction;
    const { peerWitnesses = [], clock, cadence } = core.options;
    const every = cadence?.peers ?? CADENCE.peers;
    this.#asked = peerWitnesses.map((witness) => {
      const asked: Asked = {
        witness,
        rounds: new Rounds(() => this.#ask(asked), clock, every, 0),
        size: -1,
        question: 0,
        contradicted: false,
        stop: () => {},
      };
      return asked;
    });
    this.#askAll();
  }

  get #patience(): number {
    return this.#core.options.cadence?.peerAnswer ?? CADENCE.peerAnswer;
  }

  #counts({ key }: Witness): boolean {
    try {
      return isPeersWitness(this.#core, this.#core.options.follower.domains, key);
    } catch {
      return false;
    }
  }

  #askAll(): Promise<unknown> {
    return Promise.all(this.#asked.map(({ rounds }) => rounds.now()));
  }

  /** Asks one, where the log has grown since it cosigned last; resolves when it is waited for no more. */
  async #ask(asked: Asked): Promise<void> {
    const { kernel, storage, clock, terms } = this.#core.options;
    const { log, failure } = this.#core.ledger;
    const { witness } = asked;
    if (failure || log.size === asked.size || !this.#counts(witness)) return;
    const question = ++asked.question;
    const shared = { checkpoint: () => this.#newest() };
    const at = { clock, skew: terms.skew };
    const answer = askForNewest(kernel, shared, storage, witness, at)
      .then((newest) => this.#take(asked, question, newest))
      // A log that cannot be written says so to the ledger.
      .catch(() => {});
    const stopped = new Promise<void>((resolve) => (asked.stop = resolve));
    await within(clock, this.#patience, Promise.race([answer, stopped]), () => {});
  }

  #newest(): Promise<Uint8Array> {
    return (this.#checkpoint ??= this.#core.ledger.log
      .checkpoint()
      .finally(() => (this.#checkpoint = undefined)));
  }

  /** Also what comes late. By the trust that is there when it comes. */
  async #take(asked: Asked, question: number, newest: Result<Newest>): Promise<void> {
    if (this.#closed || !this.#counts(asked.witness)) return;
    const kept = newest.ok ? await this.#core.cosigning.keep(newest.value.checkpoint) : newest;
    if (newest.ok && kept.ok) {
      const { size } = newest.value;
      asked.contradicted = false;
      asked.size = Math.max(asked.size, size);
      this.#covered = Math.max(this.#covered, size);
      for (const call of this.#waiting) call();
      return;
    }
    if (kept.ok) return;
    const overtaken = !newest.ok && question !== asked.question;
    // What cannot be kept contradicts nothing, but for another one that is.
    if (overtaken || !(newest.ok ? kept.code === "EQUIVOCATION" : isContradiction(kept))) return;
    // Once while the gate is contained: what must be answered is that.
    const known = asked.contradicted && this.#core.state.mode === "contained";
    asked.contradicted = true;
    if (!known) this.#onContradiction({ ...kept, code: "LOG" });
  }

  /**
   * Whether a peer has cosigned, `ms` milliseconds from now at the latest, a checkpoint that covers this
   * entry, which is durable. `over`: resolves when nobody wants to know any more.
   */
  async cover(index: number, ms: number, over: Promise<unknown>): Promise<boolean> {
    const isCovered = (): boolean => this.#covered > index;
    let call = (): void => {};
    const covered = new Promise<void>((resolve) => {
      call = () => {
        if (isCovered()) resolve();
      };
    });
    this.#waiting.add(call);
    try {
      const first = Promise.race([covered, this.#askFor(call, isCovered, over), over]);
      await within(this.#core.options.clock, ms, first, () => {});
      return isCovered();
    } finally {
      this.#waiting.delete(call);
    }
  }

  /** Asks again and again while `call` waits, as long as there is a peer to be asked. */
  async #askFor(call: () => void, isCovered: () => boolean, over: Promise<unknown>): Promise<void> {
    const waits = (): boolean => this.#waiting.has(call) && !isCovered();
    while (waits() && this.#asked.some(({ witness }) => this.#counts(witness))) {
      await this.#askAll();
      if (waits()) await within(this.#core.options.clock, PAUSE, over, () => {});
    }
  }

  /** The last word; resolves when nothing is asked or kept any more. */
  async close(): Promise<void> {
    const closing = this.#asked.map(({ rounds }) => rounds.close());
    for (const { stop } of this.#asked) stop();
    await Promise.all(closing);
    await Promise.all(this.#asked.map((asked) => this.#askToTheEnd(asked)));
    this.#closed = true;
  }

  /** Until all is cosigned, or a question brings nothing more. */
  async #askToTheEnd(asked: Asked): Promise<void> {
    const { log } = this.#core.ledger;
    for (let before; before !== asked.size && asked.size !== log.size;) {
      before = asked.size;
      // One that is under way may be of a smaller log.
      await this.#checkpoint?.catch(() => {});
      await this.#ask(asked);
    }
  }
}
