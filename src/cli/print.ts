import type { Check, Failure, Verdict } from "../verdict.js";
import { CODES } from "../verdict.js";
import type { Ending } from "./command.js";
import { printable } from "./printable.js";

const colored =
  process.stdout.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";

function paint(code: number, text: string): string {
  return colored ? `\u001b[${code}m${text}\u001b[0m` : text;
}

export const bold = (text: string): string => paint(1, text);
export const dim = (text: string): string => paint(2, text);

export const green = (text: string): string => paint(32, text);
export const red = (text: string): string => paint(31, text);
export const yellow = (text: string): string => paint(33, text);

const COLORS = {
  PROVEN: green,
  ALLOW: green,
  DONE: green,
  REFUTED: red,
  DENY: red,
  INCOMPLETE: yellow,
} as const;
const MARKS = {
  passed: green("ok     "),
  failed: red("FAILED "),
  missing: yellow("missing"),
  "not-run": yellow("not run"),
} as const;

/** A verdict for people: a line a check, what was expected and found, and the outcome last. */
export function formatVerdict(verdict: Verdict): string {
  const width = Math.max(...verdict.checks.map((check) => printable(check.name).length));
  const lines = verdict.checks.flatMap((check) => formatCheck(check, width));
  const reason = verdict.code ? `  ${verdict.code}: ${CODES[verdict.code]}` : "";
  return [...lines, `${formatOutcome(verdict.outcome)}${reason}`].join("\n");
}

/** An outcome in its colour. */
export function formatOutcome(outcome: Ending["outcome"]): string {
  return bold(COLORS[outcome](outcome));
}

function formatCheck(check: Check, width: number): string[] {
  const head = `${MARKS[check.outcome]}  ${printable(check.name).padEnd(width)}`;
  if (check.outcome === "passed")
    return [`${head}  ${dim(printable(check.found ?? ""))}`.trimEnd()];
  const indent = " ".repeat(9);
  return [
    check.code ? `${head}  ${check.code}` : head.trimEnd(),
    ...(check.expected === undefined ? [] : [`${indent}expected ${printable(check.expected)}`]),
    ...(check.found === undefined ? [] : [`${indent}found    ${printable(check.found)}`]),
  ];
}

/** A failure in one line. */
export function describe({ code, expected, found }: Omit<Failure, "ok">): string {
  return `${code}: expected ${printable(expected)}, found ${printable(found)}`;
}

/** What a failure expected and found, a line each. */
export function formatFailure({ expected, found }: Failure): string[] {
  return [`expected  ${printable(expected)}`, `found     ${printable(found)}`];
}

export function endWith(verdict: Verdict, note?: string): Ending {
  const { outcome, code, checks } = verdict;
  return {
    outcome,
    json: { code: code ?? null, checks },
    text: `${formatVerdict(verdict)}${note === undefined ? "" : `\n${dim(note)}`}\n`,
  };
}
