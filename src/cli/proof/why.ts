import { domainOfAudience } from "../../authorization/demands.js";
import { why as explain } from "../../lineage/why.js";
import type { Command } from "../command.js";
import { UsageError } from "../command.js";
import { rootsOf, whyEnding, witnessKeys } from "../gate/why-entry.js";
import { loadKernel } from "../kernel.js";
import { describe } from "../print.js";
import { verifiersOf } from "../vkeys.js";
import { findEntry, readSources, SOURCE_HELP, SOURCE_OPTIONS } from "./lineage-source.js";

export const why: Command = {
  name: "why",
  usage: "why ENTRY SOURCE... [--pin FILE... | --trust STORE]",
  summary: "Lead from an entry to the root keys that people trust, and to those who saw it.",
  help: `  ENTRY                     ORIGIN#INDEX, an index where there is one log, or a leaf hash
${SOURCE_HELP}
  --json                    one JSON object: command, outcome, code, origin, index, leaf, steps: what,
                            detail, code, expected, found
Exit code: 0 the path is complete, 2 a step is missing, which is named, or misused.`,
  options: SOURCE_OPTIONS,
  run: async (args) => {
    const [entry, ...paths] = args.positionals;
    if (entry === undefined) throw new UsageError("expected ENTRY SOURCE..., found nothing");
    const kernel = await loadKernel();
    const sources = await readSources(kernel, args, paths);
    const name = findEntry(sources, entry);
    const { lineage, log, bundles, followed } = sources;
    const ofStore = witnessKeys(kernel, followed, domainOfAudience(name.origin));
    const witnesses = [...bundles.flatMap((each) => each.witnesses(name.origin)), ...ofStore];
    const found = await explain(
      kernel,
      {
        lineage,
        log,
        roots: (domain) => [
          ...bundles.flatMap((each) => each.roots(domain)),
          ...rootsOf(followed, domain),
        ],
        witnesses,
        verifiers: await verifiersOf(witnesses),
      },
      name,
    );
    if (!found.ok) throw new Error(describe(found));
    return whyEnding(name, found.value, args.has("pin") || args.has("trust"));
  },
};
