/** A report on a proof bundle for people. */
import type { BundleReport, GateReport, LogReport, RunReport } from "../../proof/report.js";
import { formatCount } from "../domain/counts.js";
import { dim, formatVerdict } from "../print.js";
import { printable } from "../printable.js";

/** Runs that are shown one by one; `--json` has more. */
const MOST_RUNS = 20;

export function formatReport(report: BundleReport): string {
  const { id, asOf, logs, gates, notChecked, checks, outcome, code } = report;
  const verdict = formatVerdict({ outcome, checks, ...(code === null ? {} : { code }) });
  const lines = [
    `bundle ${id ?? "without a manifest that can be read"}`,
    ...logs.map(formatLog),
    ...gates.flatMap(formatGate),
    "",
    verdict,
    ...(outcome === "PROVEN" ? [`as of ${asOf ?? "no time"}`] : []),
    "",
    dim("Not checked:"),
    ...notChecked.map((each) => dim(`  ${printable(each)}`)),
  ];
  return `${lines.join("\n")}\n`;
}

function formatLog({ kind, origin, from, to, size, asOf, witnesses }: LogReport): string {
  const seen =
    asOf === null
      ? "seen by nobody who counts"
      : `seen by ${witnesses.map(printable).join(", ")} at ${asOf}, when it had ${size}`;
  return `  ${kind} ${printable(origin)}: entries ${from} to ${to - 1}, ${seen}`;
}

function formatGate({ origin, decisions, runs, trust, reported }: GateReport): string[] {
  const { agreed, asserted, open, others } = decisions;
  return [
    "",
    `${printable(origin)}: ${formatCount(runs.runs, "run", "runs")}, ${runs.completed} completed, ${runs.denied} denied, ${runs.contained} contained, ${runs.revoked} revoked, ${runs.open} under way`,
    `  ${formatCount(agreed, "decision", "decisions")} made again, and the same${asserted === 0 ? "" : `; ${asserted} more denied on the gate's word`}${open === 0 ? "" : `; ${open} could not be made again`}${others === 0 ? "" : `; ${others} on runs that this is not about`}`,
    `  ${formatTrust(trust)}`,
    ...reported.slice(0, MOST_RUNS).map(formatRun),
    ...(reported.length > MOST_RUNS
      ? [dim(`  and ${reported.length - MOST_RUNS} more: --json`)]
      : []),
  ];
}

function formatTrust({ trusted, running, oldest, bound }: GateReport["trust"]): string {
  if (running === 0) return "no time that a run was seen to be trusted";
  const share = (100 * trusted) / running;
  return `trusted ${share.toFixed(share === 100 ? 0 : 2)} % of ${formatMs(running)} running; evidence up to ${formatMs(oldest)} old, relied on for ${formatMs(bound)} at most`;
}

function formatRun({ run, begin, end, state, principal, command, drifts }: RunReport): string {
  const what = `${printable(command ?? "?")} for ${printable(principal ?? "?")}`;
  const broken = drifts === 0 ? "" : `, ${formatCount(drifts, "drift", "drifts")}`;
  return `  ${run.slice(0, 8)}  ${begin} to ${end ?? "now".padEnd(24)}  ${state.padEnd(9)}  ${what}${broken}`;
}

function formatMs(ms: number): string {
  return ms < 10_000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
