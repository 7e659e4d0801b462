/** Signals that tell this program to end, for a command that has something to end first. */
import { constants } from "node:os";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;

export class Signals {
  /** The first that came. */
  came: (typeof SIGNALS)[number] | undefined;
  #tell: () => void = () => {};

  /** From here on signals end nothing by themselves; a second one is not waited for either. */
  constructor() {
    for (const signal of SIGNALS) {
      process.removeAllListeners(signal);
      process.on(signal, () => {
        if (this.came) return;
        this.came = signal;
        this.#tell();
      });
    }
  }

  /** Calls once, at the first signal, or at once where it came before. */
  onFirst(call: () => void): void {
    this.#tell = call;
    if (this.came) call();
  }

  /** As a shell reports a program that the signal ended. */
  get exit(): number | undefined {
    return this.came && exitOf(this.came);
  }
}

export function exitOf(signal: string): number {
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}
