/** A story in lines: what was asked, and what came out. */
import type { Code, Result } from "../../verdict.js";
import { bold, describe, dim } from "../print.js";

export interface DemoStep {
  readonly step: string;
  /** `allow`, or why not. */
  readonly outcome: "allow" | Code;
  readonly expected: "allow" | Code;
}

export class Story {
  readonly steps: DemoStep[] = [];
  readonly #lines: string[] = [];

  say(step: string, answer: Result<unknown>, expected: DemoStep["expected"]): void {
    const outcome = answer.ok ? "allow" : answer.code;
    this.steps.push({ step, outcome, expected });
    this.#lines.push(`${bold(outcome.padEnd(9))}  ${step}`);
    if (!answer.ok) this.#lines.push(dim(`${" ".repeat(11)}${describe(answer)}`));
  }

  /** What happens between two questions. */
  note(text: string): void {
    this.#lines.push(dim(`  ${text}`));
  }

  text(): string {
    return this.#lines.join("\n");
  }
}
