/** Which entries of a gate's log a bundle holds, for what somebody wants to have proven. */
import { readBundle } from "../lineage/bundle.js";
import type { Entry } from "../lineage/entry.js";
import { parseEntry, timeOf } from "../lineage/entry.js";
import { runOf } from "../lineage/graph.js";
import type { Reader } from "../storage/storage.js";
import { TILE_WIDTH, tileWidth } from "../tlog/tile.js";
import type { Failure, Result } from "../verdict.js";
import { ok } from "../verdict.js";

/** What of a log: all, the run of this id, those of an authorization, or those since a time. */
export type Selection =
  | { readonly what: "all" }
  | { readonly what: "run"; readonly run: string }
  | { readonly what: "authorization"; readonly sha256: string }
  | { readonly what: "since"; readonly time: number };

export interface Selected {
  readonly from: number;
  /** One past the last. */
  readonly to: number;
  /** The runs that it is about, sorted; null for all. */
  readonly runs: readonly string[] | null;
}

/** The entries of the first `size`, in order, as they are stored. Throws where the log is damaged. */
export async function* storedEntries(
  log: Reader,
  size: number,
  from = 0,
  to = size,
): AsyncGenerator<{ readonly index: number; readonly bytes: Uint8Array }> {
  for (let index = from; index < to;) {
    const bundle = Math.floor(index / TILE_WIDTH);
    const width = tileWidth(BigInt(size), 0, BigInt(bundle));
    const entries = await readBundle(log, BigInt(bundle), width);
    if (!entries.ok) throw new UnreadableLog(entries);
    for (const bytes of entries.value.slice(index % TILE_WIDTH)) {
      if (index === to) return;
      yield { index, bytes };
      index += 1;
    }
  }
}

/** A log in which an entry cannot be read. */
export class UnreadableLog extends Error {
  constructor(readonly failure: Failure) {
    super(`${failure.expected}, found ${failure.found}`);
  }
}

interface Span {
  first: number;
  last: number;
  over: boolean;
  chosen: boolean;
  /** Indices of entries of this log that caused it. */
  parents: readonly number[];
}

/** The first `size` entries looked through; undefined where none is about what was asked for. */
export async function selectEntries(
  log: Reader,
  size: number,
  selection: Selection,
): Promise<Result<Selected | undefined>> {
  if (selection.what === "all") return ok({ from: 0, to: size, runs: null });
  const spans = new Map<string, Span>();
  const runAt = new Map<number, string>();
  const states: number[] = [];
  for await (const { index, bytes } of storedEntries(log, size)) {
    const parsed = parseEntry(bytes);
    if (!parsed.ok) return parsed;
    const entry = parsed.value;
    if (entry.kind === "state") states.push(index);
    const run = runOf(entry);
    if (run === undefined) continue;
    if (entry.kind === "decision" || entry.kind === "accept") runAt.set(index, run);
    note(spans, run, index, entry, selection);
  }
  const chosen = [...spans].filter(([, span]) => span.chosen);
  if (chosen.length === 0) return ok(undefined);
  let first = Math.min(...chosen.map(([, span]) => span.first));
  const open = chosen.flatMap(([, { parents }]) => [...parents]);
  const seen = new Set<string>();
  // What caused them must be there too: a gate denies what comes from something that was stopped.
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const run = runAt.get(index);
    const span = run === undefined ? undefined : spans.get(run);
    if (run === undefined || !span || seen.has(run)) continue;
    seen.add(run);
    first = Math.min(first, span.first);
    open.push(...span.parents);
  }
  const ends = chosen.map(([, { over, last }]) => (over ? last + 1 : size));
  const from = states.findLast((index) => index <= first) ?? 0;
  return ok({ from, to: Math.max(...ends), runs: chosen.map(([run]) => run).sort() });
}

function note(
  spans: Map<string, Span>,
  run: string,
  index: number,
  entry: Entry,
  selection: Selection,
): void {
  let span = spans.get(run);
  if (!span) {
    span = { first: index, last: index, over: false, chosen: false, parents: [] };
    spans.set(run, span);
  }
  span.last = index;
  const { state } = entry as { readonly state: string };
  span.over = state === "completed" || state === "denied" || state === "revoked";
  if (entry.kind === "admission") span.parents = entry.parents.map((each) => each.index);
  if (selection.what === "run") span.chosen ||= run === selection.run;
  else if (selection.what === "since") span.chosen ||= timeOf(entry) >= selection.time;
  else if (selection.what === "authorization" && entry.kind === "admission") {
    span.chosen ||= entry.authorization === selection.sha256;
  }
}

/** For people. */
export function describeSelection(selection: Selection): string {
  switch (selection.what) {
    case "run":
      return `run ${selection.run}`;
    case "authorization":
      return `authorization ${selection.sha256}`;
    case "since":
      return `runs since ${new Date(selection.time).toISOString()}`;
    case "all":
      return "anything";
  }
}
