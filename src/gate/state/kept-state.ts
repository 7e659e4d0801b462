/** A gate's state as it is kept beside its log, for whoever begins to read in the middle. */
import * as v from "valibot";
import { formatCanonical } from "../../bytes/canonical.js";
import { equalBytes } from "../../bytes/concat.js";
import { encodeUtf8 } from "../../bytes/utf8.js";
import { code, gateMode, runId, runState, whole } from "../../lineage/entry/common.js";
import { gateLimits, trustVersions } from "../../lineage/entry/gate.js";
import { LEVELS } from "../../lineage/entry/run.js";
import { commandSchema } from "../../trust/command.js";
import { domainName, label } from "../../trust/name.js";
import { hex32, positive, readSchema } from "../../trust/schema.js";
import type { Result } from "../../verdict.js";
import { failure, ok } from "../../verdict.js";
import { GateFold } from "../state.js";
import { DomainRecord } from "./domain-record.js";
import type { RunRecord } from "./run-record.js";
import { TripRecord } from "./trip-record.js";

const hex32s = v.array(hex32);

const trip = v.strictObject({
  id: label,
  command: commandSchema,
  of: v.picklist(["denials", "uses", "drifts", "duration"]),
  most: positive,
  within: v.nullable(positive),
  times: v.array(whole),
});

const domain = v.strictObject({
  trust: v.nullable(trustVersions),
  view: v.string(),
  code: v.nullable(code),
  authorizations: hex32s,
  keys: hex32s,
});

const run = v.strictObject({
  state: runState,
  decisions: whole,
  authorization: v.nullable(hex32),
  command: v.nullable(commandSchema),
  since: v.nullable(whole),
  allowed: v.nullable(hex32),
  drift: v.nullable(hex32),
  level: v.nullable(v.picklist(LEVELS)),
  admission: v.nullable(whole),
});

const keptState = v.strictObject({
  mode: gateMode,
  started: v.nullable(v.strictObject({ key: hex32, kernel: hex32, limits: gateLimits })),
  size: whole,
  last: v.nullable(hex32),
  time: whole,
  drift: v.nullable(hex32),
  policy: v.nullable(v.strictObject({ policy: hex32, baseline: v.nullable(hex32) })),
  trips: v.array(trip),
  domains: v.record(domainName, domain),
  counters: v.record(v.string(), v.strictObject({ total: whole, expires: whole })),
  revoked: v.array(runId),
  accepted: hex32s,
  runs: v.record(runId, run),
});

type KeptRun = v.InferOutput<typeof run>;

/** Bytes of a state: as many as are kept of one. */
const MAX_STATE_BYTES = 1 << 28;

/** The fold that a `state` entry names: `toJson` of it gives these bytes again. */
export function readKeptState(bytes: Uint8Array): Result<GateFold> {
  const read = readSchema("the state of a gate", keptState, bytes, MAX_STATE_BYTES);
  if (!read.ok) return read;
  const kept = read.value;
  const fold = new GateFold();
  fold.mode = kept.mode;
  fold.started = kept.started ?? undefined;
  fold.size = kept.size;
  fold.last = kept.last ?? undefined;
  fold.time = kept.time;
  fold.drift = kept.drift ?? undefined;
  fold.policy = kept.policy ?? undefined;
  fold.trips = kept.trips.map(({ times, within, ...rest }) =>
    TripRecord.kept({ ...rest, ...(within === null ? {} : { within }) }, times),
  );
  for (const [name, each] of Object.entries(kept.domains)) {
    fold.domains.set(name, DomainRecord.kept(each));
  }
  for (const [name, counter] of Object.entries(kept.counters)) {
    // A link is named by its digest, and so without a space.
    const space = name.indexOf(" ");
    fold.restoreCounter(name.slice(0, space), name.slice(space + 1), counter);
  }
  for (const each of kept.revoked) fold.revoked.add(each);
  for (const each of kept.accepted) fold.accepted.add(each);
  for (const [id, each] of Object.entries(kept.runs)) fold.runs.set(id, runOf(each));
  if (equalBytes(encodeUtf8(formatCanonical(fold.toJson())), bytes)) return ok(fold);
  return failure("NON_CANONICAL", "the state of a gate as a gate writes it", "another form of it");
}

function runOf(kept: KeptRun): RunRecord {
  const { state, decisions } = kept;
  return {
    state,
    decisions,
    authorization: kept.authorization ?? undefined,
    command: kept.command ?? undefined,
    since: kept.since ?? undefined,
    allowed: kept.allowed ?? undefined,
    drift: kept.drift ?? undefined,
    level: kept.level ?? undefined,
    admission: kept.admission ?? undefined,
  };
}
