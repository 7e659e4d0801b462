/**
 * A chain as a file: one envelope a line, from the issuer's authorization to the one that is used.
 * Whoever narrows it adds a line; nothing that stands is rewritten.
 */
import { concatBytes } from "../bytes/concat.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { MAX_PAYLOAD_BYTES } from "./link.js";

export const MAX_LINKS = 8;

/** One line: a payload in base64, and signatures. */
export const MAX_ENVELOPE_BYTES = 2 * MAX_PAYLOAD_BYTES;

const NEWLINE = 0x0a;

/** The envelopes as they stand in the file, not parsed. */
export function splitChain(file: Uint8Array): Result<readonly Uint8Array[]> {
  const most = MAX_LINKS * (MAX_ENVELOPE_BYTES + 1);
  if (file.length > most) {
    return failure("TOO_LARGE", `a chain of at most ${most} bytes`, `${file.length}`);
  }
  const lines: Uint8Array[] = [];
  for (let at = 0; at < file.length;) {
    const end = file.indexOf(NEWLINE, at);
    const line = file.subarray(at, end < 0 ? file.length : end);
    at = end < 0 ? file.length : end + 1;
    if (lines.length === MAX_LINKS) {
      return failure("TOO_LARGE", `a chain of at most ${MAX_LINKS} links`, "more");
    }
    if (line.length === 0) return failure("MALFORMED", "an envelope a line", "an empty line");
    lines.push(line);
  }
  return lines.length > 0 ? ok(lines) : failure("MALFORMED", "an envelope a line", "an empty file");
}

/** The file of these envelopes. Throws where `splitChain` would give others. */
export function joinChain(envelopes: readonly Uint8Array[]): Uint8Array {
  if (envelopes.length === 0 || envelopes.length > MAX_LINKS) {
    throw new RangeError(`a chain has 1 to ${MAX_LINKS} links, not ${envelopes.length}`);
  }
  if (envelopes.some((line) => line.length === 0 || line.includes(NEWLINE))) {
    throw new TypeError("an envelope stands on one line");
  }
  return concatBytes(...envelopes.flatMap((line) => [line, Uint8Array.of(NEWLINE)]));
}
