/** Keeps what witnesses have cosigned of a gate's log: in its history, and with its newest checkpoint. */
import type { GateLog } from "../lineage/log.js";
import { keepCosigned } from "../lineage/cosigned.js";
import { NO_VERIFIERS } from "../tlog/verifiers.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { messageOf } from "./message.js";
import type { GateOptions } from "./options.js";
import { UNWITNESSED } from "./options.js";

type Options = Pick<GateOptions, "kernel" | "storage" | "witness" | "peerWitnesses">;

export class Cosigning {
  readonly #options: Options;
  readonly #log: Pick<GateLog, "storeCheckpoint">;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: Options, log: Pick<GateLog, "storeCheckpoint">) {
    this.#options = options;
    this.#log = log;
  }

  /**
   * Keeps a checkpoint that one of the gate's witnesses has cosigned, one after another. A failure is
   * the history's: EQUIVOCATION where that has another of the same size. Rejects where the log fails.
   */
  keep(checkpoint: Uint8Array): Promise<Result<undefined>> {
    const turn = this.#last.then(() => this.#keep(checkpoint));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when nothing is being written here. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #keep(checkpoint: Uint8Array): Promise<Result<undefined>> {
    const { kernel, storage, witness, peerWitnesses = [] } = this.#options;
    const all = witness === UNWITNESSED ? peerWitnesses : [witness, ...peerWitnesses];
    const keys = { witnesses: all.map(({ key }) => key), verifiers: NO_VERIFIERS };
    const kept = await keepCosigned(kernel, storage, checkpoint, keys).catch((error: unknown) =>
      failure("LOG", "a history of cosigned checkpoints that can be written", messageOf(error)),
    );
    // MISSING where it is not the newest any more: then only the history has it.
    await this.#log.storeCheckpoint(kept.ok ? kept.value.checkpoint : checkpoint);
    return kept.ok ? ok(undefined) : kept;
  }
}
