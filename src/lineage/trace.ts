/** What caused a run, and what it caused, across the logs of all gates that took part. */
import type { Code, Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { EntryName } from "./entry/common.js";
import type { Lineage, PlacedEntry, TracedRun } from "./graph.js";
import { causesIn, isSame, placeOf, runOf } from "./graph.js";

/** One run is the cause of another. */
export interface TraceLink {
  /** The decision that allowed, or the hand-over. */
  readonly cause: PlacedEntry;
  /** The admission, or the accept, that names it. */
  readonly effect: PlacedEntry;
}

/** A link that cannot be followed, or is not what it should be. */
export interface TraceGap extends Failure {
  /** MISSING, ORPHAN, HOLDER or ONE_SIDED. */
  readonly code: Code;
  /** The entry that leads there. */
  readonly from: PlacedEntry;
  /** The entry that it names; undefined for a hand-over that nobody accepted. */
  readonly to: EntryName | undefined;
}

export interface Trace {
  /** The runs that were asked for. */
  readonly runs: readonly TracedRun[];
  /** The runs that caused them, the nearest first. */
  readonly up: readonly TracedRun[];
  /** The runs that they caused, the nearest first. */
  readonly down: readonly TracedRun[];
  /** The intents of the runs that were asked for, and of those that they caused. */
  readonly effects: readonly PlacedEntry[];
  readonly links: readonly TraceLink[];
  readonly gaps: readonly TraceGap[];
}

/**
 * Traces a run by its id, all runs of an authorization by its digest, or the run of an entry by its
 * leaf hash or its name. MISSING where no entry here is about it.
 */
export function trace(lineage: Lineage, id: string | EntryName): Result<Trace> {
  const runs = startsOf(lineage, id);
  if (runs.length === 0) {
    const name = typeof id === "string" ? abbreviate(id) : placeOf(id);
    return failure("MISSING", `entries about ${name}`, "none");
  }
  const tracer = new Tracer(lineage);
  const up = tracer.walk(runs, (run) => tracer.causesOf(run));
  const down = tracer.walk(runs, (run) => tracer.effectsOf(run));
  const effects = [...runs, ...down].flatMap(({ entries }) =>
    entries.filter(({ entry }) => entry.kind === "intent"),
  );
  return ok({ runs, up, down, effects, links: tracer.links, gaps: tracer.gaps });
}

function startsOf(lineage: Lineage, id: string | EntryName): TracedRun[] {
  if (typeof id !== "string") {
    const placed = lineage.at(id);
    return placed && isSame(placed, id) ? runsOf(lineage, [placed]) : [];
  }
  const named = lineage.withLeaf(id);
  if (named.length > 0) return runsOf(lineage, named);
  return [...lineage.runs()].filter(
    ({ run, entries }) =>
      run === id ||
      entries.some(({ entry }) => entry.kind === "admission" && entry.authorization === id),
  );
}

function runsOf(lineage: Lineage, entries: readonly PlacedEntry[]): TracedRun[] {
  return entries.flatMap(({ origin, entry }) => {
    const run = runOf(entry);
    return (run !== undefined && lineage.run(origin, run)) || [];
  });
}

class Tracer {
  readonly links: TraceLink[] = [];
  readonly gaps: TraceGap[] = [];
  readonly #seen = new Set<string>();

  constructor(readonly lineage: Lineage) {}

  /** All that is reached, breadth first, each run once: also where a graph that nobody verified has a circle. */
  walk(from: readonly TracedRun[], next: (run: TracedRun) => TracedRun[]): TracedRun[] {
    const keyOf = ({ origin, run }: TracedRun): string => `${origin} ${run}`;
    const reached = new Map(from.map((run) => [keyOf(run), run]));
    const queue = [...from];
    for (let run = queue.shift(); run; run = queue.shift()) {
      for (const other of next(run)) {
        if (reached.has(keyOf(other))) continue;
        reached.set(keyOf(other), other);
        queue.push(other);
      }
    }
    return [...reached.values()].slice(from.length);
  }

  causesOf({ entries }: TracedRun): TracedRun[] {
    return entries.flatMap((effect) =>
      causesIn(effect.entry).flatMap((name) => {
        const cause = this.#find(effect, name);
        return cause ? this.#link(cause, effect, cause) : [];
      }),
    );
  }

  effectsOf({ entries }: TracedRun): TracedRun[] {
    return entries.flatMap((cause) => {
      const naming = this.lineage.naming(cause);
      if (cause.entry.kind === "handover") this.#checkAccepted(cause, naming);
      return naming.flatMap((effect) =>
        this.#find(effect, cause) ? this.#link(cause, effect, effect) : [],
      );
    });
  }

  /** The entry that another names as its cause, or a gap that is noted once. */
  #find(effect: PlacedEntry, name: EntryName): PlacedEntry | undefined {
    const cause = this.lineage.at(name);
    const crossing = effect.entry.kind === "accept";
    if (!cause || cause.leaf !== name.leaf) {
      const expected = `${crossing ? "the hand-over" : "the entry"} ${placeOf(name)} with leaf hash ${name.leaf}`;
      if (crossing && this.lineage.covers(name)) {
        return this.#gap("ONE_SIDED", effect, name, expected, cause?.leaf ?? "none");
      }
      if (cause) return this.#gap("ORPHAN", effect, name, expected, cause.leaf);
      return this.#gap("MISSING", effect, name, expected, "it is not among these entries");
    }
    const { entry } = cause;
    if (crossing && entry.kind === "handover") {
      const key = this.lineage.keyOf(effect.origin);
      if (key === undefined || key === entry.receiver) return cause;
      return this.#gap("HOLDER", effect, name, `a hand-over to ${key}`, `to ${entry.receiver}`);
    }
    const allowed = entry.kind === "decision" && entry.outcome === "allow";
    if (!crossing && (allowed || entry.kind === "accept")) return cause;
    // An admission may repeat what the accept of its run has named.
    if (!crossing && entry.kind === "handover" && this.#isAccepted(effect, name)) return cause;
    const expected = crossing ? "a hand-over" : "a decision that allowed, or an accept";
    const found = entry.kind === "decision" ? `a decision: ${entry.outcome}` : entry.kind;
    return this.#gap("ORPHAN", effect, name, expected, found);
  }

  #isAccepted({ origin, entry }: PlacedEntry, name: EntryName): boolean {
    const run = this.lineage.run(origin, runOf(entry) as string);
    return (
      run?.entries.some(
        (each) => each.entry.kind === "accept" && isSame(each.entry.parent, name),
      ) === true
    );
  }

  #checkAccepted(handover: PlacedEntry, naming: readonly PlacedEntry[]): void {
    if (handover.entry.kind !== "handover") return;
    if (naming.some(({ entry }) => entry.kind === "accept")) return;
    const { receiver } = handover.entry;
    const origin = this.lineage.originOf(receiver);
    if (origin === undefined) {
      const expected = `the log of the gate with key ${receiver}`;
      this.#gap("MISSING", handover, undefined, expected, "it is not among these entries");
    } else {
      this.#gap("ONE_SIDED", handover, undefined, `an accept in the log of ${origin}`, "none");
    }
  }

  /** Notes the link once, and gives the run on the side of `towards`. */
  #link(cause: PlacedEntry, effect: PlacedEntry, towards: PlacedEntry): TracedRun[] {
    if (this.#first(`link ${placeOf(cause)} ${placeOf(effect)}`))
      this.links.push({ cause, effect });
    return runsOf(this.lineage, [towards]);
  }

  #gap(
    code: Code,
    from: PlacedEntry,
    to: EntryName | undefined,
    expected: string,
    found: string,
  ): undefined {
    if (this.#first(`gap ${placeOf(from)} ${to ? placeOf(to) : ""}`)) {
      this.gaps.push({ ...failure(code, expected, found), from, to });
    }
    return undefined;
  }

  #first(what: string): boolean {
    const first = !this.#seen.has(what);
    this.#seen.add(what);
    return first;
  }
}
