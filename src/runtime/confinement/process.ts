import type { Command, Streams } from "./child.js";
import { Child, signalGroup } from "./child.js";
import type { Answer, Effect, Ended, Interrupted, Running, Step } from "./effect.js";
import type { Patience } from "./patience.js";
import { becomesTrue, BOUND, once, requirePatience, settlesWithin } from "./patience.js";
import { groupIsAlive } from "./process-table.js";
import type { Prepared } from "./program.js";

export interface ProcessOptions extends Patience, Streams {
  /** Where it is started; `/` by default. */
  readonly workingFolder?: string;
}

/**
 * A program as a process group of its own (POSIX). An interruption sends SIGTERM to the group and,
 * after the grace time, SIGKILL. What left the group (`setsid`) is not found again: the answer is
 * `unknown`, or `not-stopped` while somebody of the group lives, and never `stopped`. The program has
 * all rights of this user: no set is claimed. If this process is killed, the program lives on.
 *
 * Also where the program ends by itself, the rest of its group is killed.
 */
export function processGroup(prepared: Prepared, options: ProcessOptions): Effect {
  requirePatience(options);
  return {
    isolation: Object.freeze({ level: "process" }),
    start: () => new GroupRun(commandOf(prepared, options), prepared, options, "unknown"),
  };
}

export function commandOf(prepared: Prepared, options: ProcessOptions): Command {
  const { argv, environment } = prepared;
  const { workingFolder: folder = "/", input, output } = options;
  const streams = { ...(input ? { input } : {}), ...(output ? { output } : {}) };
  return { argv, environment, folder, ...streams };
}

export class GroupRun implements Running {
  readonly ended: Promise<Ended>;
  readonly interrupt = once(() => this.#interrupt());
  readonly #child: Child;
  readonly #patience: Patience;
  readonly #gone: Answer;
  /** Whether somebody of the group outlived its leader, and was killed. */
  #rest = false;

  /** `gone` is what may be said once nobody of the group lives. */
  constructor(command: Command, prepared: Prepared, patience: Patience, gone: Answer) {
    this.#patience = patience;
    this.#gone = gone;
    this.#child = new Child(command);
    this.ended = this.#child.exit.then(async (ended) => {
      // At once: a number that was just given up is not yet another's.
      this.#rest = this.#signal("SIGKILL");
      await this.#child.drained();
      await prepared.discard().catch(() => {});
      return ended;
    });
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): boolean {
    const { pid } = this.#child;
    return pid !== undefined && signalGroup(pid, signal);
  }

  async #interrupt(): Promise<Interrupted> {
    const { clock, grace } = this.#patience;
    const began = clock.elapsed();
    const steps: Step[] = [];
    const child = this.#child;
    const wasGone = child.isGone;
    if (!wasGone) {
      if (this.#signal("SIGTERM")) steps.push("signalled");
      if (!(await settlesWithin(clock, grace, child.exit))) {
        this.#signal("SIGKILL");
        // Also where it has joined another group.
        child.kill();
        steps.push("killed");
      } else if (this.#rest) steps.push("killed");
    }
    const { pid } = child;
    const gone = await becomesTrue(
      clock,
      BOUND,
      () => child.isGone && (pid === undefined || !groupIsAlive(pid)),
    );
    if (gone) await this.ended;
    if (child.close() && !wasGone) steps.push("closed");
    const took = Math.round(clock.elapsed() - began);
    return { answer: gone ? this.#gone : "not-stopped", steps, took };
  }
}
