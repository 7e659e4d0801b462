/** Removing kept content that no entry names; what one names stays. */
import type { Storage } from "../storage/storage.js";
import type { Result } from "../verdict.js";
import { ok } from "../verdict.js";
import type { Entry } from "./entry.js";
import { keptPath, keptTrustPath, readTrustList } from "./kept.js";

/** What the entries of a log name, by digest. */
export class KeptNames {
  /** Chains, states, packets and evidence. */
  readonly contents = new Set<string>();
  /** Trust states. */
  readonly trust = new Set<string>();

  add(entry: Entry): this {
    const { contents, trust } = namedBy(entry);
    for (const digest of contents) this.contents.add(digest);
    for (const digest of trust) this.trust.add(digest);
    return this;
  }
}

/** What one entry names. */
export function namedBy(entry: Entry): {
  readonly contents: readonly string[];
  readonly trust: readonly string[];
} {
  switch (entry.kind) {
    case "admission":
      return { contents: [entry.chain], trust: [] };
    case "accept":
      return { contents: [entry.packet], trust: [] };
    case "state":
      return { contents: [entry.digest], trust: [] };
    case "drift":
      return { contents: entry.evidence === null ? [] : [entry.evidence], trust: [] };
    case "trust":
      return { contents: [], trust: entry.trust === null ? [] : [entry.trust.digest] };
    case "decision":
      return {
        contents: [],
        trust: entry.trust.flatMap(({ digest }) => (digest === null ? [] : [digest])),
      };
    default:
      return { contents: [], trust: [] };
  }
}

export interface Collected {
  /** Paths that were removed. */
  readonly removed: readonly string[];
  /** Digests that entries name and that are not there: of contents, of trust states and their files. */
  readonly gaps: readonly string[];
}

/**
 * Removes what `names` does not hold, and the files that only such trust states have. `names` must
 * hold all entries of the log, and nobody may write to it meanwhile: a gate keeps content before it
 * writes the entry. Where a list of files that is named cannot be read, nothing is removed.
 */
export async function collectKept(storage: Storage, names: KeptNames): Promise<Result<Collected>> {
  const wanted = new Set([...names.contents].map(keptPath));
  const gaps: string[] = [];
  for (const digest of names.trust) {
    const list = await readTrustList(storage, digest);
    if (list.ok) for (const file of list.value.files) wanted.add(keptPath(file));
    else if (list.code === "MISSING") gaps.push(digest);
    else return list;
    wanted.add(keptTrustPath(digest));
  }
  const removed: string[] = [];
  for (const folder of await storage.list("kept")) {
    for (const name of await storage.list(`kept/${folder}`)) {
      const path = `kept/${folder}/${name}`;
      if (wanted.delete(path) || !/^[0-9a-f]{64}$/.test(name)) continue;
      await storage.remove(path);
      removed.push(path);
    }
  }
  const missing = [...wanted].map((path) => path.slice(path.lastIndexOf("/") + 1));
  return ok({ removed: removed.sort(), gaps: [...new Set([...gaps, ...missing])].sort() });
}
