import type { EntryName } from "../../lineage/entry/common.js";
import type { PlacedEntry, TracedRun } from "../../lineage/graph.js";
import { placeOf } from "../../lineage/graph.js";
import type { Trace } from "../../lineage/trace.js";
import { trace as traceRuns } from "../../lineage/trace.js";
import type { Command, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { formatCount } from "../domain/counts.js";
import { loadKernel } from "../kernel.js";
import { bold, describe, dim, formatOutcome, red } from "../print.js";
import { printable } from "../printable.js";
import { findEntry, readSources, SOURCE_HELP, SOURCE_OPTIONS } from "./lineage-source.js";

export const trace: Command = {
  name: "trace",
  usage: "trace ID SOURCE... [--pin FILE...]",
  summary: "Follow what caused a run, and what it caused, across the logs of all gates.",
  help: `  ID                        a run, an authorization by its SHA-256, a leaf hash, or ORIGIN#INDEX
${SOURCE_HELP}
  --json                    one JSON object: command, outcome, code, runs, up, down: origin, run, state,
                            principal, command, entries; effects: origin, index, leaf; links: cause,
                            effect; gaps: code, expected, found, from, to
Exit code: 0 every link leads somewhere, 2 a gap is left, there is no such ID, or misused.`,
  options: SOURCE_OPTIONS,
  run: async (args) => {
    const [id, ...paths] = args.positionals;
    if (id === undefined) throw new UsageError("expected ID SOURCE..., found nothing");
    const kernel = await loadKernel();
    const sources = await readSources(kernel, args, paths);
    const name = id.includes("#") ? findEntry(sources, id) : id;
    const found = traceRuns(sources.lineage, name);
    if (!found.ok)
      throw new UsageError(`${describe(found)}: is it a run, an authorization, a leaf hash?`);
    return shown(found.value);
  },
};

function shown(found: Trace): Ending {
  const { runs, up, down, effects, links, gaps } = found;
  const outcome = gaps.length === 0 ? "DONE" : "INCOMPLETE";
  const json = {
    code: gaps[0]?.code ?? null,
    runs: runs.map(jsonOfRun),
    up: up.map(jsonOfRun),
    down: down.map(jsonOfRun),
    effects: effects.map(nameOf),
    links: links.map(({ cause, effect }) => ({ cause: nameOf(cause), effect: nameOf(effect) })),
    gaps: gaps.map(({ code, expected, found: there, from, to }) => ({
      code,
      expected,
      found: there,
      from: nameOf(from),
      to: to ? nameOf(to) : null,
    })),
  };
  const part = (title: string, list: readonly TracedRun[]): string[] =>
    list.length === 0 ? [] : [bold(title), ...list.flatMap((run) => linesOf(run, links))];
  const lines = [
    ...part("what caused it", [...up].reverse()),
    ...part(runs.length === 1 ? "the run" : "the runs", runs),
    ...part("what it caused", down),
    dim(`${formatCount(effects.length, "effect")} began`),
    ...gaps.map((gap) => `${red("gap")} at ${placeOf(gap.from)}: ${describe(gap)}`),
    formatOutcome(outcome),
  ];
  return { outcome, json, text: `${lines.join("\n")}\n` };
}

function linesOf(run: TracedRun, links: Trace["links"]): string[] {
  const { principal, command } = aboutRun(run);
  const causes = links.filter(({ effect }) => run.entries.some((each) => each === effect));
  return [
    `  ${printable(run.origin)}  ${run.run}  ${run.state}  ${printable(command ?? "?")} for ${printable(principal ?? "?")}`,
    ...causes.map(({ cause, effect }) =>
      dim(`    ${placeOf(effect)} ${effect.entry.kind}, of ${placeOf(cause)} ${cause.entry.kind}`),
    ),
  ];
}

function aboutRun({ entries }: TracedRun): { principal: string | null; command: string | null } {
  for (const { entry } of entries) {
    if (entry.kind === "admission")
      return { principal: entry.principal.id, command: entry.command };
  }
  return { principal: null, command: null };
}

function jsonOfRun(run: TracedRun) {
  const { origin, state, entries } = run;
  return { origin, run: run.run, state, ...aboutRun(run), entries: entries.length };
}

function nameOf({ origin, index, leaf }: EntryName | PlacedEntry): EntryName {
  return { origin, index, leaf };
}
