/** Hand-overs and accepts of the logs of one bundle, held against each other. */
import type { Entry } from "../lineage/entry.js";
import type { EntryName } from "../lineage/entry/common.js";
import { placeOf } from "../lineage/graph.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";

interface Given extends EntryName {
  readonly receiver: string;
}

interface Taken extends EntryName {
  readonly parent: EntryName;
}

export class Crossings {
  readonly #given: Given[] = [];
  readonly #taken: Taken[] = [];
  /** The origin of the gate with a key, as its log says. */
  readonly #gates = new Map<string, string>();
  /** The entries of a log that are here: from the first up to and without the second. */
  readonly #ranges = new Map<string, readonly [number, number]>();

  covers(origin: string, from: number, to: number): void {
    this.#ranges.set(origin, [from, to]);
  }

  gate(key: string, origin: string): void {
    this.#gates.set(key, origin);
  }

  add(at: EntryName, entry: Entry): void {
    if (entry.kind === "start") this.gate(entry.gate.key, at.origin);
    if (entry.kind === "handover") this.#given.push({ ...at, receiver: entry.receiver });
    if (entry.kind === "accept") this.#taken.push({ ...at, parent: entry.parent });
  }

  /** One answer for each crossing of which both logs are here: ONE_SIDED where one side says nothing. */
  *sides(): Generator<Failure | undefined> {
    const given = new Map(this.#given.map((each) => [placeOf(each), each]));
    const taken = new Set(this.#taken.map(({ parent }) => `${placeOf(parent)} ${parent.leaf}`));
    for (const { parent, origin } of this.#taken) {
      const range = this.#ranges.get(parent.origin);
      if (!range || parent.index < range[0] || parent.index >= range[1]) continue;
      const found = given.get(placeOf(parent));
      const holds = found?.leaf === parent.leaf && this.#gates.get(found.receiver) === origin;
      // The log is here, and at that place it says something else.
      const expected = `a hand-over to ${origin} as ${placeOf(parent)}`;
      yield holds ? undefined : failure("ORPHAN", expected, found?.leaf ?? "another entry");
    }
    for (const each of this.#given) {
      const receiver = this.#gates.get(each.receiver);
      if (receiver === undefined) continue;
      const there = taken.has(`${placeOf(each)} ${each.leaf}`);
      const expected = `an accept of ${placeOf(each)} in the log of ${receiver}`;
      yield there ? undefined : failure("ONE_SIDED", expected, "none");
    }
  }
}
