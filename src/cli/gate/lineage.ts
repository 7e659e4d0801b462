import { CODES } from "../../verdict.js";
import type { Failure } from "../../verdict.js";
import type { Entry } from "../../lineage/entry.js";
import { runOf } from "../../lineage/graph.js";
import type { PlacedEntry } from "../../lineage/graph.js";
import { decodeUtf8 } from "../../bytes/utf8.js";
import type { Arguments, Command, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { parseDecimal } from "../../bytes/decimal.js";
import { formatCount } from "../domain/counts.js";
import { dim, formatFailure, formatOutcome } from "../print.js";
import { formatEntryLine } from "./entry-text.js";
import type { GateLogFile } from "./log-reading.js";
import { readGateLog } from "./log-reading.js";
import { whyEntry } from "./why-entry.js";

export const lineage: Command = {
  name: "lineage",
  usage: "lineage DIR [--vkey KEY] [--run ID | --why INDEX [--trust STORE]]",
  summary: "Show a gate's log, verified: a line an entry, or why one entry is what it is.",
  help: `  DIR                       the gate's log, from --log of "writ run"; the gate may be at work
  --vkey KEY                the gate's verifier key. Without it the log itself says whose it is
  --run ID                  only this run: the beginning of its id, of at least 4 digits; with the leaf
                            hashes of drifts, which "writ resume" asks for
  --why INDEX               the path from this entry to the keys that people trust, a line a step
  --trust STORE             of --why: a trust store, whose pinned roots are trusted, and the witnesses
                            that its domains other than the gate's own name
  --json                    one JSON object: command, outcome, code, origin, size, covered, torn,
                            checkpoint, and entries: index, leaf, entry. With --why: index, leaf, steps:
                            what, detail, code, expected, found
Every entry is checked: its form, that it follows the one before, the tree, the checkpoint's signature.
That the log is the newest, and that what it says is true, is not. Exit code: 0 it verifies, and with
--why no step is missing; 1 it does not; 2 misused, or a step is missing.`,
  options: {
    vkey: { type: "string" },
    run: { type: "string" },
    why: { type: "string" },
    trust: { type: "string" },
  },
  run: async (args) => {
    const [folder] = args.exactly("DIR") as [string];
    const [run, why, trust] = [runOption(args), indexOption(args), args.text("trust")];
    if (run !== undefined && why !== undefined) {
      throw new UsageError("--run and --why do not go together");
    }
    if (trust !== undefined && why === undefined) throw new UsageError("--trust goes with --why");
    const kernel = await loadKernel();
    const read = await readGateLog(kernel, folder, args.text("vkey"));
    if (!read.ok) return refuted(folder, read);
    if (why !== undefined) return await whyEntry(kernel, folder, read.value, why, trust);
    return shown(read.value, run);
  },
};

function runOption(args: Arguments): string | undefined {
  const run = args.text("run")?.toLowerCase();
  if (run === undefined || /^[0-9a-f]{4,32}$/.test(run)) return run;
  throw new UsageError(`--run is 4 to 32 hexadecimal digits, not "${args.text("run")}"`);
}

function indexOption(args: Arguments): number | undefined {
  const text = args.text("why");
  if (text === undefined) return undefined;
  const index = parseDecimal(text);
  if (index !== undefined && index <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(index);
  throw new UsageError(`--why is an entry's index, such as 0 or 512, not "${text}"`);
}

function refuted(folder: string, failure: Failure): Ending {
  const { code, expected, found } = failure;
  const lines = [
    `${formatOutcome("REFUTED")}  ${code}: ${CODES[code]}`,
    ...formatFailure(failure).map((line) => `  ${line}`),
    dim(`  ${folder} is not a log as a gate left it`),
  ];
  return { outcome: "REFUTED", json: { code, expected, found }, text: `${lines.join("\n")}\n` };
}

function shown({ origin, log, entries }: GateLogFile, run: string | undefined): Ending {
  const chosen = run === undefined ? entries : ofRun(entries, run);
  const { size, covered, torn, checkpoint } = log;
  const json = {
    code: null,
    origin,
    size,
    covered,
    torn,
    checkpoint: checkpoint === undefined ? null : (decodeUtf8(checkpoint) ?? null),
    entries: chosen.map(({ index, leaf, entry }) => ({ index, leaf, entry })),
  };
  const columns = process.stdout.columns ?? Number.POSITIVE_INFINITY;
  const lines = [
    `${origin}: ${formatCount(size, "entry", "entries")}`,
    ...(run === undefined ? [] : [`run ${runOf(chosen[0]?.entry as Entry)}`]),
    ...linesOf(chosen, columns, run !== undefined),
    ...tailLines(log),
  ];
  return { outcome: "DONE", json, text: `${lines.join("\n")}\n` };
}

function ofRun(entries: readonly PlacedEntry[], start: string): PlacedEntry[] {
  const chosen = entries.filter(({ entry }) => runOf(entry)?.startsWith(start));
  const ids = new Set(chosen.map(({ entry }) => runOf(entry)));
  if (ids.size === 1) return chosen;
  const found = ids.size === 0 ? "there is none" : `there are ${ids.size}`;
  throw new UsageError(`--run ${start}: ${found} whose id begins so`);
}

/** The days are lines of their own: then the times are short. */
function linesOf(entries: readonly PlacedEntry[], columns: number, leaves: boolean): string[] {
  let day = "";
  return entries.flatMap(({ entry, index, leaf }) => {
    const own = entry.time.slice(0, 10);
    const head = own === day ? [] : [dim(`${own} (UTC)`)];
    day = own;
    const named = leaves || runOf(entry) === undefined;
    const drift = entry.kind === "drift" && named ? [dim(`        drift ${leaf}`)] : [];
    return [...head, formatEntryLine(entry, index, columns), ...drift];
  });
}

function tailLines({ size, covered, torn }: GateLogFile["log"]): string[] {
  const tail = size - covered;
  return [
    tail === 0
      ? dim("all of them are under a checkpoint of this key")
      : `the last ${tail} are in the write-ahead alone, under no checkpoint yet`,
    ...(torn > 0 ? [`${torn} bytes at the end are of a write that was cut, or is under way`] : []),
  ];
}
