/** Handing a run on to another gate, and taking one over. */
import { encodeHex } from "../bytes/hex.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { Accept } from "../lineage/entry/crossing.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { GateCore } from "./core.js";
import type { GovernedRun } from "./governed-run.js";

/** The entries that a packet proves: the decision that allowed, and the hand-over. */
export interface HandedOver {
  readonly decision: EntryName;
  readonly handover: EntryName;
}

/** Writes the hand-over. It is a packet once a checkpoint covers it that enough have cosigned. */
export async function handOver(
  core: GateCore,
  run: GovernedRun,
  receiver: string,
): Promise<Result<HandedOver>> {
  if (run.broken || run.over || !run.decision) {
    return failure("CONTAINED", "a run that is executing", run.broken?.code ?? "one that is over");
  }
  const nonce = encodeHex(core.options.random(32));
  const written = core.write([
    { kind: "handover", run: run.id, state: "executing", receiver, nonce },
  ]);
  if (!written.ok) return written;
  const [placed] = written.value.entries;
  if (!(await written.value.durable) || !placed) {
    return core.failure ?? failure("LOG", "a durable entry", "none");
  }
  const { origin } = core;
  return ok({
    decision: { origin, ...run.decision },
    handover: { origin, index: placed.index, leaf: placed.leaf },
  });
}

/** The entry that takes a run over, or ORPHAN. */
export async function acceptPacket(
  _core: GateCore,
  _run: string,
  _packet: Uint8Array,
): Promise<Result<Accept>> {
  return failure("ORPHAN", "a packet", "none");
}
