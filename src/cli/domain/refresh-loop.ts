/** Keeping a domain fresh: a timestamp every interval, whatever becomes of single rounds. */
import { refresh } from "../../domain/publish.js";
import type { Published } from "../../domain/published.js";
import { formatCount } from "./counts.js";
import type { DomainFolder } from "./domain-folder.js";
import { formatDuration } from "./durations.js";
import { expiryLines, lifetimesOf } from "./expiry.js";
import { timeOf } from "./published.js";

/** What expires is said again after so long. */
const SAID_EVERY_MS = 3_600_000;
const DRAWN_EVERY_MS = 1_000;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export interface Rounds {
  readonly done: number;
  readonly failed: number;
}

/** Until SIGINT or SIGTERM, which lets the round under way end. A second signal ends it at once. */
export async function keepFresh(domain: DomainFolder, interval: number): Promise<Rounds> {
  const stop = new AbortController();
  const restore = onSignal(() => stop.abort());
  const line = new LiveLine(domain, interval);
  try {
    await rounds(domain, interval, line, stop.signal);
  } finally {
    line.clear();
    restore();
  }
  return line.rounds;
}

async function rounds(
  domain: DomainFolder,
  interval: number,
  line: LiveLine,
  stop: AbortSignal,
): Promise<void> {
  const expiries = new Expiries(domain, line);
  for (let start = performance.now(); !stop.aborted; start += interval) {
    try {
      // The lock is held for this call alone.
      const published = await domain.change([], refresh);
      line.succeeded(published);
      await expiries.say(published);
    } catch (error) {
      line.failed(error);
    }
    // After a pause of the machine, one round, not all that were missed.
    start = Math.max(start, performance.now() - interval);
    await line.until(start + interval, stop);
  }
}

/** Takes the signals from the handlers that would end the process, until the result is called. */
function onSignal(stop: () => void): () => void {
  const before = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);
  const restore = (): void => {
    for (const [signal, listeners] of before) {
      process.removeListener(signal, once);
      for (const listener of listeners) {
        if (!process.listeners(signal).includes(listener)) process.once(signal, listener);
      }
    }
  };
  const once = (): void => {
    restore();
    stop();
  };
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, once);
  }
  return restore;
}

class Expiries {
  #said = Number.NEGATIVE_INFINITY;
  #what = "";

  constructor(
    readonly domain: DomainFolder,
    readonly line: LiveLine,
  ) {}

  async say(published: Published): Promise<void> {
    const { folder, now } = this.domain;
    const lines = expiryLines(folder, published, await lifetimesOf(this.domain), now());
    // `targets expires`, `targets expired`: without the time, which each round changes.
    const what = lines.map((each) => each.split(" ", 2).join(" ")).join();
    if (what === this.#what && now() - this.#said < SAID_EVERY_MS) return;
    this.#said = now();
    this.#what = what;
    for (const each of lines) this.line.say(each);
  }
}

/** What is going on, in one line of stderr that is drawn again each second: only on a terminal. */
class LiveLine {
  #done = 0;
  #failed = 0;
  #text = "no timestamp yet";
  readonly #live = process.stderr.isTTY === true && process.env["TERM"] !== "dumb";

  constructor(
    readonly domain: DomainFolder,
    readonly interval: number,
  ) {}

  get rounds(): Rounds {
    return { done: this.#done, failed: this.#failed };
  }

  succeeded({ state }: Published): void {
    this.#done++;
    const { timestamp } = state.metadata;
    this.#text = `${state.domain}: timestamp ${timestamp.signed.version} until ${timeOf(timestamp.expires)}`;
  }

  failed(error: unknown): void {
    this.#failed++;
    const why = error instanceof Error ? error.message : String(error);
    this.say(`${timeOf(Date.now())} ${why}\nwrit: tried again in ${formatDuration(this.interval)}`);
  }

  say(text: string): void {
    this.clear();
    process.stderr.write(`writ: ${text}\n`);
  }

  clear(): void {
    if (this.#live) process.stderr.write("\r\u001b[K");
  }

  /** Waits for a time of the monotonic clock. */
  async until(time: number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const left = time - performance.now();
      if (left <= 0) return;
      this.#draw(left);
      await sleep(this.#live ? Math.min(left, DRAWN_EVERY_MS) : left, stop);
    }
  }

  #draw(left: number): void {
    if (!this.#live) return;
    const failed = this.#failed === 0 ? "" : `, ${formatCount(this.#failed, "round")} failed`;
    const next = `next in ${formatDuration(Math.ceil(left / 1000) * 1000)}`;
    const text = `${this.#text}, ${next}${failed}  (Ctrl-C ends)`;
    // A line that wraps could not be drawn over.
    process.stderr.write(`\r${text.slice(0, (process.stderr.columns ?? 80) - 1)}\u001b[K`);
  }
}

function sleep(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, milliseconds);
    function end(): void {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      resolve();
    }
    stop.addEventListener("abort", end);
  });
}
