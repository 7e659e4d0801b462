/**
 * Entries that only go on with a run, told before they are taken apart: where the bytes are those that
 * the gate must have written, they say what the decision made again says.
 */
import type { Permission } from "../authorization/check.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { AllowAgain } from "../lineage/again.js";
import { formatAgain, inspectAgain } from "../lineage/again.js";
import type { Moment } from "./run-inputs.js";
import { foretell } from "./decisions.js";
import type { OpenRun } from "./open-run.js";

export interface Foretold {
  readonly entry: AllowAgain;
  readonly permission: Permission;
}

/** `prev`: leaf hash of the entry before. Undefined for all other bytes. */
export function foretellBytes(
  kernel: Kernel,
  bytes: Uint8Array,
  prev: string,
  runs: ReadonlyMap<string, OpenRun>,
  moment: Moment,
): Foretold | undefined {
  const text = decodeUtf8(bytes);
  const named = text === undefined ? undefined : inspectAgain(text);
  const replayed = named && runs.get(named.run)?.replayed;
  const record = named && moment.state.runs.get(named.run);
  if (!replayed?.ok || !record) return undefined;
  const said = { ...named, prev, number: record.decisions, state: record.state };
  const foretold = foretell(kernel, replayed.value, said, moment);
  return foretold && formatAgain(foretold.entry) === text ? foretold : undefined;
}
