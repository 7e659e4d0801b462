/** Entries of gates for people's questions: from bundles, from logs in folders, or from both. */
import { stat } from "node:fs/promises";
import { domainOfAudience } from "../../authorization/demands.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { EntryName } from "../../lineage/entry/common.js";
import type { PlacedEntry } from "../../lineage/graph.js";
import { Lineage } from "../../lineage/graph.js";
import type { WhyLog } from "../../lineage/why.js";
import type { BundleEvidence } from "../../proof/bundle-evidence.js";
import { openEvidence } from "../../proof/bundle-evidence.js";
import { FileStorage } from "../../storage/files.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { readGateLog } from "../gate/log-reading.js";
import { streamInput } from "../input.js";
import { describe } from "../print.js";
import type { Followed } from "../trust/store.js";
import { openFollowed, requireStore } from "../trust/store.js";
import { readDemand } from "./verify-bundle.js";

export const SOURCE_OPTIONS = {
  pin: { type: "string", multiple: true },
  trust: { type: "string" },
  now: { type: "string" },
  skew: { type: "string" },
} as const;

export const SOURCE_HELP = `  SOURCE                    a proof bundle, from "writ prove", or a gate's log, a folder; several may be given
  --pin FILE                of bundles: root metadata of a domain that you trust; once for each
  --trust STORE             of logs: a trust store, whose pinned roots and witnesses count
  --now TIME                of bundles, as in "writ verify"; and --skew DURATION`;

/** What the sources come to. */
export interface LineageSources {
  readonly lineage: Lineage;
  readonly bundles: readonly BundleEvidence[];
  readonly followed: readonly Followed[];
  readonly log: (origin: string) => WhyLog | undefined;
}

/** Reads and verifies them; what is refuted is no evidence, and ends this. */
export async function readSources(
  kernel: Kernel,
  args: Arguments,
  paths: readonly string[],
): Promise<LineageSources> {
  if (paths.length === 0) throw new UsageError("name a proof bundle or a gate's log");
  const bundles: BundleEvidence[] = [];
  const folders = new Map<string, WhyLog>();
  const entries: PlacedEntry[] = [];
  for (const path of paths) {
    if ((await stat(path).catch(() => undefined))?.isDirectory()) {
      const read = await readGateLog(kernel, path, undefined);
      if (!read.ok)
        throw new UsageError(`${path} is not a log as a gate left it: ${describe(read)}`);
      const { origin } = read.value;
      entries.push(...read.value.entries);
      folders.set(origin, { storage: new FileStorage(path), domain: domainOfAudience(origin) });
    } else {
      const bundle = await readBundle(kernel, args, path);
      entries.push(...bundle.entries);
      bundles.push(bundle);
    }
  }
  const store = args.text("trust");
  return {
    lineage: lineageOf(entries),
    bundles,
    followed: store === undefined ? [] : await openFollowed(kernel, await requireStore(store)),
    log: (origin) =>
      folders.get(origin) ??
      bundles.map((bundle) => bundle.log(origin)).find((each) => each !== undefined),
  };
}

async function readBundle(kernel: Kernel, args: Arguments, path: string): Promise<BundleEvidence> {
  const demand = await readDemand(kernel, args);
  const opened = await openEvidence(kernel, () => streamInput(path), demand);
  if (!opened.ok) throw new UsageError(`${path} is no bundle: ${describe(opened)}`);
  const { report } = opened.value;
  if (report.outcome !== "REFUTED") return opened.value;
  const failed = report.checks.find(({ outcome }) => outcome === "failed");
  const why = failed ? `${failed.name}: ${failed.expected}, found ${failed.found}` : report.code;
  throw new UsageError(`${path} is REFUTED, and so evidence of nothing: ${why}`);
}

function lineageOf(entries: readonly PlacedEntry[]): Lineage {
  try {
    return new Lineage(entries);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`these do not belong to one history: ${why}`);
  }
}

/** The entry of `ORIGIN#INDEX`, of an index where there is one log, or of a leaf hash. */
export function findEntry({ lineage }: LineageSources, text: string): EntryName {
  const logs = [...new Set([...lineage.runs()].map(({ origin }) => origin))];
  const [, origin, digits] = /^(?:(.+)#)?([0-9]{1,15})$/.exec(text) ?? [];
  if (digits !== undefined && (origin !== undefined || logs.length === 1)) {
    const named = lineage.at({ origin: origin ?? (logs[0] as string), index: Number(digits) });
    if (named) return named;
  } else if (/^[0-9a-f]{64}$/.test(text)) {
    const [named] = lineage.withLeaf(text);
    if (named) return named;
  } else if (digits !== undefined) {
    throw new UsageError(`${text} of which log? Say ORIGIN#${digits}: ${logs.join(", ")}`);
  }
  throw new UsageError(`there is no entry ${text}: it is ORIGIN#INDEX, or a leaf hash`);
}
