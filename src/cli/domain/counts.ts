import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";

/** A root that rotates is signed by the thresholds of two roots, and metadata has at most 64 signatures. */
export const MOST_KEYS = 32;

/** The number of an option, from 1 to `most`; undefined where it is not given. */
export function parseCount(args: Arguments, name: string, most: number): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const count = /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= most) return count;
  throw new UsageError(`--${name} is a number from 1 to ${most}, not "${text}"`);
}

/** `1 round`, `2 rounds`. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
