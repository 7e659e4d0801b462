/** What tests of confinements need: a context, shell programs, and who is still there. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { randomUUID } from "node:crypto";
import { afterAll, test } from "vitest";
import { systemClock } from "../../src/runtime/clock.js";
import type { EffectContext } from "../../src/runtime/confinement/effect.js";
import type { ProcessOptions } from "../../src/runtime/confinement/process.js";
import type { Argument, Prepared } from "../../src/runtime/confinement/program.js";
import { prepareProgram } from "../../src/runtime/confinement/program.js";
import type { Outcome } from "../../src/runtime/confinement/refusal.js";

export const ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin" };

/** A grace time that leaves a shell time to start and to answer on a busy machine. */
export const PATIENCE = { clock: systemClock, grace: 2_000 };

export const IMPATIENCE = { clock: systemClock, grace: 30 };

export function context(request: unknown = {}): EffectContext & { abort(): void } {
  const controller = new AbortController();
  return {
    request,
    signal: controller.signal,
    checkpoint: async () => {},
    abort: () => controller.abort(),
  };
}

export function must<T>(outcome: Outcome<T> | { ok: true; value: T }): T {
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.expected}: ${outcome.found}`);
  return outcome.value;
}

const prepared: Prepared[] = [];
afterAll(async () => {
  for (const each of prepared) await each.discard();
});

/** Removes the copies at the end of the file, also where nothing was started with them. */
export function track(each: Prepared): Prepared {
  prepared.push(each);
  return each;
}

/** A shell with this text; `$0` is the first of the words. */
export async function shell(text: string, ...words: Argument[]): Promise<Prepared> {
  const options = { program: "/bin/sh", environment: ENVIRONMENT };
  return track(must(await prepareProgram({ ...options, arguments: ["-c", text, ...words] })));
}

/** A word by which processes are found. */
export function mark(): string {
  return `writ-mark-${randomUUID()}`;
}

/** Processes of this machine with the word on their command line, without those that have ended. */
export function marked(word: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && commandLine(pid).includes(word));
}

/** Empty for a process that has ended and is only waited for. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

/** Waits for what must come about; the test's own time is the limit. */
export async function eventually(ask: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    if (ask()) return;
    await sleep(5);
  }
  throw new Error(`this did not come about: ${what}`);
}

/** Output, as text, as it comes. */
export class Text {
  text = "";
  readonly output = (_: "stdout" | "stderr", chunk: Uint8Array): void => {
    this.text += Buffer.from(chunk).toString("utf8");
  };

  async says(part: string): Promise<void> {
    await eventually(() => this.text.includes(part), `${part} in ${JSON.stringify(this.text)}`);
  }
}

export function patient(text: Text): ProcessOptions {
  return { ...PATIENCE, output: text.output };
}

export function impatient(text: Text): ProcessOptions {
  return { ...IMPATIENCE, output: text.output };
}

/** A test that needs something of the machine: where it must be there, its lack is a failure. */
export function testWith(
  missing: string | undefined,
): (name: string, body: () => Promise<void>, timeout?: number) => void {
  if (missing === undefined) return (name, body, timeout) => test(name, body, timeout);
  const must = process.env["CI"] !== undefined || process.env["WRIT_RUNTIMES"] === "all";
  return (name) => {
    if (!must) console.log(`not run: ${name}: ${missing}`);
    test.skipIf(!must)(name, () => {
      throw new Error(missing);
    });
  };
}

/** Ends what a test left on purpose. */
export function killMarked(word: string): void {
  for (const pid of marked(word)) process.kill(pid, "SIGKILL");
}
