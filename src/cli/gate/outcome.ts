/** How `writ run` ended: for its caller an exit code, for people lines, for programs an object. */
import type { EntryBody } from "../../lineage/entry.js";
import type { Interrupted } from "../../gate/confinement.js";
import type { Placed } from "../../gate/ledger.js";
import type { Code } from "../../verdict.js";
import { CODES } from "../../verdict.js";
import { formatDuration } from "../domain/durations.js";
import { printable } from "../printable.js";
import { exitOf } from "./signals.js";

/** Exit codes of what the gate, and not the program, says. */
export const EXITS = { denied: 77, interrupted: 78, notStarted: 126 } as const;

export interface RunOutcome {
  /**
   * DONE: the program ended by itself. RESUMED: the gate is open again, and nothing was to run.
   * UNRECORDED: it ended, and the log could not say so.
   */
  readonly outcome: "DONE" | "DENY" | "INTERRUPTED" | "UNRECORDED" | "RESUMED";
  readonly gate: string;
  readonly run: string | undefined;
  readonly code: Code | undefined;
  readonly expected?: string | undefined;
  readonly found?: string | undefined;
  /** The trip of the domain's policy that denied or stopped. */
  readonly rule?: string | undefined;
  /** What broke, and what is known of the program since; of an interruption. */
  readonly drift?: string | undefined;
  readonly answer?: Interrupted["answer"] | undefined;
  readonly took?: number | undefined;
  /** How the program ended by itself. */
  readonly program?: { readonly exit: number | null; readonly signal: string | null } | undefined;
  /** Why it never began, though it was allowed. */
  readonly error?: string | undefined;
  /** The signal to this program that ended the run. */
  readonly signal?: string | undefined;
}

/** The exit code: the program's own where it ended by itself. */
export function exitOfRun({ outcome, program, error, signal }: RunOutcome): number {
  if (outcome === "RESUMED") return 0;
  if (signal !== undefined && outcome !== "DONE") return exitOf(signal);
  if (outcome === "DENY") return EXITS.denied;
  if (outcome !== "DONE") return EXITS.interrupted;
  if (error !== undefined) return EXITS.notStarted;
  return program?.exit ?? exitOf(program?.signal ?? "");
}

/** For stderr; nothing where all went as it should. */
export function formatOutcome(ended: RunOutcome, next: readonly string[]): string {
  const steps = next.map((line, i) => `${i === 0 ? "  next    " : "          "}  ${line}`);
  const lines = [...linesOf(ended), ...steps];
  return lines.map((line, i) => `${i === 0 ? "writ: " : ""}${printable(line)}\n`).join("");
}

function linesOf(ended: RunOutcome): string[] {
  const { outcome, code, error, signal, answer } = ended;
  const reason = code ? `${code}: ${CODES[code]}` : "";
  if (outcome === "DENY") return [`denied, ${reason}`, ...details(ended)];
  if (outcome === "UNRECORDED") return [`the log does not tell how it ended, ${reason}`];
  if (outcome === "INTERRUPTED") {
    const why = signal === undefined ? reason : `this program got ${signal}`;
    return [
      `interrupted, ${why}`,
      ...details(ended),
      `  program   ${ANSWERS[answer ?? "unknown"]}`,
    ];
  }
  if (error !== undefined) return [`allowed, and could not be started: ${error}`];
  return outcome === "RESUMED" ? [`${ended.gate} is open again`] : [];
}

const ANSWERS: Readonly<Record<Interrupted["answer"], string>> = {
  stopped: "stopped, and nothing of it is left",
  "not-stopped": "NOT stopped: something of it lives",
  unknown: "ended; what left its process group may live on",
};

function details({ expected, found, rule, gate, run, took }: RunOutcome): string[] {
  return [
    ...(expected === undefined ? [] : [`  expected  ${expected}`]),
    ...(found === undefined ? [] : [`  found     ${found}`]),
    ...(rule === undefined ? [] : [`  trip      ${rule}, of the domain's policy`]),
    `  gate      ${gate}${run === undefined ? "" : `, run ${run}`}`,
    ...(took === undefined ? [] : [`  took      ${formatDuration(took)}`]),
  ];
}

export interface Report {
  readonly ended: RunOutcome;
  readonly entries: readonly Placed[];
  /** Milliseconds from a withdrawal at a source to the stop that it causes, at most; null: no gate. */
  readonly worstDelay: number | null;
}

/** The object of `--report`. */
export function jsonOfReport({ ended, entries, worstDelay }: Report): Record<string, unknown> {
  const decided = entries.map(({ entry }) => entry).findLast(isAllow);
  return {
    command: "run",
    outcome: ended.outcome,
    code: ended.code ?? null,
    expected: ended.expected ?? null,
    found: ended.found ?? null,
    rule: ended.rule ?? null,
    gate: ended.gate,
    run: ended.run ?? null,
    entries: entries.map(({ index }) => index),
    exit: exitOfRun(ended),
    program: ended.program ?? null,
    error: ended.error ?? null,
    drift: ended.drift ?? null,
    answer: ended.answer ?? null,
    took: ended.took ?? null,
    signal: ended.signal ?? null,
    validUntil: decided?.validUntil ?? null,
    recheck: decided?.recheck ?? null,
    worstDelay,
  };
}

function isAllow(entry: EntryBody): entry is Extract<EntryBody, { kind: "decision" }> {
  return entry.kind === "decision" && entry.outcome === "allow";
}
