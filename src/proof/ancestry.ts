/** The runs that caused a run of the same gate, as its log told so far. */
import type { EntryName } from "../lineage/entry/common.js";
import { isSame, placeOf } from "../lineage/graph.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

interface Cause {
  readonly leaf: string;
  readonly run: string;
  /** Of the same log; undefined where the run began with a hand-over, which ends the way back. */
  readonly parents: readonly EntryName[] | undefined;
}

/** Runs that one may go back to, in all: as a gate has it. */
const MOST = 256;

export class Ancestry {
  readonly #causes = new Map<number, Cause>();

  constructor(
    readonly origin: string,
    /** Index of the first entry that is known. */
    readonly from: number,
  ) {}

  /** A first decision that allowed, or an accept: others may name it as what caused them. */
  add(index: number, leaf: string, run: string, parents: readonly EntryName[] | undefined): void {
    const own = parents?.filter(({ origin }) => origin === this.origin);
    this.#causes.set(index, { leaf, run, parents: own });
  }

  /**
   * In the order in which a gate finds them. ORPHAN, also for one of another log that is not the
   * hand-over which was accepted; MISSING where the way leads before `from`.
   */
  of(parents: readonly EntryName[], accepted?: EntryName): Result<readonly string[]> {
    const runs = new Set<string>();
    const strange = parents.find(
      (each) => each.origin !== this.origin && !(accepted && isSame(each, accepted)),
    );
    if (strange) return failure("ORPHAN", "a hand-over that was accepted", placeOf(strange));
    const open = parents.filter(({ origin }) => origin === this.origin);
    for (let name = open.pop(); name; name = open.pop()) {
      const cause = this.#find(name);
      if (!cause.ok) return cause;
      const { run, parents: above } = cause.value;
      if (runs.has(run)) continue;
      runs.add(run);
      if (runs.size > MOST) return failure("ORPHAN", `at most ${MOST} runs to go back to`, "more");
      open.push(...(above ?? []));
    }
    return ok([...runs]);
  }

  #find({ index, leaf }: EntryName): Result<Cause> {
    const found = this.#causes.get(index);
    if (found?.leaf === leaf) return ok(found);
    const expected = `a decision that allowed, or an accept, as entry ${index} with leaf hash ${leaf}`;
    if (index < this.from) return missing(expected, this.from);
    return failure("ORPHAN", expected, found?.leaf ?? "none");
  }
}

function missing(expected: string, from: number): Failure {
  return failure("MISSING", expected, `entries from ${from} on`);
}
