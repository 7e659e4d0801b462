/**
 * in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md): what a signed claim is about, and
 * the claim.
 *
 *     {"_type": ..., "subject": [{"name"?: text, "digest": {algorithm: hex, ...}}, ...],
 *      "predicateType": text, "predicate"?: {...}}
 */
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { freezeDeep } from "../bytes/frozen.js";
import { parseJson } from "../bytes/json.js";
import type { JsonObject } from "../bytes/json-kind.js";
import { isObject, kindOf } from "../bytes/json-kind.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";

/** The payload type of an envelope around a statement. */
export const INTOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json";

const MAX_STATEMENT_BYTES = 1 << 20;
const MAX_SUBJECTS = 1024;
/** Digests of one subject. */
const MAX_DIGESTS = 32;
/** Of a subject's name and of a predicate type, in UTF-16 units. */
const MAX_TEXT_LENGTH = 4096;
const ALGORITHM = /^[A-Za-z0-9_]{1,32}$/;
const EMPTY: JsonObject = Object.freeze(Object.create(null) as object) as JsonObject;
const DIGEST = /^(?:[0-9a-f]{2}){1,128}$/;

/** Digests of one artifact in lowercase hexadecimal, by in-toto's names of algorithms. */
export type DigestSet = Readonly<Record<string, string>>;

export interface Statement {
  /** The artifacts that the claim is about. A subject matches by its digests alone. */
  readonly subject: readonly { readonly name?: string; readonly digest: DigestSet }[];
  readonly predicateType: string;
  /** An object. */
  readonly predicate: Json;
}

/** A statement as it was read. */
export interface ParsedStatement extends Statement {
  readonly predicate: JsonObject;
  /** All that the payload says, also what the specification does not know. */
  readonly json: JsonObject;
}

/**
 * Reads a statement from payload bytes whose signature holds. As in-toto demands, members that it does
 * not know are ignored; a stricter reader looks at `json`. An absent predicate is the empty one. All of
 * the result is frozen. MALFORMED: not the format; TOO_LARGE: over a limit on its lengths.
 */
export function parseStatement(payload: Uint8Array): Result<ParsedStatement> {
  if (payload.length > MAX_STATEMENT_BYTES) {
    const expected = `a statement of at most ${MAX_STATEMENT_BYTES} bytes`;
    return failure("TOO_LARGE", expected, `${payload.length}`);
  }
  const text = decodeUtf8(payload);
  if (text === undefined) return failure("MALFORMED", "a statement in UTF-8", "invalid UTF-8");
  const parsed = parseJson(text);
  if (!parsed.ok) return failure("MALFORMED", `a statement: ${parsed.expected}`, parsed.found);
  const json = parsed.value;
  if (!isObject(json)) return malformed("an object", json);
  const { _type, subject, predicateType, predicate = EMPTY } = json;
  if (_type !== STATEMENT_TYPE) return malformed(`_type ${STATEMENT_TYPE}`, _type);
  if (!Array.isArray(subject) || subject.length === 0) {
    return malformed("at least one subject", subject);
  }
  if (subject.length > MAX_SUBJECTS) {
    return failure("TOO_LARGE", `at most ${MAX_SUBJECTS} subjects`, `${subject.length}`);
  }
  const subjects: Statement["subject"][number][] = [];
  for (const each of subject as readonly Json[]) {
    const read = readSubject(each);
    if (!read.ok) return read;
    subjects.push(read.value);
  }
  const type = readText("predicateType", predicateType);
  if (!type.ok) return type;
  if (type.value === "") return malformed("a predicateType", predicateType);
  if (!isObject(predicate)) return malformed("a predicate that is an object", predicate);
  return ok(freezeDeep({ subject: subjects, predicateType: type.value, predicate, json }));
}

/**
 * The payload of a statement in canonical JSON. Throws a TypeError on one that `parseStatement` would
 * not read back.
 */
export function formatStatement({ subject, predicateType, predicate }: Statement): Uint8Array {
  const json: Json = {
    _type: STATEMENT_TYPE,
    subject: subject.map(({ name, digest }) => ({
      ...(name === undefined ? {} : { name }),
      digest,
    })),
    predicateType,
    predicate,
  };
  const payload = encodeUtf8(formatCanonical(json));
  const read = parseStatement(payload);
  if (read.ok) return payload;
  throw new TypeError(`not a statement: expected ${read.expected}, found ${read.found}`);
}

function readSubject(json: Json): Result<Statement["subject"][number]> {
  if (!isObject(json)) return malformed("subjects that are objects", json);
  const { name, digest } = json;
  const named = name === undefined ? ok(undefined) : readText("subject's name", name);
  if (!named.ok) return named;
  if (!isObject(digest)) return malformed("a subject's digest, an object", digest);
  const digests = Object.entries(digest);
  if (digests.length === 0) return failure("MALFORMED", "at least one digest a subject", "none");
  if (digests.length > MAX_DIGESTS) {
    return failure("TOO_LARGE", `at most ${MAX_DIGESTS} digests a subject`, `${digests.length}`);
  }
  for (const [algorithm, value] of digests) {
    if (!ALGORITHM.test(algorithm)) return malformed("names of digest algorithms", algorithm);
    if (typeof value !== "string" || !DIGEST.test(value)) {
      return malformed(`a digest ${algorithm} in lowercase hexadecimal`, value);
    }
  }
  return ok({
    ...(named.value === undefined ? {} : { name: named.value }),
    digest: digest as DigestSet,
  });
}

function readText(what: string, json: Json | undefined): Result<string> {
  if (typeof json !== "string") return malformed(`a ${what}, a string`, json);
  if (json.length <= MAX_TEXT_LENGTH) return ok(json);
  const expected = `a statement's ${what} of at most ${MAX_TEXT_LENGTH} characters`;
  return failure("TOO_LARGE", expected, `${json.length}`);
}

function malformed(expected: string, found: Json | undefined): Failure {
  const shown = typeof found === "string" ? abbreviate(found) : kindOf(found);
  return failure("MALFORMED", `a statement with ${expected}`, shown);
}
