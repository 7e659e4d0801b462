/** An entry in a line: what a reader of a log looks for, and nothing of the rest. */
import type { Entry } from "../../lineage/entry.js";
import { runOf } from "../../lineage/graph.js";
import type { RunState } from "../../lineage/entry/common.js";
import { formatDuration } from "../domain/durations.js";
import { green, red, yellow } from "../print.js";
import { printable, shorten } from "../printable.js";
import { count } from "../trust/table.js";

/** Characters of a run's id that tell it from others, for people. */
export const SHORT = 8;

const WIDTHS = { index: 6, time: 12, kind: 12, run: SHORT, state: 10 } as const;

/** `columns`: of the terminal; infinite where there is none. */
export function formatEntryLine(entry: Entry, index: number, columns: number): string {
  const run = runOf(entry)?.slice(0, SHORT) ?? "gate";
  const state = "state" in entry ? entry.state : "";
  const before = [
    String(index).padStart(WIDTHS.index),
    entry.time.slice(11, 11 + WIDTHS.time),
    entry.kind.padEnd(WIDTHS.kind),
    run.padEnd(WIDTHS.run),
  ].join("  ");
  const used = Object.values(WIDTHS).reduce((sum, width) => sum + width + 2, 0);
  const detail = shorten(printable(detailOf(entry)), Math.max(12, columns - used));
  return `${before}  ${paint(state, state.padEnd(WIDTHS.state))}  ${detail}`.trimEnd();
}

const PAINTS: { readonly [State in RunState | "open"]?: (text: string) => string } = {
  open: green,
  executing: green,
  completed: green,
  denied: red,
  drifted: red,
  revoked: red,
  contained: yellow,
  recovering: yellow,
};

function paint(state: string, text: string): string {
  return PAINTS[state as RunState]?.(text) ?? text;
}

function detailOf(entry: Entry): string {
  switch (entry.kind) {
    case "start":
      return [
        entry.witnessed ? `witnessed at ${entry.witnessed.size}` : "UNWITNESSED",
        ...(entry.torn > 0 ? [`${entry.torn} bytes torn`] : []),
      ].join(", ");
    case "trust":
      return [entry.domain, entry.trust && `t${entry.trust.timestamp}`, entry.code]
        .filter(Boolean)
        .join(" ");
    case "policy":
      return count(entry.trips.length, "trip");
    case "admission":
      return `${entry.command} ${entry.principal.id}`;
    case "measurement":
      return `${entry.isolation.level}, ${count(entry.artifacts.length, "file")}`;
    case "decision":
      return entry.outcome === "allow" ? "allow" : `deny ${withRule(entry.code, entry.rule)}`;
    case "intent":
      return entry.charges.map(({ counter, amount }) => `${counter} +${amount}`).join(", ");
    case "outcome":
      return [
        entry.outcome,
        entry.exit === null ? (entry.signal ?? "") : `exit ${entry.exit}`,
      ].join(" ");
    case "drift":
      return `${withRule(entry.code, entry.rule)}, ${entry.drift}`;
    case "interruption":
      return `${entry.answer} in ${formatDuration(entry.took)}`;
    case "transition":
      return entry.code ?? "";
    case "resume":
      return "on a resumer's word";
    case "handover":
      return `to key ${entry.receiver.slice(0, SHORT)}`;
    case "accept":
      return `of ${entry.parent.origin}#${entry.parent.index}`;
    default:
      return "";
  }
}

function withRule(code: string | null, rule: string | null): string {
  return rule === null ? `${code}` : `${code} by ${rule}`;
}
