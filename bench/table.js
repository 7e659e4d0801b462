// @ts-check
/** @import { Outcome } from "./summary.js" */

const HEAD = ["row", "unit", "ours", "noise", "peer", "value", "noise", "ratio", "by round"];
const NUMERIC = new Set([2, 3, 5, 6, 7, 8]);

/** Ratios are the peer's time over ours. @param {readonly Outcome[]} outcomes */
export function formatTable(outcomes) {
  /** @type {string[][]} */
  const lines = [HEAD];
  const below = [];
  for (const row of outcomes) {
    const unit = row.unit === "ns/item" ? `ns/${row.item}` : row.unit;
    const ours = [row.name, unit, formatValue(row.ours), formatShare(row.noise)];
    const peers = Object.entries(row.peers).map(([name, value]) => [
      row.notes[name] ? `${name} *` : name,
      formatValue(value),
      formatShare(row.peerNoise[name] ?? NaN),
      (row.ratio[name] ?? NaN).toFixed(2),
      (row.roundRatio[name] ?? NaN).toFixed(2),
    ]);
    for (const [name, reason] of Object.entries(row.notRun))
      peers.push([`${name} not run: ${reason}`]);
    if (peers.length === 0) peers.push([]);
    peers.forEach((peer, i) => lines.push([...(i === 0 ? ours : ["", "", "", ""]), ...peer]));
    for (const [name, note] of Object.entries(row.notes))
      below.push(`* ${row.name}, ${name}: ${note}`);
  }
  // A peer that was not run has a sentence for its name, which may run over the columns behind it.
  const widths = HEAD.map((_, i) => {
    const cells = lines.filter((line) => i !== 4 || line.length === HEAD.length);
    return Math.max(...cells.map((line) => line[i]?.length ?? 0));
  });
  const text = lines.map((line) =>
    line
      .map((cell, i) =>
        NUMERIC.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  return [...text, "", "ratio: the peer's time over ours; above 1 ours is faster", ...below].join(
    "\n",
  );
}

/** @param {number} value */
export function formatValue(value) {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US");
}

/** @param {number} share */
export function formatShare(share) {
  return `${(share * 100).toFixed(1)} %`;
}
