/**
 * Arguments by salted digest: an entry says which arguments there were without saying what they are,
 * and whoever holds an opening can show one of them later, and no other.
 *
 * A digest is SHA-256 of the canonical JSON of `{name, salt, value}`, the salt 32 random bytes in
 * hexadecimal. An opening is that JSON; a file of openings has one on each line.
 */
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { concatBytes, equalBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import type { JsonObject } from "../bytes/json-kind.js";
import { isObject } from "../bytes/json-kind.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import { readJson } from "../trust/schema.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { ArgumentDigest } from "./entry/run.js";

/** What shows the argument behind a digest. Who has it can read the argument. */
export interface Opening {
  /** The name of a top-level argument. */
  readonly name: string;
  /** 32 random bytes, in hexadecimal. */
  readonly salt: string;
  readonly value: Json;
}

export interface DigestedArguments {
  /** For the entry, by name. */
  readonly digests: readonly ArgumentDigest[];
  /** In the same order. */
  readonly openings: readonly Opening[];
}

const MOST_ARGUMENTS = 256;
/** UTF-16 units of one name. */
const LONGEST_NAME = 1024;
/** Bytes of all names: the digests of them fit into an entry, with all else that it says. */
const MOST_NAME_BYTES = 32_768;
/** Bytes of an opening, and of a file of them: an argument is part of a request of 1 MiB. */
const MOST_BYTES = 2 << 20;
const NEWLINE = Uint8Array.of(0x0a);

/**
 * The digest and the opening of each top-level argument, among them the resource as `resource`.
 * `salts` gives 32 random bytes each time. TOO_LARGE: more arguments, or longer names, than an entry holds.
 */
export function digestArguments(
  kernel: Kernel,
  input: JsonObject,
  salts: () => Uint8Array,
): Result<DigestedArguments> {
  const names = Object.keys(input).sort();
  if (names.length > MOST_ARGUMENTS) {
    return failure("TOO_LARGE", `at most ${MOST_ARGUMENTS} arguments`, `${names.length}`);
  }
  const long = names.find((name) => name.length > LONGEST_NAME);
  if (long !== undefined) {
    const expected = `names of arguments of at most ${LONGEST_NAME} characters`;
    return failure("TOO_LARGE", expected, `${long.length}`);
  }
  // As they stand in an entry, with what JSON escapes of them.
  const bytes = names.reduce((sum, name) => sum + encodeUtf8(formatCanonical(name)).length, 0);
  if (bytes > MOST_NAME_BYTES) {
    const expected = `names of arguments of at most ${MOST_NAME_BYTES} bytes together`;
    return failure("TOO_LARGE", expected, `${bytes}`);
  }
  const openings = names.map((name) => {
    const salt = salts();
    if (salt.length !== 32) throw new TypeError(`a salt has 32 bytes, not ${salt.length}`);
    return { name, salt: encodeHex(salt), value: input[name] as Json };
  });
  const digests = openings.map((opening) => ({
    name: opening.name,
    sha256: encodeHex(kernel.sha256(openingBytes(opening))),
  }));
  return ok({ digests, openings });
}

/** DIGEST unless the opening is the one that the digest was made of. */
export function checkOpening(
  kernel: Kernel,
  digest: ArgumentDigest,
  opening: Opening,
): Result<undefined> {
  const name = abbreviate(digest.name);
  if (opening.name !== digest.name) {
    return failure("DIGEST", `an opening of ${name}`, `one of ${abbreviate(opening.name)}`);
  }
  const found = encodeHex(kernel.sha256(openingBytes(opening)));
  if (found === digest.sha256) return ok(undefined);
  return failure("DIGEST", `an opening of ${name} with sha256 ${digest.sha256}`, found);
}

/** A file of openings. */
export function formatOpenings(openings: readonly Opening[]): Uint8Array {
  return concatBytes(...openings.flatMap((opening) => [openingBytes(opening), NEWLINE]));
}

/** The openings of a file, in its order. MALFORMED for any other form than `formatOpenings` writes. */
export function parseOpenings(file: Uint8Array): Result<readonly Opening[]> {
  if (file.length > MOST_BYTES) {
    return failure("TOO_LARGE", `openings of at most ${MOST_BYTES} bytes`, `${file.length}`);
  }
  const openings: Opening[] = [];
  for (let at = 0; at < file.length;) {
    const end = file.indexOf(0x0a, at);
    if (end < 0) return failure("MALFORMED", "a newline after each opening", "none at the end");
    const opening = parseOpening(file.subarray(at, end), openings.length + 1);
    if (!opening.ok) return opening;
    openings.push(opening.value);
    at = end + 1;
  }
  return ok(openings);
}

function parseOpening(line: Uint8Array, number: number): Result<Opening> {
  const what = `opening ${number}`;
  const json = readJson(what, line, MOST_BYTES);
  if (!json.ok) return json;
  const { value: object } = json;
  const { name, salt, value } = isObject(object) ? object : {};
  const whole =
    isObject(object) &&
    Object.keys(object).length === 3 &&
    typeof name === "string" &&
    typeof salt === "string" &&
    /^[0-9a-f]{64}$/.test(salt) &&
    value !== undefined;
  if (!whole) return failure("MALFORMED", `${what}: {name, salt, value}`, "something else");
  const opening = { name, salt, value };
  if (equalBytes(openingBytes(opening), line)) return ok(opening);
  return failure("MALFORMED", `${what} in canonical JSON`, "another form of it");
}

function openingBytes({ name, salt, value }: Opening): Uint8Array {
  return encodeUtf8(formatCanonical({ name, salt, value }));
}
