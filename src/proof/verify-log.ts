/** Verifying one log of a bundle, entry after entry as they are read. */
import { decodeBase64 } from "../bytes/base64.js";
import { equalBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Frontier } from "../kernel/tree.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { BundledLog } from "./manifest.js";
import type { BundledEntry, OpenBundle } from "./read-bundle.js";
import type { WitnessedCheckpoint } from "./witnessed.js";

/** An entry with its leaf hash, in hexadecimal. */
export interface HashedEntry extends BundledEntry {
  readonly leaf: string;
}

/** The entries of a log from their first on, held against its checkpoints. */
export class LogTree {
  readonly #kernel: Kernel;
  readonly #log: BundledLog;
  readonly #checkpoints: readonly WitnessedCheckpoint[];
  readonly #bySize: ReadonlyMap<number, WitnessedCheckpoint>;
  readonly #frontier: Frontier;
  readonly #asked: Map<number, Uint8Array | undefined>;
  /** Sizes at which the root is looked at, the smallest first. */
  readonly #stops: readonly number[];
  /** How many of them are behind. */
  #passed = 0;

  /** `checkpoints`: by size. `asked`: sizes at which the root is wanted. */
  constructor(
    kernel: Kernel,
    log: BundledLog,
    checkpoints: readonly WitnessedCheckpoint[],
    asked: readonly number[],
  ) {
    this.#kernel = kernel;
    this.#log = log;
    this.#checkpoints = checkpoints;
    this.#bySize = new Map(checkpoints.map((each) => [each.size, each]));
    const before = log.before.map((each) => decodeBase64(each) as Uint8Array);
    this.#frontier = kernel.frontier(BigInt(log.from), before);
    this.#asked = new Map(asked.map((size) => [size, undefined]));
    const sizes = new Set([...checkpoints.map(({ size }) => size), ...asked]);
    this.#stops = [...sizes].filter((size) => size >= log.from).sort((a, b) => a - b);
  }

  /** Takes a run of entries: their leaf hashes, and what a checkpoint among them contradicts. */
  append(entries: readonly BundledEntry[]): {
    readonly hashed: readonly HashedEntry[];
    readonly failure: Failure | undefined;
  } {
    const leaves = this.#kernel.leafHashes(entries.map(({ bytes }) => bytes));
    const hashed = entries.map(({ index, bytes, opened }, i) => ({
      index,
      bytes,
      opened,
      leaf: encodeHex(leaves.subarray(32 * i, 32 * i + 32)),
    }));
    let at = Number(this.#frontier.size);
    let from = 0;
    let found = at === this.#log.from ? this.#look(at) : undefined;
    while (from < entries.length) {
      const stop = this.#stopAfter(at);
      const to = Math.min(entries.length, from + (stop - at));
      // The kernel reduces what it is given in place.
      this.#frontier.append(leaves.slice(32 * from, 32 * to));
      at += to - from;
      from = to;
      const wrong = this.#look(at);
      found ??= wrong;
    }
    return { hashed, failure: found };
  }

  /** Sizes only grow, so that none is passed twice. */
  #stopAfter(at: number): number {
    while ((this.#stops[this.#passed] ?? Number.POSITIVE_INFINITY) <= at) this.#passed += 1;
    return this.#stops[this.#passed] ?? Number.POSITIVE_INFINITY;
  }

  /** Whether the checkpoint of exactly so many entries, if there is one, has their root. */
  #look(size: number): Failure | undefined {
    const checkpoint = this.#bySize.get(size);
    if (!checkpoint && !this.#asked.has(size)) return undefined;
    const found = this.#frontier.root();
    this.#asked.set(size, found);
    if (!checkpoint) return undefined;
    const expected = checkpoint.signed.checkpoint.rootHash;
    if (equalBytes(found, expected)) return undefined;
    const what = `root ${encodeHex(expected)} of ${this.#log.origin} at size ${size}`;
    return failure("INCLUSION", what, encodeHex(found));
  }

  /** The checkpoints that lie outside the entries, by their proofs; after the last entry. */
  checkOutside(): Failure | undefined {
    const end = this.#log.from + this.#log.count;
    const largest = this.#checkpoints.at(-1);
    for (const checkpoint of this.#checkpoints) {
      const { size, named, signed } = checkpoint;
      const proof = named.proof.map((each) => decodeBase64(each) as Uint8Array);
      if (size >= this.#log.from && size <= end) {
        if (proof.length === 0) continue;
        return failure("NON_CANONICAL", `no proof for the checkpoint of size ${size}`, "one");
      }
      const { rootHash } = signed.checkpoint;
      const wrong =
        size > end
          ? this.#consistent(end, this.#frontier.root(), size, rootHash, proof)
          : largest &&
            this.#consistent(
              size,
              rootHash,
              largest.size,
              largest.signed.checkpoint.rootHash,
              proof,
            );
      if (wrong) return wrong;
    }
    return undefined;
  }

  #consistent(
    oldSize: number,
    oldRoot: Uint8Array,
    newSize: number,
    newRoot: Uint8Array,
    proof: readonly Uint8Array[],
  ): Failure | undefined {
    if (oldSize === 0) {
      if (proof.length > 0) return failure("CONSISTENCY", "no proof from the empty tree", "one");
      const empty = this.#kernel.treeRoot(new Uint8Array());
      return equalBytes(oldRoot, empty)
        ? undefined
        : failure("CONSISTENCY", "the root of the empty tree", encodeHex(oldRoot));
    }
    const claim = { oldSize: BigInt(oldSize), oldRoot, newSize: BigInt(newSize), newRoot, proof };
    const { status } = this.#kernel.checkConsistency(claim);
    if (status === "ok") return undefined;
    const expected = `${this.#log.origin} at size ${newSize} to continue size ${oldSize}`;
    // The newer root comes out exactly, and another older one: both were signed, and both cannot be.
    const code = status === "old-root" ? "EQUIVOCATION" : "CONSISTENCY";
    return failure(code, expected, `a proof that fails (${status})`);
  }

  /** The root of the first `size` entries, where it was asked for and could be told. */
  rootAt(size: number): Uint8Array | undefined {
    const signed = this.#bySize.get(size)?.signed;
    return signed?.checkpoint.rootHash ?? this.#asked.get(size);
  }
}

/** Reads the entries of a log through its tree; `take` gets them in order and may end it. */
export async function walkLog(
  bundle: OpenBundle,
  log: BundledLog,
  tree: LogTree,
  take: (entry: HashedEntry) => void,
  /** Shown the entries that are then taken one by one. */
  ahead: (entries: readonly HashedEntry[]) => void = () => {},
): Promise<Result<Failure | undefined>> {
  let wrong: Failure | undefined;
  let last = "";
  for await (const batch of bundle.entries(log)) {
    if (!batch.ok) return batch;
    const { hashed, failure: found } = tree.append(batch.value);
    wrong ??= found;
    ahead(hashed);
    for (const entry of hashed) take(entry);
    last = hashed.at(-1)?.leaf ?? last;
  }
  if (last !== log.last) {
    const expected = `entries of ${log.origin} that end in leaf hash ${log.last}`;
    return failure("DIGEST", expected, last);
  }
  return ok(wrong ?? tree.checkOutside());
}
