/**
 * What opens the digests of an admission, on lines behind it: an opening an argument, in the order of
 * the admission, then `{"request": SALT}`, the salt of the request's digest in the proof of possession.
 */
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { concatBytes, equalBytes } from "../bytes/concat.js";
import { decodeHex, encodeHex } from "../bytes/hex.js";
import { isObject } from "../bytes/json-kind.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Opening } from "../lineage/openings.js";
import { formatOpenings, parseOpenings } from "../lineage/openings.js";
import { readJson } from "../trust/schema.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/** Bytes of a line: an argument is part of a request of 1 MiB. */
export const MAX_OPENED_BYTES = 2 << 20;

export interface Opened {
  readonly openings: readonly Opening[];
  /** 32 bytes; undefined where it was withheld. */
  readonly salt: Uint8Array | undefined;
}

/** An entry begins with its first member by name, which is none of these. */
const BEGINNINGS = ['{"name":', '{"request":'].map(encodeUtf8);
const NEWLINE = Uint8Array.of(0x0a);

/** Whether a line is not an entry, but opens a digest of one. */
export function isOpenedLine(line: Uint8Array): boolean {
  return BEGINNINGS.some(
    (start) => line.length >= start.length && start.every((byte, i) => byte === line[i]),
  );
}

/** The lines, each with its newline. */
export function formatOpened({ openings, salt }: Opened): Uint8Array {
  const line = salt ? [encodeUtf8(formatCanonical({ request: encodeHex(salt) })), NEWLINE] : [];
  return concatBytes(formatOpenings(openings), ...line);
}

/** Undefined for no lines. MALFORMED for any other form than `formatOpened` writes. */
export function parseOpened(lines: readonly Uint8Array[]): Result<Opened | undefined> {
  if (lines.length === 0) return ok(undefined);
  const salt = saltIn(lines.at(-1) as Uint8Array);
  const rest = salt ? lines.slice(0, -1) : lines;
  const openings: Opening[] = [];
  for (const line of rest) {
    const opening = parseOpenings(concatBytes(line, NEWLINE));
    if (!opening.ok) return opening;
    openings.push(...opening.value);
  }
  // Of the others, `parseOpenings` has seen to their form.
  const last = concatBytes(lines.at(-1) as Uint8Array, NEWLINE);
  if (!salt || equalBytes(formatOpened({ openings: [], salt }), last))
    return ok({ openings, salt });
  return failure("NON_CANONICAL", "openings in canonical JSON", "another form of them");
}

function saltIn(line: Uint8Array): Uint8Array | undefined {
  const json = readJson("a salt", line, 256);
  const value: Json | undefined =
    json.ok && isObject(json.value) ? json.value["request"] : undefined;
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? decodeHex(value) : undefined;
}
