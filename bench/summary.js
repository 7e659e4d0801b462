// @ts-check
/**
 * What a row comes to. Values are medians over rounds, in nanoseconds an item or in the unit; `noise`
 * is the median absolute deviation over the median; `ratio` is the peer's median over ours, above 1
 * when ours is faster; `roundRatio` is the median of the ratios within each round, which a machine
 * that slows down for a while disturbs less.
 * @typedef {{
 *   items: number,
 *   rounds: number,
 *   ours: number,
 *   noise: number,
 *   peers: Record<string, number>,
 *   peerNoise: Record<string, number>,
 *   ratio: Record<string, number>,
 *   roundRatio: Record<string, number>,
 *   notRun: Record<string, string>,
 *   notes: Record<string, string>,
 * }} Figures
 */
/** @typedef {"ns/item" | "bytes" | "MiB" | "ms"} Unit */
/** @typedef {{name: string, unit: Unit, item: string} & Figures} Outcome */

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? NaN) + high) / 2;
}

/** @param {readonly number[]} values */
function noiseOf(values) {
  const center = median(values);
  return median(values.map((value) => Math.abs(value - center))) / center;
}

/**
 * @param {number} items
 * @param {readonly number[]} ours one value a round
 * @param {Record<string, readonly number[]>} peers
 * @param {Record<string, string>} [notRun]
 * @param {Record<string, string>} [notes]
 * @returns {Figures}
 */
export function summarize(items, ours, peers, notRun = {}, notes = {}) {
  /** @param {(values: readonly number[]) => number} figure */
  const each = (figure) =>
    Object.fromEntries(Object.entries(peers).map(([name, values]) => [name, figure(values)]));
  return {
    items,
    rounds: ours.length,
    ours: median(ours),
    noise: noiseOf(ours),
    peers: each(median),
    peerNoise: each(noiseOf),
    ratio: each((values) => median(values) / median(ours)),
    roundRatio: each((values) => median(values.map((value, i) => value / (ours[i] ?? NaN)))),
    notRun,
    notes,
  };
}

/**
 * A figure that is not a measurement: one value, no noise, no peers.
 * @param {number} value @param {Record<string, string>} [notes]
 */
export function exactly(value, notes = {}) {
  return { ...summarize(1, [value], {}, {}, notes), noise: 0 };
}

/** From this noise on, of ours or of the peer, two medians are not of the same machine any more. */
export const NOISY = 0.05;

/**
 * The one ratio to quote: of the medians, or of the rounds where either of the two is noisy.
 * @param {Outcome} row @param {string} peer
 */
export function quotedRatio(row, peer) {
  const byRound = Math.max(row.noise, row.peerNoise[peer] ?? 0) > NOISY;
  return { byRound, ratio: (byRound ? row.roundRatio : row.ratio)[peer] ?? NaN };
}
