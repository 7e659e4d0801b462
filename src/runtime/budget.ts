/** A time for several requests together. */
import { request } from "./request.js";

/**
 * `request` for one round of a source: all its requests together have `totalMs`, however slowly each
 * of many files comes. Make a new one for each round; requests one after the other are meant, those at
 * the same time each use up the time that they take.
 */
export function requestsWithin(totalMs: number): typeof request {
  let left = totalMs;
  return async (url, options) => {
    if (left <= 0) return { outcome: "timeout", received: 0 };
    const started = performance.now();
    try {
      const timeoutMs = Math.min(options.timeoutMs, Math.ceil(left));
      return await request(url, { ...options, timeoutMs });
    } finally {
      left -= performance.now() - started;
    }
  };
}
