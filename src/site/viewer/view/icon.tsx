/** Signs that say the same as their colour: a shape each. */
import type { CheckOutcome, Outcome } from "../../../verdict.js";

const SHAPES: Readonly<Record<Outcome, string>> = {
  // A circle with a tick, an octagon with a cross, a triangle with a question.
  PROVEN: "M24 3a21 21 0 1 0 0 42 21 21 0 0 0 0-42zM13 25l8 8 15-17",
  REFUTED: "M15.5 3.5h17l12 12v17l-12 12h-17l-12-12v-17zM16 16l16 16M32 16L16 32",
  INCOMPLETE:
    "M24 4L46 44H2zM19.5 21.5a4.6 4.6 0 1 1 6.6 4.1c-1.6.8-2.1 1.7-2.1 3.4v1.2M24 36.6v.6",
};

export function VerdictIcon({ outcome }: { readonly outcome: Outcome }) {
  return (
    <svg class="verdict-icon" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">
      <path d={SHAPES[outcome]} />
    </svg>
  );
}

const MARKS: Readonly<Record<CheckOutcome, readonly [string, string]>> = {
  passed: ["✓", "passed"],
  failed: ["✕", "failed"],
  missing: ["?", "missing"],
  "not-run": ["–", "not run"],
};

export function CheckMark({ outcome }: { readonly outcome: CheckOutcome }) {
  const [mark, word] = MARKS[outcome];
  return (
    <span class={`mark mark-${outcome}`}>
      <span aria-hidden="true">{mark}</span> {word}
    </span>
  );
}
