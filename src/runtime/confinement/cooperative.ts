import type { Effect, EffectContext, Ended } from "./effect.js";
import { failedWith } from "./effect.js";
import type { Patience } from "./patience.js";
import { once, requirePatience, settlesWithin } from "./patience.js";

/**
 * A function of this program, which is asked to stop and cannot be made to. The caller aborts the
 * signal of its context; the answer is `not-stopped` while the function has not settled, and `unknown`
 * once it has: what it set in motion (timers, requests, other functions) may go on. Never `stopped`.
 * It has all rights that this program has: no set is claimed.
 */
export function cooperative<Context extends EffectContext = EffectContext>(
  run: (context: Context) => unknown,
  patience: Patience,
): Effect<Context> {
  requirePatience(patience);
  const { clock, grace } = patience;
  return {
    isolation: Object.freeze({ level: "cooperative" }),
    start(context) {
      const ended = settle(run, context);
      const interrupt = once(async () => {
        const began = clock.elapsed();
        const settled = await settlesWithin(clock, grace, ended);
        return {
          answer: settled ? ("unknown" as const) : ("not-stopped" as const),
          steps: ["signalled" as const],
          took: Math.round(clock.elapsed() - began),
        };
      });
      return { ended, interrupt };
    },
  };
}

async function settle<Context>(
  run: (context: Context) => unknown,
  context: Context,
): Promise<Ended> {
  try {
    return { outcome: "done", exit: null, signal: null, value: await run(context) };
  } catch (error) {
    return failedWith(error);
  }
}
