/** What a bundle holds, as its verification shows it: entries by place, runs, and what caused them. */
import { decodeBase64 } from "../../bytes/base64.js";
import { decodeHex } from "../../bytes/hex.js";
import type { Entry } from "../../lineage/entry.js";
import { parseEntry } from "../../lineage/entry.js";
import type { EntryName, RunState } from "../../lineage/entry/common.js";
import type { Admission } from "../../lineage/entry/run.js";
import { causesIn, runOf } from "../../lineage/graph.js";
import type { ShownEntry } from "../../proof/demand.js";
import type { BundledLog, Manifest } from "../../proof/manifest.js";
import type { Opened } from "../../proof/opened.js";

export interface IndexedLog {
  readonly origin: string;
  readonly from: number;
  readonly bytes: Uint8Array[];
  /** In hexadecimal. */
  readonly leaves: string[];
  /** The same as bytes, 32 each, once they are asked for. */
  packed?: Uint8Array;
}

export interface IndexedRun {
  readonly origin: string;
  readonly run: string;
  /** Of its entries, in their order. */
  readonly indices: number[];
  readonly begin: string;
  /** The time of its last entry. */
  last: string;
  state: RunState;
  admission: Admission | undefined;
  opened: Opened | undefined;
  readonly causes: EntryName[];
}

/** No origin holds a space. */
export function keyOf({ origin, run }: Pick<IndexedRun, "origin" | "run">): string {
  return `${origin} ${run}`;
}

export class BundleIndex {
  readonly logs = new Map<string, IndexedLog>();
  readonly runs = new Map<string, IndexedRun>();
  #effects: Map<string, Set<string>> | undefined;
  #manifest: Manifest | undefined;

  /** What is shown, in the order of the logs. */
  add({ origin, index, leaf, bytes, entry, opened }: ShownEntry): void {
    let log = this.logs.get(origin);
    if (!log) this.logs.set(origin, (log = { origin, from: index, bytes: [], leaves: [] }));
    log.bytes.push(bytes);
    log.leaves.push(leaf);
    const run = entry && runOf(entry);
    if (!entry || run === undefined) return;
    const key = keyOf({ origin, run });
    let known = this.runs.get(key);
    if (!known) this.runs.set(key, (known = newRun(origin, run, entry.time)));
    known.indices.push(index);
    known.last = entry.time;
    known.state = (entry as { readonly state: RunState }).state;
    known.causes.push(...causesIn(entry));
    if (entry.kind === "admission") {
      known.admission ??= entry;
      known.opened ??= opened;
    }
  }

  /** What the bundle says it holds, once it is verified. */
  complete(manifest: Manifest): void {
    this.#manifest = manifest;
  }

  named(origin: string): BundledLog | undefined {
    return this.#manifest?.logs.find((log) => log.origin === origin);
  }

  /** Whether the bundle is about this run, and does not hold it for the log's sake alone. */
  isAbout({ origin, run }: IndexedRun): boolean {
    return this.named(origin)?.runs?.includes(run) ?? true;
  }

  bytesAt(origin: string, index: number): Uint8Array | undefined {
    const log = this.logs.get(origin);
    return log?.bytes[index - log.from];
  }

  leafAt(origin: string, index: number): string | undefined {
    const log = this.logs.get(origin);
    return log?.leaves[index - log.from];
  }

  /** Of a gate's log. */
  entryAt(origin: string, index: number): Entry | undefined {
    const bytes = this.bytesAt(origin, index);
    const entry = bytes && parseEntry(bytes);
    return entry?.ok ? entry.value : undefined;
  }

  entriesOf(run: IndexedRun): readonly (readonly [number, Entry])[] {
    return run.indices.flatMap((index) => {
      const entry = this.entryAt(run.origin, index);
      return entry ? [[index, entry] as const] : [];
    });
  }

  /** The keys of runs that this one names as its cause; places where nothing is here. */
  causesOf(run: IndexedRun): readonly string[] {
    return [...new Set(run.causes.map((cause) => this.#keyAt(cause)))];
  }

  /** The keys of runs that name this one. */
  effectsOf(key: string): readonly string[] {
    this.#effects ??= this.#reversed();
    return [...(this.#effects.get(key) ?? [])];
  }

  #reversed(): Map<string, Set<string>> {
    const effects = new Map<string, Set<string>>();
    for (const [key, run] of this.runs) {
      for (const cause of this.causesOf(run)) {
        const known = effects.get(cause);
        if (known) known.add(key);
        else effects.set(cause, new Set([key]));
      }
    }
    return effects;
  }

  #keyAt({ origin, index, leaf }: EntryName): string {
    const entry = this.leafAt(origin, index) === leaf ? this.entryAt(origin, index) : undefined;
    const run = entry && runOf(entry);
    return run === undefined ? `${origin}#${index}` : keyOf({ origin, run });
  }

  /** For proofs: the leaf hashes from the first that is here, and what stands for those before. */
  treeOf(origin: string): TreePart | undefined {
    const [log, named] = [this.logs.get(origin), this.named(origin)];
    if (!log || !named || named.from !== log.from) return undefined;
    return {
      from: log.from,
      before: named.before.map((each) => decodeBase64(each) as Uint8Array),
      leaves: (log.packed ??= pack(log.leaves)),
    };
  }
}

/** The part of a tree that a bundle holds. */
export interface TreePart {
  readonly from: number;
  /** Roots of the complete subtrees over the entries before, the largest first. */
  readonly before: readonly Uint8Array[];
  /** Leaf hashes, 32 bytes each, one behind the other. */
  readonly leaves: Uint8Array;
}

function pack(leaves: readonly string[]): Uint8Array {
  const packed = new Uint8Array(32 * leaves.length);
  for (const [i, leaf] of leaves.entries()) packed.set(decodeHex(leaf) as Uint8Array, 32 * i);
  return packed;
}

function newRun(origin: string, run: string, begin: string): IndexedRun {
  return {
    origin,
    run,
    indices: [],
    begin,
    last: begin,
    state: "baseline",
    admission: undefined,
    opened: undefined,
    causes: [],
  };
}
