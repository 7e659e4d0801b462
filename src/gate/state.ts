/**
 * What a gate's log comes to: a fold over its entries and nothing else, so that whoever replays the
 * log finds the gate as it was after each of them.
 */
import type { Json } from "../bytes/canonical.js";
import type { Entry } from "../lineage/entry.js";
import type { GateMode, RunState } from "../lineage/entry/common.js";
import type { EntryCharge, EntryIsolation } from "../lineage/entry/run.js";
import { coversCommand } from "../trust/command.js";
import { millisecondsOf } from "../trust/schema.js";
import type { RunEntry } from "./lifecycle.js";
import { IllegalTransition, isTerminal, nextRunState, requireGateStep } from "./lifecycle.js";
import { DomainRecord } from "./state/domain-record.js";
import { TripRecord } from "./state/trip-record.js";

/** A run that is not over. */
export interface RunRecord {
  readonly state: RunState;
  /** The identity of its authorization; undefined before it is admitted. */
  readonly authorization: string | undefined;
  readonly command: string | undefined;
  /** Milliseconds since the epoch: when its effect was first allowed to begin. */
  readonly since: number | undefined;
  /** How often it was decided on. */
  readonly decisions: number;
  /** Leaf hash of its latest drift. */
  readonly drift: string | undefined;
  /** How it is confined; undefined before it is measured. */
  readonly level: EntryIsolation["level"] | undefined;
  /** Index of its admission. */
  readonly admission: number | undefined;
}

/** What `decide` reads of a gate. */
export interface GateState {
  readonly mode: GateMode;
  /** Number of entries. */
  readonly size: number;
  /** Leaf hash of the last. */
  readonly last: string | undefined;
  /** Milliseconds since the epoch: the time of the last. */
  readonly time: number;
  /** Leaf hash of the gate's latest drift, while it is contained. */
  readonly drift: string | undefined;
  readonly runs: ReadonlyMap<string, RunRecord>;
  /** Runs that were revoked, for ever. */
  readonly revoked: ReadonlySet<string>;
  /** Leaf hashes of hand-overs that were accepted: each once. */
  readonly accepted: ReadonlySet<string>;
  readonly domains: ReadonlyMap<string, DomainRecord>;
  readonly policy: { readonly policy: string; readonly baseline: string | null } | undefined;
  readonly trips: readonly TripRecord[];
  /** How much of a link's counter is used up. */
  used(link: string, counter: string): number;
}

interface Counter {
  readonly total: number;
  /** Milliseconds since the epoch: nobody counts after that. */
  readonly expires: number;
}

/** The fold. `apply` throws `IllegalTransition` on what no gate could have written. */
export class GateFold implements GateState {
  mode: GateMode = "open";
  size = 0;
  last: string | undefined;
  time = 0;
  drift: string | undefined;
  policy: { readonly policy: string; readonly baseline: string | null } | undefined;
  trips: readonly TripRecord[] = [];
  readonly runs = new Map<string, RunRecord>();
  readonly revoked = new Set<string>();
  readonly accepted = new Set<string>();
  readonly domains = new Map<string, DomainRecord>();
  readonly #counters = new Map<string, Counter>();

  used(link: string, counter: string): number {
    return this.#counters.get(`${link} ${counter}`)?.total ?? 0;
  }

  /** Takes the next entry of the log in. */
  apply(entry: Entry, leaf: string): void {
    const time = millisecondsOf(entry.time);
    if (time < this.time) throw new IllegalTransition("time", `${this.time}`, `${time}`);
    if (this.size === 0 && entry.kind !== "start") {
      throw new IllegalTransition("a log", "its beginning", entry.kind);
    }
    this.#take(entry, leaf, time);
    this.time = time;
    this.last = leaf;
    this.size += 1;
  }

  #take(entry: Entry, leaf: string, time: number): void {
    switch (entry.kind) {
      case "start":
        return this.#keepMode(entry.state);
      case "trust":
        return this.#record(entry.domain).apply(entry);
      case "policy":
        this.policy = { policy: entry.policy, baseline: entry.baseline };
        this.trips = entry.trips.map((trip) => TripRecord.of(trip, this.trips));
        return;
      case "state":
        return this.#forget(time);
      case "drift":
      case "transition":
      case "resume":
      case "heartbeat":
        if (entry.run !== null) break;
        if (entry.kind === "heartbeat") return this.#keepMode(entry.state as GateMode);
        if (entry.kind === "resume" && entry.drift !== this.drift) {
          throw new IllegalTransition(
            "a gate",
            `drift ${this.drift}`,
            `an answer to ${entry.drift}`,
          );
        }
        return this.#changeMode(entry.state as GateMode, entry.kind === "drift" ? leaf : undefined);
    }
    this.#run(entry as RunEntry, leaf, time);
  }

  #keepMode(mode: GateMode): void {
    if (mode !== this.mode) throw new IllegalTransition("a gate", this.mode, mode);
  }

  #changeMode(mode: GateMode, drift: string | undefined): void {
    // A gate that is contained may find more wrong: what must be answered is the latest.
    if (!(mode === "contained" && this.mode === "contained")) requireGateStep(this.mode, mode);
    this.mode = mode;
    this.drift = mode === "contained" ? (drift ?? this.drift) : undefined;
  }

  #record(domain: string): DomainRecord {
    let record = this.domains.get(domain);
    if (!record) {
      record = new DomainRecord();
      this.domains.set(domain, record);
    }
    return record;
  }

  #run(entry: RunEntry, leaf: string, time: number): void {
    const { run: id } = entry;
    const before = this.runs.get(id);
    if (!before && (this.revoked.has(id) || !BEGINNINGS.has(entry.kind))) {
      throw new IllegalTransition("a run", "nothing", entry.kind);
    }
    const old = before ?? NEW_RUN;
    if (entry.kind === "resume" && entry.drift !== old.drift) {
      throw new IllegalTransition("a run", `drift ${old.drift}`, `an answer to ${entry.drift}`);
    }
    const state = entry.kind === "accept" && !before ? "baseline" : nextRunState(old.state, entry);
    const next = { ...old, state };
    switch (entry.kind) {
      case "accept":
        this.accepted.add(entry.parent.leaf);
        break;
      case "admission":
        next.authorization = entry.authorization;
        next.command = entry.command;
        next.admission = this.size;
        break;
      case "measurement":
        next.level = entry.isolation.level;
        break;
      case "decision":
        if (entry.number !== old.decisions) {
          throw new IllegalTransition(
            "a run",
            `${old.decisions} decisions`,
            `number ${entry.number}`,
          );
        }
        next.decisions += 1;
        if (entry.outcome === "deny") this.#count("denials", entry.command, time);
        break;
      case "intent":
        next.since = time;
        for (const charge of entry.charges) this.#charge(charge);
        this.#count("uses", old.command, time);
        break;
      case "drift":
        next.drift = leaf;
        this.#count("drifts", old.command, time);
        break;
    }
    if (isTerminal(state)) this.runs.delete(id);
    else this.runs.set(id, next);
    if (state === "revoked") this.revoked.add(id);
  }

  #charge({ link, counter, amount, expires }: EntryCharge): void {
    const key = `${link} ${counter}`;
    const total = (this.#counters.get(key)?.total ?? 0) + amount;
    if (!Number.isSafeInteger(total)) throw new IllegalTransition("a counter", "its total", "more");
    this.#counters.set(key, { total, expires: millisecondsOf(expires) });
  }

  #count(of: string, command: string | null | undefined, time: number): void {
    for (const record of this.trips) {
      if (record.trip.of !== of) continue;
      // What could not be read is counted everywhere: nobody knows what it was for.
      if (command && !coversCommand(record.trip.command, command)) continue;
      record.count(time);
    }
  }

  /** What no decision can read any more: counters of links that are over. */
  #forget(time: number): void {
    for (const [key, { expires }] of this.#counters) {
      if (expires <= time) this.#counters.delete(key);
    }
  }

  /** The whole state, for a `state` entry. */
  toJson(): Json {
    const sorted = <Value>(map: Iterable<readonly [string, Value]>, as: (value: Value) => Json) =>
      Object.fromEntries(
        [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, value]) => [k, as(value)]),
      );
    return {
      mode: this.mode,
      size: this.size,
      last: this.last ?? null,
      time: this.time,
      drift: this.drift ?? null,
      policy: this.policy ?? null,
      trips: this.trips.map((record) => record.toJson()),
      domains: sorted(this.domains, (record) => record.toJson()),
      counters: sorted(this.#counters, ({ total, expires }) => ({ total, expires })),
      revoked: [...this.revoked].sort(),
      accepted: [...this.accepted].sort(),
      runs: sorted(this.runs, (run) => ({
        state: run.state,
        decisions: run.decisions,
        authorization: run.authorization ?? null,
        command: run.command ?? null,
        since: run.since ?? null,
        drift: run.drift ?? null,
        level: run.level ?? null,
        admission: run.admission ?? null,
      })),
    };
  }
}

/** Entries that a run can begin with: before them it is in the baseline that its gate has. */
const BEGINNINGS: ReadonlySet<Entry["kind"]> = new Set(["accept", "admission", "decision"]);

const NEW_RUN: RunRecord = Object.freeze({
  state: "baseline",
  authorization: undefined,
  command: undefined,
  since: undefined,
  decisions: 0,
  drift: undefined,
  level: undefined,
  admission: undefined,
});
