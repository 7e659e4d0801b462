/** A time for all that a source is asked in one round, whatever the source does. */
import type { Answer, Source } from "../sync/source.js";
import { abbreviate, failure } from "../verdict.js";
import type { Clock } from "./clock.js";

/** Questions that a source may leave open, of all rounds together: then it is asked no more. */
const MOST_OPEN = 8;

/** How many questions of each source, by its name, have no answer yet. Kept from round to round. */
export type OpenQuestions = Map<string, number>;

/**
 * The source with `totalMs` for one round: TIMEOUT for what comes later, and at once after that. One
 * that throws did not answer (UNREACHABLE). An aborted `signal` ends the round.
 */
export function withinBudget(
  source: Source,
  totalMs: number,
  clock: Clock,
  signal: AbortSignal,
  open: OpenQuestions,
): Source {
  const { name } = source;
  let left = totalMs;
  const late = failure("TIMEOUT", `an answer of ${name} within ${totalMs} ms of a round`, "none");
  return {
    name,
    async read(domain, path, request): Promise<Answer> {
      if (left <= 0 || signal.aborted) return late;
      const waiting = open.get(name) ?? 0;
      if (waiting >= MOST_OPEN) {
        return failure("TIMEOUT", `answers of ${name}`, `${waiting} questions without one`);
      }
      open.set(name, waiting + 1);
      const answer = ask(source, domain, path, request).finally(() => {
        const still = (open.get(name) ?? 1) - 1;
        if (still > 0) open.set(name, still);
        else open.delete(name);
      });
      const started = clock.elapsed();
      try {
        return await sooner(answer, late, left, clock, signal);
      } finally {
        left -= clock.elapsed() - started;
      }
    },
  };
}

async function ask(
  source: Source,
  domain: string,
  path: string,
  request: Parameters<Source["read"]>[2],
): Promise<Answer> {
  try {
    return await source.read(domain, path, request);
  } catch (error) {
    const found = error instanceof Error ? abbreviate(error.message) : "it threw";
    return failure("UNREACHABLE", `an answer of ${source.name} for ${path}`, found);
  }
}

/** What the promise gives, or `otherwise` after `ms` or when the signal is aborted. */
function sooner(
  answer: Promise<Answer>,
  otherwise: Answer,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve) => {
    const end = (result: Answer): void => {
      cancel();
      signal.removeEventListener("abort", stop);
      resolve(result);
    };
    const stop = (): void => end(otherwise);
    const cancel = clock.after(ms, stop);
    signal.addEventListener("abort", stop);
    void answer.then(end);
  });
}
