/** Syncing again and again until the user has seen enough. */
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import type { Ending } from "../command.js";
import type { Answer } from "./answer.js";
import { formatAge, judge, versionsOf } from "./answer.js";
import { formatDuration } from "../domain/durations.js";
import { formatJson } from "../printable.js";
import { Live } from "./live.js";
import { storedPins } from "./pin-options.js";
import type { DomainPin, Round } from "./round.js";
import { syncRound } from "./round.js";
import { count, formatTable } from "./table.js";

/**
 * Ends with the answers of the last round that came to its end. On a terminal a line a domain is kept
 * up to date; elsewhere one is printed whenever what it says has changed; with JSON, every round.
 */
export async function watch(
  round: Round,
  interval: number,
  json: boolean,
  endingOf: (answers: readonly Answer[], now: number) => Ending,
): Promise<Ending> {
  const signals = new Signals();
  let answers: readonly Answer[] = [];
  const said = new Map<string, string>();
  const live = new Live(() => [
    ...formatTable(answers.map((answer) => liveLine(answer, round.now()))),
    ...round.waiting.lines(),
  ]);
  if (json) live.end();
  try {
    while (!signals.came) {
      const started = performance.now();
      // Somebody may have pinned a domain anew: what the store holds is what counts.
      const pins = answers.length === 0 ? round.pins : await pinsNow(round);
      const next = await signals.orStop(syncRound({ ...round, pins }));
      if (!next) break;
      answers = next;
      const now = round.now();
      if (json) printJson(endingOf(answers, now));
      else if (!live.shown) for (const answer of answers) printChange(said, answer, now);
      await signals.orStop(pause(interval - (performance.now() - started)));
    }
  } finally {
    live.end();
  }
  return endingOf(answers, round.now());
}

async function pinsNow({ kernel, store, pins }: Round): Promise<readonly DomainPin[]> {
  const stored = await storedPins(kernel, store);
  return pins.map((pin) => stored.find(({ domain }) => domain === pin.domain) ?? pin);
}

/** The first signal ends the loop in order; the next one ends the process. */
class Signals {
  came = false;
  #stop: (() => void) | undefined;

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.removeAllListeners(signal);
      process.once(signal, () => {
        this.came = true;
        this.#stop?.();
      });
    }
  }

  /** What the promise gives, or undefined as soon as a signal comes. Nothing of it is kept after that. */
  async orStop<T>(promise: Promise<T>): Promise<T | undefined> {
    try {
      return await new Promise<T | undefined>((resolve, reject) => {
        this.#stop = () => resolve(undefined);
        promise.then(resolve, reject);
        if (this.came) resolve(undefined);
      });
    } finally {
      this.#stop = undefined;
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms));
  });
}

function printJson({ outcome, json }: Ending): void {
  process.stdout.write(`${formatJson({ command: "sync", outcome, ...json })}\n`);
}

function printChange(said: Map<string, string>, answer: Answer, now: number): void {
  const { domain, sources } = answer;
  const judged = judge(answer.view, answer.terms, now);
  const state = judged.view?.state;
  // A new timestamp that says the same is no news.
  const versions = Object.entries(state ? versionsOf(state) : {}).filter(
    ([role]) => role !== "timestamp",
  );
  const words = [
    judged.failure?.code ?? "fresh",
    ...versions.map(([role, version]) => `${role} ${version}`),
    ...sources.flatMap(({ source, status, failure }) =>
      status === "failed" ? [`${source} failed (${failure?.code})`] : [],
    ),
  ].join(", ");
  if (said.get(domain) === words) return;
  said.set(domain, words);
  process.stdout.write(`${formatRfc3339(now, "ms")} ${domain} ${words}\n`);
}

function liveLine({ domain, view, terms, sources }: Answer, now: number): string[] {
  const { view: known, freshness, failure } = judge(view, terms, now);
  const left = freshness && freshness.validUntil - now;
  const failed = sources.filter(({ status }) => status === "failed").length;
  return [
    domain,
    failure?.code ?? "fresh",
    known?.state ? `timestamp ${known.state.metadata.timestamp.signed.version}` : "no state",
    freshness ? formatAge(freshness.age) : "",
    left === undefined || left < 0 ? "" : `${formatDuration(left)} left`,
    failed > 0 ? `${failed} of ${count(sources.length, "source")} failed` : "",
  ];
}
