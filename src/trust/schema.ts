/** Reading signed JSON by a schema: strict JSON first, then the shape, with a place in every refusal. */
import * as v from "valibot";
import type { Json } from "../bytes/canonical.js";
import { parseJson } from "../bytes/json.js";
import { parseRfc3339 } from "../bytes/rfc3339.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";

/** The most bytes of one file of trust metadata, or of one file that it names. */
export const MAX_FILE_BYTES = 1 << 20;

/** Bytes to JSON; `what` names the file for people. */
export function readJson(what: string, bytes: Uint8Array, limit = MAX_FILE_BYTES): Result<Json> {
  if (bytes.length > limit) {
    return failure("TOO_LARGE", `${what} of at most ${limit} bytes`, `${bytes.length}`);
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return failure("MALFORMED", `${what} in UTF-8`, "invalid UTF-8");
  const parsed = parseJson(text);
  return parsed.ok ? parsed : failure("MALFORMED", `${what}: ${parsed.expected}`, parsed.found);
}

/** JSON to the shape that the schema describes. */
export function matchSchema<Schema extends v.GenericSchema>(
  what: string,
  schema: Schema,
  json: Json,
): Result<v.InferOutput<Schema>> {
  const matched = v.safeParse(schema, json, { abortEarly: true });
  if (matched.success) return ok(matched.output);
  const [issue] = matched.issues;
  const path = v.getDotPath(issue);
  const place = path === null ? what : `${what}, at ${abbreviate(path)}`;
  return failure("MALFORMED", `${place}: ${expectationOf(issue)}`, abbreviate(issue.received));
}

/** What a schema says of itself: valibot's own messages repeat what was received, as it stands. */
function expectationOf({ message, type, expected }: v.BaseIssue<unknown>): string {
  if (!message.startsWith("Invalid ")) return message;
  if (type !== "strict_object") return expected ?? "another value";
  return expected === "never" ? "no member of this name" : `the member ${expected}`;
}

/** Bytes to the shape that the schema describes. */
export function readSchema<Schema extends v.GenericSchema>(
  what: string,
  schema: Schema,
  bytes: Uint8Array,
  limit = MAX_FILE_BYTES,
): Result<v.InferOutput<Schema>> {
  const json = readJson(what, bytes, limit);
  return json.ok ? matchSchema(what, schema, json.value) : json;
}

/** A positive integer that a double holds exactly. */
export const positive = v.pipe(
  v.number("a positive integer"),
  v.safeInteger("a positive integer"),
  v.minValue(1, "a positive integer"),
);

/** A time of RFC 3339, kept as it is written. */
export const time = v.pipe(
  v.string("a time of RFC 3339"),
  v.check((text) => parseRfc3339(text) !== undefined, "a time of RFC 3339"),
);

/** SHA-256, or an Ed25519 public key: 32 bytes in lowercase hexadecimal. */
export const hex32 = v.pipe(
  v.string("64 lowercase hexadecimal digits"),
  v.regex(/^[0-9a-f]{64}$/, "64 lowercase hexadecimal digits"),
);

/** Milliseconds of a `time`, which the schema has accepted. */
export function millisecondsOf(text: string): number {
  return parseRfc3339(text) as number;
}
