/** A log made ready for a bundle: what the manifest says of it, and its lines. */
import { domainOfAudience } from "../authorization/demands.js";
import { encodeBase64 } from "../bytes/base64.js";
import { concatBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import { readPublication } from "../domain/published.js";
import { readKeptState } from "../gate/state/kept-state.js";
import { witnessesOf } from "../gate/witness.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Entry } from "../lineage/entry.js";
import { parseEntry, timeOf } from "../lineage/entry.js";
import { readKept, readTrustState } from "../lineage/kept.js";
import { readFolder } from "../storage/folder.js";
import type { Reader } from "../storage/storage.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { TILE_WIDTH } from "../tlog/tile.js";
import { TreeReader } from "../tlog/tree-reader.js";
import type { VerifierKey } from "../tlog/vkey.js";
import { parseTrustEntry } from "../trust/entry.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Selected, Selection } from "./gate-selection.js";
import { selectEntries, storedEntries, UnreadableLog } from "./gate-selection.js";
import type { Gathered } from "./gather.js";
import { bundleCheckpoint, chooseCheckpoints, storedCheckpoints } from "./log-checkpoints.js";
import type { BundledLog } from "./manifest.js";
import type { Opened } from "./opened.js";
import { formatOpened } from "./opened.js";

/** A gate's log, with what is kept beside it. */
export interface ProvenGate {
  readonly log: Reader;
  readonly selection: Selection;
  /** What opens the arguments of a run; undefined where nothing was kept. */
  readonly opened: (run: string) => Promise<Opened | undefined>;
}

interface GateReading {
  /** Leaves the arguments of runs out. */
  readonly redact: boolean;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const NEWLINE = Uint8Array.of(0x0a);

/** A log as the bundle will hold it. */
export interface Prepared {
  readonly named: BundledLog;
  readonly lines: () => AsyncGenerator<Uint8Array>;
}

/** The log of what a domain has published, whole, with its roots and its newest state. */
export async function prepareDomain(
  kernel: Kernel,
  gathered: Gathered,
  folder: Reader,
): Promise<Result<Prepared>> {
  const published = await readPublication(kernel, folder);
  if (!published.ok) return published;
  const { roots, state } = published.value;
  for (const { bytes } of roots) gathered.addRoot(bytes);
  const log = readFolder(folder, "log");
  const timeIn = (bytes: Uint8Array): number | undefined => {
    const entry = parseTrustEntry(bytes);
    return entry.ok ? millisecondsOf(entry.value.time) : undefined;
  };
  const own = witnessesOf(kernel, state);
  const prepared = await prepareLog(kernel, gathered, log, {
    kind: "domain",
    own: own.ok ? own.value : [],
    select: async (size) => ok({ from: 0, to: size, runs: null }),
    look: async (_, bytes) => ({ time: timeIn(bytes), behind: undefined }),
  });
  // One that nobody has seen published yet is left out: it says nothing that could be checked.
  const index = state.metadata.timestamp.signed.log?.index;
  const isSeen = prepared.ok && index !== undefined && index < (prepared.value?.named.count ?? 0);
  if (isSeen) gathered.addState(state);
  return prepared as Result<Prepared>;
}

/** What is selected of a gate's log; undefined where nothing of it is. */
export async function prepareGate(
  kernel: Kernel,
  gathered: Gathered,
  { log, selection, opened }: ProvenGate,
  { redact, onProgress }: GateReading,
): Promise<Result<Prepared | undefined>> {
  return await prepareLog(kernel, gathered, log, {
    kind: "gate",
    own: await ownWitnesses(kernel, log),
    select: (size) => selectEntries(log, size, selection),
    look: async (at, bytes) => {
      const parsed = parseEntry(bytes);
      if (!parsed.ok) throw new UnreadableLog(parsed);
      const entry = parsed.value;
      // What other runs rest on is nobody's who asked for these.
      const run = entry.kind === "admission" || entry.kind === "accept" ? entry.run : undefined;
      const isAbout = run === undefined || (at.about?.has(run) ?? true);
      const wrong =
        (isAbout ? await gathered.addNamed(log, entry, at.isFirst) : undefined) ??
        (at.isFirst && entry.kind === "state"
          ? await addStatesOf(kernel, gathered, log, entry.digest)
          : undefined);
      if (wrong) throw new UnreadableLog(wrong);
      onProgress?.(at.index, at.to);
      return {
        time: timeOf(entry),
        behind: isAbout ? await behindOf(entry, opened, redact) : undefined,
      };
    },
  });
}

/** The witnesses that the gate's domain names, by the newest state of it that the log speaks of. */
async function ownWitnesses(kernel: Kernel, log: Reader): Promise<readonly VerifierKey[]> {
  const stored = await storedCheckpoints(log, []);
  const newest = stored.ok ? stored.value.at(-1) : undefined;
  const signed = newest && parseCheckpoint(newest.bytes);
  if (!newest || !signed?.ok) return [];
  const domain = domainOfAudience(signed.value.checkpoint.origin);
  for (let to = newest.size; to > 0;) {
    const from = Math.floor((to - 1) / TILE_WIDTH) * TILE_WIDTH;
    const entries: Entry[] = [];
    for await (const { bytes } of storedEntries(log, newest.size, from, to)) {
      const entry = parseEntry(bytes);
      if (entry.ok) entries.push(entry.value);
    }
    const named = entries.findLast(
      (entry) => entry.kind === "trust" && entry.domain === domain && entry.trust !== null,
    );
    if (named?.kind === "trust" && named.trust) {
      const state = await readTrustState(kernel, log, named.trust.digest);
      const keys = state.ok ? witnessesOf(kernel, state.value) : state;
      return keys.ok ? keys.value : [];
    }
    to = from;
  }
  return [];
}

/** The trust states that a gate knew at the state that a bundle begins with. */
async function addStatesOf(
  kernel: Kernel,
  gathered: Gathered,
  log: Reader,
  digest: string,
): Promise<Failure | undefined> {
  const bytes = await readKept(kernel, log, digest);
  const fold = bytes.ok ? readKeptState(bytes.value) : bytes;
  if (!fold.ok) return fold;
  for (const { trust } of fold.value.domains.values()) {
    const wrong = trust ? await gathered.addKeptState(log, trust.digest) : undefined;
    if (wrong) return wrong;
  }
  return undefined;
}

/** What stands behind an admission: what opens the digests in it. */
async function behindOf(
  entry: Entry,
  opened: ProvenGate["opened"],
  redact: boolean,
): Promise<Uint8Array | undefined> {
  if (entry.kind !== "admission") return undefined;
  const digests = entry.arguments;
  // Without arguments there is nothing to withhold.
  if (redact && digests.length > 0) return undefined;
  const kept = await opened(entry.run);
  if (!kept) return undefined;
  const openings = digests.flatMap(
    ({ name }) => kept.openings.find((each) => each.name === name) ?? [],
  );
  return formatOpened({ openings, salt: kept.salt });
}

/** How a kind of log is looked through. */
interface Looking {
  readonly kind: BundledLog["kind"];
  /** The witnesses of the log's own domain. */
  readonly own: readonly VerifierKey[];
  readonly select: (size: number) => Promise<Result<Selected | undefined>>;
  /** The time that an entry states, and the lines that stand behind it. */
  readonly look: (
    at: {
      readonly index: number;
      readonly to: number;
      readonly isFirst: boolean;
      readonly about: ReadonlySet<string> | null;
    },
    bytes: Uint8Array,
  ) => Promise<{ readonly time: number | undefined; readonly behind: Uint8Array | undefined }>;
}

async function prepareLog(
  kernel: Kernel,
  gathered: Gathered,
  log: Reader,
  { kind, own, select, look }: Looking,
): Promise<Result<Prepared | undefined>> {
  const stored = await storedCheckpoints(log, own);
  if (!stored.ok) return stored;
  const largest = stored.value.findLast(({ times }) => times.length > 0) ?? stored.value.at(-1);
  const size = largest?.size ?? 0;
  if (size === 0) return failure("MISSING", "entries that a checkpoint covers", "none");
  const selected = await select(size);
  if (!selected.ok || !selected.value) return selected as Result<undefined>;
  const { from, to, runs } = selected.value;
  const about = runs && new Set(runs);
  const sizes = new Set(stored.value.map((each) => each.size));
  const timeAt = new Map<number, number>();
  const hasher = kernel.hasher("sha256");
  const behindAt = new Map<number, Uint8Array>();
  let lines = 0;
  let last: Uint8Array = new Uint8Array();
  for await (const { index, bytes } of storedEntries(log, size, from, to)) {
    if (bytes.includes(0x0a)) return failure("MALFORMED", `entry ${index} on one line`, "several");
    const { time, behind } = await look({ index, to, isFirst: index === from, about }, bytes);
    if (time !== undefined && sizes.has(index)) timeAt.set(index, time);
    if (behind && behind.length > 0) {
      hasher.update(behind);
      lines += behind.filter((byte) => byte === 0x0a).length;
      behindAt.set(index, behind);
    }
    last = bytes;
  }
  const chosen = chooseCheckpoints(stored.value, from, to, timeAt);
  const checkpoints = [];
  const place = { from, to, largest: chosen.at(-1)?.size ?? size };
  for (const each of chosen) {
    const sha256 = gathered.add(each.bytes);
    const named = await bundleCheckpoint(kernel, log, { size: each.size, sha256 }, place);
    if (!named.ok) return named;
    checkpoints.push(named.value);
  }
  const before = await new TreeReader(kernel, log, BigInt(size), "c2sp").subtrees(BigInt(from));
  if (!before.ok) return before;
  const signed = parseCheckpoint(largest?.bytes as Uint8Array);
  if (!signed.ok) return signed;
  const named: BundledLog = {
    kind,
    origin: signed.value.checkpoint.origin,
    from,
    count: to - from,
    last: encodeHex(kernel.leafHash(last)),
    before: before.value.map(encodeBase64),
    checkpoints,
    runs,
    opened: kind === "domain" ? null : { count: lines, sha256: encodeHex(hasher.digest()) },
  };
  return ok({
    named,
    async *lines() {
      let pieces: Uint8Array[] = [];
      for await (const { index, bytes } of storedEntries(log, size, from, to)) {
        pieces.push(
          bytes,
          NEWLINE,
          ...(behindAt.has(index) ? [behindAt.get(index) as Uint8Array] : []),
        );
        if (pieces.length < 512) continue;
        yield concatBytes(...pieces);
        pieces = [];
      }
      yield concatBytes(...pieces);
    },
  });
}
