/** `writ lineage --why`: from an entry to the keys that people trust, a line a step. */
import type { Kernel } from "../../kernel/kernel.js";
import { domainOfAudience } from "../../authorization/demands.js";
import { witnessesOf } from "../../gate/witness.js";
import { Lineage } from "../../lineage/graph.js";
import type { EntryName } from "../../lineage/entry/common.js";
import type { Why, WhyStep } from "../../lineage/why.js";
import { why } from "../../lineage/why.js";
import { FileStorage } from "../../storage/files.js";
import type { VerifierKey } from "../../tlog/vkey.js";
import type { Ending } from "../command.js";
import { UsageError } from "../command.js";
import { describe, dim, formatOutcome, green, red } from "../print.js";
import { printable } from "../printable.js";
import type { Followed } from "../trust/store.js";
import { openFollowed, requireStore } from "../trust/store.js";
import { verifiersOf } from "../vkeys.js";
import type { GateLogFile } from "./log-reading.js";

export async function whyEntry(
  kernel: Kernel,
  folder: string,
  { origin, entries }: GateLogFile,
  index: number,
  store: string | undefined,
): Promise<Ending> {
  const placed = entries[index];
  if (!placed) throw new UsageError(`--why ${index}: the log has ${entries.length} entries`);
  const followed = store === undefined ? [] : await openFollowed(kernel, await requireStore(store));
  const domain = domainOfAudience(origin);
  const witnesses = witnessKeys(kernel, followed, domain);
  const found = await why(
    kernel,
    {
      lineage: new Lineage(entries),
      log: (name) => (name === origin ? { storage: new FileStorage(folder), domain } : undefined),
      roots: (name) => rootsOf(followed, name),
      witnesses,
      verifiers: await verifiersOf(witnesses),
    },
    placed,
  );
  if (!found.ok) throw new Error(describe(found));
  return whyEnding(placed, found.value, store !== undefined);
}

/** `trusted`: whether somebody has said whom to trust. */
export function whyEnding(
  { origin, index, leaf }: EntryName,
  { steps, complete }: Why,
  trusted: boolean,
): Ending {
  const outcome = complete ? "DONE" : "INCOMPLETE";
  const json = {
    code: steps.find(({ gap }) => gap)?.gap?.code ?? null,
    origin,
    index,
    leaf,
    steps: steps.map(({ what, detail, gap }) => ({
      what,
      detail,
      code: gap?.code ?? null,
      expected: gap?.expected ?? null,
      found: gap?.found ?? null,
    })),
  };
  const advice =
    !trusted && !complete
      ? [dim("--trust STORE, or of bundles --pin FILE, says which roots and witnesses count")]
      : [];
  const lines = [...steps.flatMap(linesOf), ...advice, formatOutcome(outcome)];
  return { outcome, json, text: `${lines.join("\n")}\n` };
}

function linesOf({ what, detail, gap }: WhyStep): string[] {
  const head = `${gap ? red("gap") : green("ok ")}  ${what.padEnd(13)}  ${printable(detail)}`;
  return gap ? [head, `     ${describe(gap)}`] : [head];
}

/** The pinned root and all that followed from it. */
export function rootsOf(followed: readonly Followed[], domain: string): readonly Uint8Array[] {
  const found = followed.find((each) => each.domain === domain);
  return found?.stored.ok ? found.stored.value.memory.roots.map(({ bytes }) => bytes) : [];
}

/** Witnesses that other domains than the gate's own name: its own word proves nothing to others. */
export function witnessKeys(
  kernel: Kernel,
  followed: readonly Followed[],
  own: string,
): readonly VerifierKey[] {
  const named = (isOwn: boolean): VerifierKey[] =>
    followed.flatMap(({ domain, stored }) => {
      const state = stored.ok ? stored.value.view.state : undefined;
      if (!state || (domain === own) !== isOwn) return [];
      const keys = witnessesOf(kernel, state);
      return keys.ok ? keys.value : [];
    });
  const mine = new Set(named(true).map(({ keyId, name }) => `${name} ${keyId}`));
  return named(false).filter(({ keyId, name }) => !mine.has(`${name} ${keyId}`));
}
