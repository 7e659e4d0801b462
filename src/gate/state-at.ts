/** A gate's state at any index of its log, for whoever reads it afterwards. */
import type { Entry } from "../lineage/entry.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { IllegalTransition } from "./lifecycle.js";
import type { GateState } from "./state.js";
import { GateFold } from "./state.js";

/** An entry of a log, in its order. */
export interface StatedEntry {
  readonly entry: Entry;
  /** Leaf hash, in hexadecimal. */
  readonly leaf: string;
}

/**
 * The state after the first `size` entries, in time and memory that grow with them and with what is
 * open at a time. LOG where no gate could have written them; MISSING where there are fewer.
 */
export async function stateAt(
  entries: AsyncIterable<StatedEntry> | Iterable<StatedEntry>,
  size: number,
): Promise<Result<GateState>> {
  const fold = new GateFold();
  if (size === 0) return ok(fold);
  for await (const { entry, leaf } of entries) {
    const illegal = replayEntry(fold, entry, leaf);
    if (illegal) return illegal;
    if (fold.size === size) return ok(fold);
  }
  return failure("MISSING", `${size} entries`, `${fold.size}`);
}

/** Takes the next entry in, or says why no gate could have written it there. */
export function replayEntry(fold: GateFold, entry: Entry, leaf: string): Failure | undefined {
  const index = fold.size;
  try {
    fold.apply(entry, leaf);
    return undefined;
  } catch (error) {
    if (!(error instanceof IllegalTransition)) throw error;
    return failure("LOG", "a log that a gate has written", `entry ${index}: ${error.message}`);
  }
}
