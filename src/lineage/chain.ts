/**
 * The chain: each entry holds the leaf hash of the one before, so that one hash both links entries and
 * puts them into the tree.
 */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Entry } from "./entry.js";
import { parseEntry, timeOf } from "./entry.js";

/** What the next entry must follow. */
export interface Link {
  /** Leaf hash of the entry before, in hexadecimal; null where there is none. */
  readonly leaf: string | null;
  /** Its time, in milliseconds since the epoch. */
  readonly time: number;
}

/** What the first entry of a log follows. */
export const FIRST_LINK: Link = { leaf: null, time: Number.NEGATIVE_INFINITY };

export interface Chained {
  readonly entries: readonly Entry[];
  /** Their leaf hashes, 32 bytes each, one behind the other. */
  readonly leafHashes: Uint8Array;
  /** What comes next must follow this. */
  readonly last: Link;
}

/**
 * Checks that entries follow each other, and the first of them `before`. CHAIN: one names another
 * before it, or is from an earlier time; what is no entry has the code of `parseEntry`.
 */
export function checkChain(
  kernel: Kernel,
  entries: readonly Uint8Array[],
  before: Link | string | null,
): Result<Chained> {
  const leafHashes = kernel.leafHashes(entries);
  const parsed: Entry[] = [];
  let last: Link =
    typeof before === "object" && before !== null ? before : { ...FIRST_LINK, leaf: before };
  for (const [place, bytes] of entries.entries()) {
    const entry = parseEntry(bytes);
    if (!entry.ok) return { ...entry, expected: `${entry.expected} (${ordinal(place)})` };
    const { prev } = entry.value;
    if (prev !== last.leaf) {
      const expected = `${ordinal(place)} to follow ${last.leaf ?? "none"}`;
      return failure("CHAIN", expected, `it follows ${prev ?? "none"}`);
    }
    const time = timeOf(entry.value);
    if (time < last.time) {
      const expected = `${ordinal(place)} not to be earlier than the one before`;
      return failure("CHAIN", expected, `${last.time - time} ms earlier`);
    }
    parsed.push(entry.value);
    last = { leaf: encodeHex(leafHashes.subarray(32 * place, 32 * place + 32)), time };
  }
  return ok({ entries: parsed, leafHashes, last });
}

function ordinal(place: number): string {
  return `entry ${place} of those given`;
}
