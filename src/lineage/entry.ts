/**
 * Entries of a gate's log: what one gate decided and did. Canonical JSON (RFC 8785), chained by the
 * leaf hash of the entry before, in time that never goes back.
 */
import type * as v from "valibot";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical, parseCanonical } from "../bytes/canonical.js";
import { equalBytes } from "../bytes/concat.js";
import { isObject, kindOf } from "../bytes/json-kind.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import { MAX_ENTRY_BYTES } from "../tlog/tile.js";
import { millisecondsOf, matchSchema, readJson } from "../trust/schema.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { Linked } from "./entry/common.js";
import type { Accept, Handover } from "./entry/crossing.js";
import { accept, handover } from "./entry/crossing.js";
import type { Drift, Interruption, Resume, Transition } from "./entry/drift.js";
import { drift, interruption, resume, transition } from "./entry/drift.js";
import type { Policy, Start, State, Trust } from "./entry/gate.js";
import { policy, start, state, trust } from "./entry/gate.js";
import type { Admission, Decision, Heartbeat, Intent, Measurement, Outcome } from "./entry/run.js";
import { admission, decision, heartbeat, intent, measurement, outcome } from "./entry/run.js";

/** What an entry says, before it has its place in a log. */
export type EntryBody =
  | Start
  | Trust
  | Policy
  | Admission
  | Measurement
  | Decision
  | Intent
  | Outcome
  | Heartbeat
  | Drift
  | Interruption
  | Transition
  | Resume
  | Handover
  | Accept
  | State;

/** An entry as it stands in a log. */
export type Entry = EntryBody & Linked;

export type EntryKind = Entry["kind"];

/** @internal */
export const entrySchemas = {
  start,
  trust,
  policy,
  admission,
  measurement,
  decision,
  intent,
  outcome,
  heartbeat,
  drift,
  interruption,
  transition,
  resume,
  handover,
  accept,
  state,
} satisfies { readonly [Kind in EntryKind]: v.GenericSchema };

/** The schema of the kind that an entry says it is, without trying the others. */
function matchEntry(json: Json): Result<Entry> {
  const kind = isObject(json) ? json["kind"] : undefined;
  if (typeof kind !== "string" || !Object.hasOwn(entrySchemas, kind)) {
    const found = typeof kind === "string" ? abbreviate(kind) : kindOf(kind ?? null);
    return failure("MALFORMED", "an entry of a known kind", found);
  }
  const schema = entrySchemas[kind as EntryKind] as unknown as v.GenericSchema<unknown, Entry>;
  return matchSchema("an entry", schema, json);
}

/** An entry from its bytes: MALFORMED for other JSON than an entry's, and for other than canonical JSON. */
export function parseEntry(bytes: Uint8Array): Result<Entry> {
  const quick = parseQuickly(bytes);
  if (quick) return quick;
  const json = readJson("an entry", bytes, MAX_ENTRY_BYTES);
  if (!json.ok) return json;
  const entry = matchEntry(json.value);
  if (!entry.ok) return entry;
  if (equalBytes(encodeUtf8(formatCanonical(json.value)), bytes)) return entry;
  return failure("MALFORMED", "an entry in canonical JSON", "another form of it");
}

/** What is an entry; undefined for all else, which is looked at again to say why. */
function parseQuickly(bytes: Uint8Array): Result<Entry> | undefined {
  const text = bytes.length <= MAX_ENTRY_BYTES ? decodeUtf8(bytes) : undefined;
  const json = text === undefined ? undefined : parseCanonical(text);
  const entry = json === undefined ? undefined : matchEntry(json);
  return entry?.ok ? entry : undefined;
}

/**
 * The bytes of an entry. TOO_LARGE where it does not fit into a log; a TypeError where what this
 * program made is no entry.
 */
export function formatEntry(entry: Entry): Result<Uint8Array> {
  const matched = matchEntry(entry as unknown as Json);
  if (!matched.ok) throw new TypeError(`not an entry: ${matched.expected}, ${matched.found}`);
  const bytes = encodeUtf8(formatCanonical(entry as unknown as Json));
  if (bytes.length <= MAX_ENTRY_BYTES) return ok(bytes);
  return failure("TOO_LARGE", `an entry of at most ${MAX_ENTRY_BYTES} bytes`, `${bytes.length}`);
}

/** Milliseconds since the epoch. */
export function timeOf(entry: Linked): number {
  return millisecondsOf(entry.time);
}
