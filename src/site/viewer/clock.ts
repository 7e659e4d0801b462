/** The time of a verification as a field shows it: in UTC, to the second. */
import { formatRfc3339, parseRfc3339 } from "../../bytes/rfc3339.js";

/** `2026-11-26T03:07:30`, of milliseconds since the epoch. */
export function formatField(time: number): string {
  return formatRfc3339(time, "s").slice(0, 19);
}

/** Milliseconds since the epoch; undefined for what is no time. Browsers leave seconds out where they are 0. */
export function parseField(text: string): number | undefined {
  const whole = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}:00` : text;
  return parseRfc3339(`${whole}Z`);
}

/** Milliseconds of a number of seconds as it is written; undefined for what is none. */
export function parseSeconds(text: string): number | undefined {
  return /^\d{1,9}(?:\.\d{1,3})?$/.test(text.trim()) ? Math.round(Number(text) * 1000) : undefined;
}
