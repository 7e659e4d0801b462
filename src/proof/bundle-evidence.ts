/** A proof bundle as the evidence of why an entry is what it is, and of what caused what. */
import { domainOfAudience } from "../authorization/demands.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { PlacedEntry } from "../lineage/graph.js";
import type { WhyLog } from "../lineage/why.js";
import type { Reader } from "../storage/storage.js";
import type { UnverifiedCheckpoint } from "../tlog/checkpoint.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { BundleDemand } from "./demand.js";
import { quorumIn } from "./demand.js";
import type { BundleSource } from "./line-reader.js";
import type { OpenBundle } from "./read-bundle.js";
import { MAX_BUNDLE_BYTES, openBundle } from "./read-bundle.js";
import type { BundleReport } from "./report.js";
import { followAll, readPins, Trusted } from "./trusted.js";
import { verifyBundle } from "./verify-bundle.js";
import { foreignWitnesses, LogWitnesses } from "./witnessed.js";

export interface BundleEvidence {
  readonly report: BundleReport;
  /** The entries of gates, as far as they verify. */
  readonly entries: readonly PlacedEntry[];
  readonly log: (origin: string) => WhyLog | undefined;
  readonly roots: (domain: string) => readonly Uint8Array[];
  /** Those who are pinned, and are not of the gate's own domain. */
  readonly witnesses: (origin: string) => readonly VerifierKey[];
}

/**
 * Verifies a bundle, and gives what it holds. `source` gives its bytes from the beginning each time. A
 * bundle that is REFUTED is evidence of nothing: then there are no entries.
 */
export async function openEvidence(
  kernel: Kernel,
  source: () => BundleSource,
  demand: BundleDemand,
): Promise<Result<BundleEvidence>> {
  const entries: PlacedEntry[] = [];
  const report = await verifyBundle(kernel, source(), {
    ...demand,
    onEntry: (shown) => {
      const { origin, index, leaf, entry } = shown;
      if (entry) entries.push({ origin, index, leaf, entry });
      demand.onEntry?.(shown);
    },
  });
  const opened = await openBundle(kernel, source(), demand.limit ?? MAX_BUNDLE_BYTES);
  if (!opened.ok) return opened;
  if (opened.value.id !== report.id) {
    return failure("DIGEST", `the bundle ${report.id}, read again`, opened.value.id);
  }
  const trusted = new Trusted(kernel, opened.value.files, await readPins(kernel, demand.roots));
  const unheard = (): void => {};
  await followAll(trusted, opened.value.manifest, unheard, unheard);
  return ok({
    report,
    entries: report.outcome === "REFUTED" ? [] : entries,
    log: (origin) => logOf(kernel, opened.value, trusted, demand, origin),
    roots: (domain) => trusted.rootsOf(domain),
    witnesses: (origin) => foreignWitnesses(kernel, trusted, domainOfAudience(origin)),
  });
}

function logOf(
  kernel: Kernel,
  { manifest, files }: OpenBundle,
  trusted: Trusted,
  demand: BundleDemand,
  origin: string,
): WhyLog | undefined {
  const log = manifest.logs.find((each) => each.kind === "gate" && each.origin === origin);
  if (!log) return undefined;
  const states = new Map(manifest.trust.map((state) => [state.digest, state]));
  const storage: Reader = {
    async read(path) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      if (!path.startsWith("kept/trust/")) return files.get(name);
      const state = states.get(name);
      if (!state) return undefined;
      const { domain, root, timestamp } = state;
      return encodeUtf8(formatCanonical({ domain, root, timestamp, files: [] } satisfies Json));
    },
    list: async () => [],
  };
  const witnesses = new LogWitnesses(kernel, trusted, log, quorumIn(demand));
  return {
    storage,
    domain: domainOfAudience(origin),
    // That the entries lead to these checkpoints, the verification has found.
    covering: async ({ index }: EntryName, key: string): Promise<Result<UnverifiedCheckpoint>> => {
      const checked = log.checkpoints.flatMap((named) => {
        const checkpoint = named.size > index ? witnesses.check(named) : undefined;
        return checkpoint?.ok ? [checkpoint.value] : [];
      });
      const found = checked.find(({ time }) => time !== undefined) ?? checked[0];
      if (found) return ok(found.signed);
      return failure("MISSING", `a checkpoint by ${key} that covers entry ${index}`, "none");
    },
  };
}
