/**
 * What caused a run, as far as this gate's own log tells: a parent is a decision that allowed, or the
 * accept of a hand-over, and its run's own parents are followed to the first.
 */
import type { Entry } from "../lineage/entry.js";
import { parseEntry } from "../lineage/entry.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { Kernel } from "../kernel/kernel.js";
import { encodeHex } from "../bytes/hex.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";

/** The entries of a log by index. */
export interface EntryReader {
  read(index: number): Promise<Uint8Array | undefined>;
}

/** Runs that one may go back to, in all: more is no lineage that anybody follows. */
const MOST = 256;

/** The runs that a run with these parents comes from, or ORPHAN. */
export async function findAncestors(
  kernel: Kernel,
  log: EntryReader,
  origin: string,
  parents: readonly EntryName[],
): Promise<Result<readonly string[]>> {
  const runs = new Set<string>();
  const open = [...parents];
  for (let name = open.pop(); name; name = open.pop()) {
    if (name.origin !== origin) {
      return orphan("a parent in this gate's log, or a hand-over that was accepted", name.origin);
    }
    const entry = await readEntry(kernel, log, name);
    if (!entry.ok) return entry;
    const { kind } = entry.value;
    if (kind !== "accept" && !(kind === "decision" && entry.value.outcome === "allow")) {
      const found = kind === "decision" ? `one that denied: ${entry.value.code}` : kind;
      return orphan("a parent that is a decision which allowed, or an accept", found);
    }
    const { run } = entry.value;
    if (runs.has(run)) continue;
    runs.add(run);
    if (runs.size > MOST) return orphan(`at most ${MOST} runs to go back to`, "more");
    if (kind === "accept") continue;
    const above = await admissionOf(log, name.index, entry.value);
    if (!above.ok) return above;
    open.push(...above.value.filter((each) => each.origin === origin));
  }
  return ok([...runs]);
}

async function readEntry(
  kernel: Kernel,
  log: EntryReader,
  { index, leaf }: EntryName,
): Promise<Result<Entry>> {
  const bytes = await log.read(index);
  if (!bytes) return orphan(`an entry ${index} in this gate's log`, "none");
  const found = encodeHex(kernel.leafHash(bytes));
  if (found !== leaf) return orphan(`an entry ${index} with leaf hash ${leaf}`, found);
  return parseEntry(bytes);
}

/** Parents of the run: its admission stands two before its first decision, in one write. */
async function admissionOf(
  log: EntryReader,
  index: number,
  decision: Entry & { readonly kind: "decision" },
): Promise<Result<readonly EntryName[]>> {
  const bytes = decision.number === 0 ? await log.read(index - 2) : undefined;
  const entry = bytes && parseEntry(bytes);
  if (entry?.ok && entry.value.kind === "admission" && entry.value.run === decision.run) {
    return ok(entry.value.parents);
  }
  return orphan("the first decision of a run", `number ${decision.number}`);
}

function orphan(expected: string, found: string): Failure {
  return failure("ORPHAN", expected, found);
}
