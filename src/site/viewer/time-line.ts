/** For how long each run was trusted, as bars: the same rule as the report's totals. */
import type { Entry } from "../../lineage/entry.js";
import { timeOf } from "../../lineage/entry.js";
import { millisecondsOf } from "../../trust/schema.js";

/** Milliseconds since the epoch. */
export interface Bar {
  readonly from: number;
  readonly to: number;
  /** How many decisions it stands for, each following on the one before. */
  readonly decisions: number;
  /** What ended it. */
  readonly end: "decided again" | "trust ended" | "drift" | "ended" | "the log ends" | "denied";
}

export interface Mark {
  readonly kind: "drift" | "stopped" | "resumed" | "gap" | "denied";
  readonly time: number;
  /** Of a gap. */
  readonly to?: number;
  readonly what: string;
}

export interface Line {
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
}

/** Bars of one run that are drawn one by one: more are joined where they follow on each other. */
const MOST_BARS = 100;

interface Open {
  readonly from: number;
  readonly until: number;
}

/** `end`: the time of the last entry of the log, for a run that is under way. */
export function timeLine(entries: readonly Entry[], end: number): Line {
  const bars: Bar[] = [];
  const marks: Mark[] = [];
  let open: Open | undefined;
  let executing = false;
  const close = (time: number, why: Bar["end"]): void => {
    if (!open) return;
    const { from, until } = open;
    open = undefined;
    const to = Math.max(from, Math.min(time, until));
    bars.push({ from, to, decisions: 1, end: time > until ? "trust ended" : why });
    if (executing && time > until + 1) {
      marks.push({ kind: "gap", time: until, to: time, what: `${time - until} ms without trust` });
    }
  };
  for (const entry of entries) {
    const time = timeOf(entry);
    switch (entry.kind) {
      case "decision":
        close(time, entry.outcome === "allow" ? "decided again" : "denied");
        if (entry.outcome === "allow" && entry.validUntil !== null) {
          open = { from: time, until: millisecondsOf(entry.validUntil) };
        } else {
          marks.push({ kind: "denied", time, what: `denied: ${entry.code ?? "no code"}` });
        }
        break;
      case "intent":
        executing = true;
        break;
      case "drift":
        close(time, "drift");
        executing = false;
        marks.push({ kind: "drift", time, what: `drift: ${entry.drift}, ${entry.code}` });
        break;
      case "interruption":
        marks.push({ kind: "stopped", time, what: `interrupted: ${entry.answer}` });
        break;
      case "resume":
        executing = true;
        marks.push({ kind: "resumed", time, what: "resumed" });
        break;
      case "outcome":
        close(time, "ended");
        executing = false;
        break;
    }
  }
  close(end, "the log ends");
  return { bars: bars.length > MOST_BARS ? joined(bars) : bars, marks };
}

function joined(bars: readonly Bar[]): Bar[] {
  const fewer: Bar[] = [];
  for (const bar of bars) {
    const last = fewer.at(-1);
    if (last?.end === "decided again" && last.to === bar.from) {
      const decisions = last.decisions + bar.decisions;
      fewer[fewer.length - 1] = { from: last.from, to: bar.to, decisions, end: bar.end };
    } else fewer.push(bar);
  }
  return fewer;
}

/** Times of an axis: round ones, `count` at most, from the first to the last. */
export function ticks(from: number, to: number, count: number): readonly number[] {
  const step = STEPS.find((each) => (to - from) / each <= count) ?? 365 * DAY;
  const found: number[] = [];
  const wide = Math.max(step, step * Math.ceil((to - from) / step / count));
  for (let at = Math.ceil(from / wide) * wide; at <= to; at += wide) found.push(at);
  return found;
}

const DAY = 86_400_000;
const STEPS = [
  1,
  10,
  100,
  500,
  1_000,
  2_000,
  5_000,
  10_000,
  30_000,
  60_000,
  300_000,
  600_000,
  1_800_000,
  3_600_000,
  10_800_000,
  21_600_000,
  43_200_000,
  DAY,
  7 * DAY,
  30 * DAY,
];
