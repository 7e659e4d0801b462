/** Entries of several logs as one graph: of runs, and of what caused them. */
import type { Entry } from "./entry.js";
import type { EntryName, RunState } from "./entry/common.js";

/** An entry with its place. Whether it is there in truth is for who gives it. */
export interface PlacedEntry extends EntryName {
  readonly entry: Entry;
}

/** The entries about one run, in their order. */
export interface TracedRun {
  readonly origin: string;
  readonly run: string;
  readonly entries: readonly PlacedEntry[];
  /** Where it stood after the last of them. */
  readonly state: RunState;
}

/** Entries by name, by run and by what they name. An entry that is given twice is there once. */
export class Lineage {
  readonly #byPlace = new Map<string, PlacedEntry>();
  readonly #runs = new Map<string, PlacedEntry[]>();
  readonly #logs = new Map<string, PlacedEntry[]>();
  readonly #byLeaf = new Map<string, PlacedEntry[]>();
  /** Entries that name one as their cause, by its place. */
  readonly #naming = new Map<string, PlacedEntry[]>();
  readonly #origins = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  /** Throws a TypeError where two entries have one place: that is no one history. */
  constructor(entries: Iterable<PlacedEntry>) {
    for (const placed of entries) this.#add(placed);
    for (const list of [...this.#runs.values(), ...this.#logs.values()]) {
      list.sort((a, b) => a.index - b.index);
    }
  }

  /** The entry at a place, whatever its leaf hash. */
  at({ origin, index }: Pick<EntryName, "origin" | "index">): PlacedEntry | undefined {
    return this.#byPlace.get(placeOf({ origin, index }));
  }

  /** The entries of a log that are here, in their order. */
  log(origin: string): readonly PlacedEntry[] {
    return this.#logs.get(origin) ?? [];
  }

  /** Entries with this leaf hash. */
  withLeaf(leaf: string): readonly PlacedEntry[] {
    return this.#byLeaf.get(leaf) ?? [];
  }

  /** Entries whose cause this one is: admissions and accepts. */
  naming(name: EntryName): readonly PlacedEntry[] {
    const all = this.#naming.get(placeOf(name)) ?? [];
    return all.filter(({ entry }) => causesIn(entry).some((cause) => isSame(cause, name)));
  }

  run(origin: string, run: string): TracedRun | undefined {
    const entries = this.#runs.get(`${origin} ${run}`);
    const last = entries?.at(-1)?.entry;
    if (!entries || !last || !("state" in last)) return undefined;
    return { origin, run, entries, state: last.state as RunState };
  }

  *runs(): IterableIterator<TracedRun> {
    for (const [first] of this.#runs.values()) {
      const run = first && this.run(first.origin, runOf(first.entry) as string);
      if (run) yield run;
    }
  }

  /** Whether a place lies among the entries of its log that are here. */
  covers({ origin, index }: Pick<EntryName, "origin" | "index">): boolean {
    const log = this.log(origin);
    const [first, last] = [log[0], log.at(-1)];
    return first !== undefined && last !== undefined && index >= first.index && index <= last.index;
  }

  /** The origin of the gate with this key, as its own log says. */
  originOf(key: string): string | undefined {
    return this.#origins.get(key);
  }

  /** The key of the gate, as its own log says. */
  keyOf(origin: string): string | undefined {
    return this.#keys.get(origin);
  }

  #add(placed: PlacedEntry): void {
    const { origin, leaf, entry } = placed;
    const place = placeOf(placed);
    const known = this.#byPlace.get(place);
    if (known && known.leaf !== leaf) throw new TypeError(`two entries at ${place}`);
    if (known) return;
    this.#byPlace.set(place, placed);
    push(this.#logs, origin, placed);
    push(this.#byLeaf, leaf, placed);
    const run = runOf(entry);
    if (run !== undefined) push(this.#runs, `${origin} ${run}`, placed);
    for (const cause of causesIn(entry)) push(this.#naming, placeOf(cause), placed);
    if (entry.kind === "start") {
      this.#origins.set(entry.gate.key, origin);
      this.#keys.set(origin, entry.gate.key);
    }
  }
}

/** The run that an entry is about. */
export function runOf(entry: Entry): string | undefined {
  return "run" in entry && entry.run !== null ? entry.run : undefined;
}

/** What an entry names as its cause. */
export function causesIn(entry: Entry): readonly EntryName[] {
  if (entry.kind === "admission") return entry.parents;
  return entry.kind === "accept" ? [entry.parent] : [];
}

export function isSame(one: EntryName, other: EntryName): boolean {
  return one.origin === other.origin && one.index === other.index && one.leaf === other.leaf;
}

/** For people, and as a key: `gate.example/one#7`; no origin holds a space. */
export function placeOf({ origin, index }: Pick<EntryName, "origin" | "index">): string {
  return `${origin}#${index}`;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
