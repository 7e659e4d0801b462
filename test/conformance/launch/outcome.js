// @ts-check
/** What a suite hands back, and the two ways in which it can fail to. */

/**
 * @typedef {{name: string, errorName: string, message: string}} Failure
 * @typedef {{passed: number, failed: number, failures: Failure[], digest: string}} Report
 * @typedef {{version: string, path: string}} Found
 * @typedef {{missing: string}} Missing
 * @typedef {{timeoutMs: number}} Limits
 * @typedef {{
 *   name: string,
 *   find: () => Promise<Found | Missing>,
 *   run: (found: Found, suiteDir: string, limits: Limits) => Promise<Report>,
 * }} Launcher
 */

/** How long a runtime may take to get ready before the suite begins. */
export const LAUNCH_MS = 60_000;

/** The runtime did not get as far as the suite: worth a second try. */
export class LaunchError extends Error {
  /** @override */
  name = "LaunchError";
}

class TimeoutError extends Error {
  /** @override */
  name = "TimeoutError";
}

/** The suite, not its launcher, threw: carries the name and message of what it threw. */
class SuiteError extends Error {
  /** @param {string} name @param {string} message */
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/**
 * Source text of `collect()`, which runs the suite inside a runtime and returns the outcome as
 * text. Name and message travel apart: not every engine's stack contains the message.
 * @param {string} specifier of the suite, seen from where the text will stand
 */
export function collector(specifier) {
  return `async function collect() {
  try {
    const suite = await import(${JSON.stringify(specifier)});
    return JSON.stringify({ report: await suite.run() });
  } catch (error) {
    const { name, message } = Object(error);
    return JSON.stringify({ error: { name: String(name), message: String(message ?? error) } });
  }
}
`;
}

/** @param {string} text what `collect()` returned @returns {Report} */
export function readOutcome(text) {
  const { report, error } = JSON.parse(text);
  if (error) throw new SuiteError(error.name, error.message);
  const { passed, failed, failures, digest } = Object(report);
  const sound =
    Number.isSafeInteger(passed) &&
    Number.isSafeInteger(failed) &&
    passed + failed > 0 &&
    Array.isArray(failures) &&
    failures.length === failed &&
    /^[0-9a-f]{64}$/.test(digest);
  if (!sound) {
    throw new TypeError(
      "expected a report with at least one case, a failure for each failed one and a sha-256, " +
        `found ${text.slice(0, 200)}`,
    );
  }
  return { passed, failed, failures, digest };
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} timeoutMs
 * @param {string} what is waited for
 * @returns {Promise<T>}
 */
export async function deadline(promise, timeoutMs, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(new TimeoutError(`expected ${what} within ${timeoutMs} ms, found none`));
    }, timeoutMs);
  });
  promise.catch(() => {});
  try {
    return await /** @type {Promise<T>} */ (Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what gets ready
 * @returns {Promise<T>}
 */
export async function launched(promise, what) {
  try {
    return await deadline(promise, LAUNCH_MS, what);
  } catch (cause) {
    const { message } = /** @type {Error} */ (cause);
    throw new LaunchError(`${what} did not start: ${message}`, { cause });
  }
}
