/**
 * A monitor's look at a gate: at its signed log, and at nothing that it says of itself. A gate that is
 * there writes heartbeats; one that was silenced, or whose log is no longer published, does not.
 */
import { formatRfc3339 } from "../bytes/rfc3339.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { parseEntry, timeOf } from "./entry.js";
import type { GateMode } from "./entry/common.js";
import { readLog } from "./reader.js";

export interface Watch {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds that the newest signed entry may be old: several heartbeats. */
  readonly most: number;
  /** Milliseconds that the gate's clock may run ahead. */
  readonly skew: number;
}

export interface Alive {
  /** Entries under the signed checkpoint. */
  readonly size: number;
  /** Milliseconds since the newest of them. */
  readonly age: number;
  /** How the gate stands, as its last word on that has it. */
  readonly mode: GateMode;
}

/**
 * How old a gate's newest signed entry is.
 *
 * - MISSING: there is no signed entry
 * - STALE: the newest is older than `most`: the gate, or its publication, was silenced
 * - CLOCK: it is further ahead than `skew`
 * - LOG and others: the log is not what a gate with this key has written
 */
export async function checkAlive(
  kernel: Kernel,
  log: Reader,
  key: VerifierKey,
  { now, most, skew }: Watch,
): Promise<Result<Alive>> {
  if (![now, most, skew].every((each) => Number.isFinite(each))) {
    throw new TypeError("`now`, `most` and `skew` are milliseconds");
  }
  let mode: GateMode = "open";
  const stored = await readLog(kernel, log, key, ({ entry }) => {
    if ("run" in entry && entry.run === null) mode = entry.state as GateMode;
  });
  if (!stored.ok) return stored;
  // What the write-ahead holds beyond the checkpoint is not signed.
  const { covered } = stored.value;
  const bytes = covered === 0 ? undefined : await stored.value.read(covered - 1);
  if (!bytes) return failure("MISSING", `an entry that ${key.name} has signed`, "none");
  const last = parseEntry(bytes);
  if (!last.ok) return last;
  const newest = timeOf(last.value);
  const age = now - newest;
  const found = `the newest at ${formatRfc3339(newest, "ms")}`;
  if (age > most) return failure("STALE", `an entry of the last ${most} ms`, found);
  if (age < -skew) return failure("CLOCK", `an entry at most ${skew} ms ahead`, found);
  return ok({ size: covered, age, mode });
}
