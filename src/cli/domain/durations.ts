const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** For people: the two largest units of it, `6d 23h`, `1m`, `250ms`. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.floor(Math.abs(milliseconds));
  const parts: string[] = [];
  for (const [i, [unit, length]] of UNITS.entries()) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count}${unit}`);
    // No unit after one that was left out: not "7d 3ms".
    if (parts.length > 0 && (parts.length === 2 || i >= 3)) break;
  }
  return parts.join(" ") || "0s";
}
