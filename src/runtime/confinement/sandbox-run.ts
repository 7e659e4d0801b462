/** One run in bubblewrap, from its beginning to the end of its PID namespace. */
import type { Command } from "./child.js";
import { Child, signalGroup } from "./child.js";
import type { Ended, Interrupted, Running, Step } from "./effect.js";
import type { Patience } from "./patience.js";
import { becomesTrue, BOUND, once, settlesWithin } from "./patience.js";
import type { ProcessId } from "./process-table.js";
import { identify, isAlive } from "./process-table.js";
import type { Prepared } from "./program.js";

/** Descriptors of bubblewrap: where it tells of the sandbox, and where it is told what to do. */
const INFO = 3;
const OPTIONS = 4;

/** Bytes of what it tells. */
const MOST_INFO = 4096;

const FOREVER = Number.POSITIVE_INFINITY;

/**
 * Bubblewrap stays outside and watches; its child is the first process of the namespace, which the
 * kernel lets end only after all others there (pid_namespaces(7)). When the program ends, bubblewrap
 * goes at once and the namespace a little later: that end is what is waited for.
 */
export class SandboxRun implements Running {
  readonly ended: Promise<Ended>;
  readonly interrupt = once(() => this.#interrupt());
  readonly #child: Child;
  readonly #patience: Patience;
  /** The first process of the namespace; undefined where bubblewrap ended before it told. */
  readonly #told: Promise<ProcessId | undefined>;
  #first: ProcessId | undefined;

  /** The options go through a pipe: they hold the environment, and a command line is public. */
  constructor(
    path: string,
    told: readonly string[],
    command: Omit<Command, "environment" | "pipes">,
    prepared: Prepared,
    patience: Patience,
  ) {
    this.#patience = patience;
    const argv = [path, "--info-fd", `${INFO}`, "--args", `${OPTIONS}`, "--", ...command.argv];
    this.#child = new Child({ ...command, folder: "/", argv, environment: {}, pipes: 2 });
    this.#told = firstProcess(this.#child).then((first) => (this.#first = first));
    this.#child.pipe(OPTIONS)?.end(told.map((word) => `${word}\0`).join(""));
    this.ended = this.#child.exit.then(async (ended) => {
      await this.#end(FOREVER);
      await this.#child.drained();
      await prepared.discard().catch(() => {});
      return ended;
    });
  }

  /** Ends the namespace; whether it is known to be empty. */
  async #end(ms: number): Promise<boolean> {
    const { clock } = this.#patience;
    await settlesWithin(clock, ms, this.#told);
    const first = this.#first;
    // What was never started is not there.
    if (!first) return this.#child.pid === undefined;
    return becomesTrue(clock, ms, () => {
      if (!isAlive(first)) return true;
      try {
        process.kill(first.pid, "SIGKILL");
      } catch {
        // It ended in between, which is seen at the next look.
      }
      return false;
    });
  }

  async #interrupt(): Promise<Interrupted> {
    const { clock, grace } = this.#patience;
    const began = clock.elapsed();
    const steps: Step[] = [];
    await settlesWithin(clock, BOUND, this.#told);
    if (!this.#child.isGone) {
      // The first process leads the program's session, and itself ignores all but SIGKILL.
      if (this.#first && signalGroup(this.#first.pid, "SIGTERM")) steps.push("signalled");
      if (!(await settlesWithin(clock, grace, this.#child.exit))) steps.push("killed");
    }
    const empty = await this.#end(BOUND);
    if (!empty) this.#child.kill();
    await settlesWithin(clock, empty ? BOUND : 0, this.ended);
    const answer = empty ? "stopped" : this.#first ? "not-stopped" : "unknown";
    return { answer, steps, took: Math.round(clock.elapsed() - began) };
  }
}

/** As bubblewrap tells it before anything of the program runs. It is heard to the end: else it would get SIGPIPE. */
function firstProcess(child: Child): Promise<ProcessId | undefined> {
  const pipe = child.pipe(INFO);
  const { pid } = child;
  if (!pipe || pid === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let text = "";
    pipe.on("data", (chunk) => {
      if (text.length < MOST_INFO) text += String(chunk);
      const number = told("child-pid", text);
      const namespace = told("pid-namespace", text);
      if (number && namespace) resolve(identify(Number(number), pid, namespace));
    });
    pipe.on("close", () => resolve(undefined));
  });
}

function told(name: string, text: string): string | undefined {
  return new RegExp(`"${name}": *([0-9]+)[\\s,}]`).exec(text)?.[1];
}
