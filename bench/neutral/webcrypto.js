// @ts-check
/**
 * WebCrypto answers with promises. Awaiting each before asking for the next wastes its threads;
 * asking for all at once fills memory with promises: the better of the two is the peer.
 */

/** How many calls are under way at once. */
const CHUNK = 256;

/** @typedef {(count: number, one: (i: number) => Promise<void>) => Promise<void>} Drive */

/** @type {Record<string, Drive>} */
const drives = {
  "one call after the other": async (count, one) => {
    for (let i = 0; i < count; i++) await one(i);
  },
  [`${CHUNK} calls at a time, which may use every core`]: async (count, one) => {
    for (let from = 0; from < count; from += CHUNK) {
      const length = Math.min(CHUNK, count - from);
      await Promise.all(Array.from({ length }, (_, i) => one(from + i)));
    }
  },
};

/**
 * Tries both ways on a sample of the work.
 * @param {number} sample @param {(i: number) => Promise<void>} one
 * @returns {Promise<{drive: Drive, note: string}>}
 */
export async function bestDrive(sample, one) {
  let best = { time: Infinity, way: "", drive: /** @type {Drive} */ (async () => {}) };
  for (let round = 0; round < 7; round++) {
    for (const [way, drive] of Object.entries(drives)) {
      const start = performance.now();
      await drive(sample, one);
      const time = performance.now() - start;
      if (time < best.time) best = { time, way, drive };
    }
  }
  return { drive: best.drive, note: `${best.way}: the faster of its two ways here` };
}

/** @param {Uint8Array<ArrayBuffer>} message */
export async function sha256(message) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", message));
}
