import { parseRfc3339 } from "../bytes/rfc3339.js";
import type { Arguments } from "./command.js";
import { UsageError } from "./command.js";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `250ms`, `90s`, `15m`, `2h`, `7d`: milliseconds. */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^([0-9]{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (!digits || !unit)
    throw new UsageError(`a duration is like 90s, 15m, 2h or 7d, not "${text}"`);
  return Number(digits) * UNITS[unit as keyof typeof UNITS];
}

/** A time, or a duration from `now` such as `2h`: milliseconds since the epoch. */
export function parseWhen(text: string, now: number): number {
  if (/^[0-9]+(?:ms|s|m|h|d)$/.test(text)) return now + parseDuration(text);
  if (/^[0-9]{1,11}$/.test(text) || parseRfc3339(text) !== undefined) return parseTime(text);
  throw new UsageError(
    `a time is like 2026-11-24T12:00:00Z, or from now like 90s, 2h or 7d, not "${text}"`,
  );
}

/** `2026-11-24T12:00:00Z`, or seconds since the epoch: milliseconds since the epoch. */
export function parseTime(text: string): number {
  if (/^[0-9]{1,11}$/.test(text)) return Number(text) * 1000;
  const time = parseRfc3339(text);
  if (time === undefined) {
    throw new UsageError(`a time is like 2026-11-24T12:00:00Z or 1795521600, not "${text}"`);
  }
  return time;
}

/** The time of `--now`, or this machine's: milliseconds since the epoch. */
export function nowOf(args: Arguments): number {
  const now = args.text("now");
  return now === undefined ? Date.now() : parseTime(now);
}

/** The duration of an option: milliseconds, at least one; undefined where it is not given. */
export function durationOf(args: Arguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration > 0) return duration;
  throw new UsageError(`--${name} is longer than nothing, not ${text}`);
}
