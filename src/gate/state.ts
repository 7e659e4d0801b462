/**
 * What a gate's log comes to: a fold over its entries and nothing else, so that whoever replays the
 * log finds the gate as it was after each of them.
 */
import type { Json } from "../bytes/canonical.js";
import type { Entry, EntryBody } from "../lineage/entry.js";
import type { GateMode } from "../lineage/entry/common.js";
import type { GateLimits } from "../lineage/entry/gate.js";
import type { EntryCharge } from "../lineage/entry/run.js";
import { coversCommand } from "../trust/command.js";
import { millisecondsOf } from "../trust/schema.js";
import type { RunEntry } from "./lifecycle.js";
import { IllegalTransition, nextGateMode } from "./lifecycle.js";
import { DomainRecord } from "./state/domain-record.js";
import type { RunRecord } from "./state/run-record.js";
import { nextRecord } from "./state/run-record.js";
import { TripRecord } from "./state/trip-record.js";

export type { RunRecord } from "./state/run-record.js";

/** What `decide` reads of a gate. */
export interface GateState {
  readonly mode: GateMode;
  /** Of the newest start. */
  readonly started: Started | undefined;
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

/** What a start says of its gate. */
export interface Started {
  /** Ed25519 public key, in hexadecimal. */
  readonly key: string;
  /** SHA-256 of the kernel, in hexadecimal. */
  readonly kernel: string;
  readonly limits: GateLimits;
}

interface Counter {
  readonly total: number;
  /** Milliseconds since the epoch: nobody counts after that. */
  readonly expires: number;
}

/** The fold. `apply` throws `IllegalTransition` on what no gate could have written. */
export class GateFold implements GateState {
  mode: GateMode = "open";
  started: Started | undefined;
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
  /** By link, then by counter: a key made of both would have to be hashed at each decision. */
  readonly #counters = new Map<string, Map<string, Counter>>();

  used(link: string, counter: string): number {
    return this.#counters.get(link)?.get(counter)?.total ?? 0;
  }

  /** Takes a counter over from what is kept of a state. */
  restoreCounter(link: string, counter: string, value: Counter): void {
    const counters = this.#counters.get(link) ?? new Map<string, Counter>();
    this.#counters.set(link, counters.set(counter, value));
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
      case "start": {
        requireMode(this.mode, entry.state);
        const { gate, kernel, limits } = entry;
        this.started = { key: gate.key, kernel, limits };
        return;
      }
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
        if (entry.kind === "heartbeat") return requireMode(this.mode, entry.state);
        this.mode = nextMode(this, entry);
        if (entry.kind === "drift") this.drift = leaf;
        if (this.mode !== "contained") this.drift = undefined;
        return;
    }
    this.#run(entry as RunEntry, leaf, time);
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
    const old = this.runs.get(id);
    this.#requireNew(entry, this.accepted);
    const { size: index, mode } = this;
    const { state, record } = nextRecord(old, entry, { index, leaf, time, mode });
    switch (entry.kind) {
      case "accept":
        this.accepted.add(entry.parent.leaf);
        break;
      case "decision":
        if (entry.outcome === "deny") this.#count("denials", entry.command, time);
        break;
      case "intent":
        for (const charge of entry.charges) this.#charge(charge);
        this.#count("uses", old?.command, time);
        break;
      case "drift":
        this.#count("drifts", old?.command, time);
        break;
    }
    if (record) this.runs.set(id, record);
    else this.runs.delete(id);
    if (state === "revoked") this.revoked.add(id);
  }

  #requireNew(entry: RunEntry, accepted: ReadonlySet<string>): void {
    if (this.revoked.has(entry.run)) throw new IllegalTransition("a run", "revoked", entry.kind);
    if (entry.kind === "accept" && accepted.has(entry.parent.leaf)) {
      throw new IllegalTransition("a hand-over", "accepted", "accepted");
    }
  }

  /** Throws `IllegalTransition` where these entries, which have no place yet, could not come next. */
  check(bodies: readonly EntryBody[]): void {
    const gate = { mode: this.mode, drift: this.drift };
    const runs = new Map<string, RunRecord | undefined>();
    for (const entry of bodies) {
      if (entry.kind === "start") requireMode(gate.mode, entry.state);
      if (!("run" in entry)) continue;
      if (entry.run === null) {
        if (entry.kind === "heartbeat") requireMode(gate.mode, entry.state);
        else gate.mode = nextMode(gate, entry);
        continue;
      }
      const about = entry as RunEntry;
      this.#requireNew(about, this.accepted);
      const old = runs.has(entry.run) ? runs.get(entry.run) : this.runs.get(entry.run);
      const place = { index: this.size, leaf: "", time: this.time, mode: gate.mode };
      runs.set(entry.run, nextRecord(old, about, place).record);
    }
  }

  #charge({ link, counter, amount, expires }: EntryCharge): void {
    const total = this.used(link, counter) + amount;
    if (!Number.isSafeInteger(total)) throw new IllegalTransition("a counter", "its total", "more");
    let counters = this.#counters.get(link);
    if (!counters) this.#counters.set(link, (counters = new Map()));
    counters.set(counter, { total, expires: millisecondsOf(expires) });
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
    for (const [link, counters] of this.#counters) {
      for (const [counter, { expires }] of counters) {
        if (expires <= time) counters.delete(counter);
      }
      if (counters.size === 0) this.#counters.delete(link);
    }
  }

  *#namedCounters(): Generator<readonly [string, Counter]> {
    for (const [link, counters] of this.#counters) {
      for (const [counter, value] of counters) yield [`${link} ${counter}`, value];
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
      started: this.started ? { ...this.started, limits: { ...this.started.limits } } : null,
      size: this.size,
      last: this.last ?? null,
      time: this.time,
      drift: this.drift ?? null,
      policy: this.policy ?? null,
      trips: this.trips.map((record) => record.toJson()),
      domains: sorted(this.domains, (record) => record.toJson()),
      counters: sorted(this.#namedCounters(), ({ total, expires }) => ({ total, expires })),
      revoked: [...this.revoked].sort(),
      accepted: [...this.accepted].sort(),
      runs: sorted(this.runs, (run) => ({
        state: run.state,
        decisions: run.decisions,
        authorization: run.authorization ?? null,
        command: run.command ?? null,
        since: run.since ?? null,
        allowed: run.allowed ?? null,
        drift: run.drift ?? null,
        level: run.level ?? null,
        admission: run.admission ?? null,
      })),
    };
  }
}

/** The gate after an entry about it. */
function nextMode(
  { mode, drift }: { readonly mode: GateMode; readonly drift: string | undefined },
  entry: Extract<EntryBody, { readonly run: string | null }>,
): GateMode {
  if (entry.kind === "resume" && entry.drift !== drift) {
    throw new IllegalTransition("a gate", `drift ${drift}`, `an answer to ${entry.drift}`);
  }
  return nextGateMode(mode, entry);
}

function requireMode(mode: GateMode, found: string): void {
  if (found !== mode) throw new IllegalTransition("a gate", mode, found);
}
