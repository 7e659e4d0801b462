#!/usr/bin/env node
import type { Command, Ending } from "./command.js";
import { readArguments, UsageError } from "./command.js";
import { demo } from "./demo.js";
import { keyNew, keyVkey } from "./key.js";
import { logAppend } from "./log-append.js";
import { logCheck } from "./log-check.js";
import { logConsistency } from "./log-consistency.js";
import { logCosign } from "./log-cosign.js";
import { logProve } from "./log-prove.js";
import { verify } from "./verify.js";
import { version } from "./version.js";
import { witnessCosign } from "./witness-cosign.js";

const COMMANDS: readonly Command[] = [
  verify,
  logCheck,
  logProve,
  logConsistency,
  logAppend,
  logCosign,
  witnessCosign,
  keyNew,
  keyVkey,
  demo,
];

const EXIT_CODES = { PROVEN: 0, DONE: 0, REFUTED: 1, INCOMPLETE: 2 } as const;

function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  return [
    "writ verifies transparency-log proofs, offline. Nothing here touches the network.",
    "",
    "Usage: writ COMMAND [ARGUMENTS] [--json] [--help]",
    "",
    ...COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    "Results go to stdout, everything else to stderr; - is stdin.",
    "Exit code: 0 proven or done, 1 refuted, 2 undecided or misused.",
    "",
  ].join("\n");
}

function helpOf(command: Command): string {
  return `Usage: writ ${command.usage}\n\n${command.summary}\n\n${command.help}\n`;
}

/** The command that the first words name; the longest name wins. */
function find(words: readonly string[]): { command: Command; rest: readonly string[] } | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const command = COMMANDS.find((each) => each.name === name);
    if (command) return { command, rest: words.slice(length) };
  }
  return undefined;
}

async function main(words: readonly string[]): Promise<number> {
  const end = words.indexOf("--");
  const json = words.slice(0, end < 0 ? undefined : end).includes("--json");
  const found = find(words);
  try {
    if (!found) return general(words);
    const args = readArguments(found.command, found.rest);
    if (args.flag("help")) return print(helpOf(found.command), 0);
    const ending = await found.command.run(args);
    return print(
      json ? formatJson(found.command, ending) : ending.text,
      EXIT_CODES[ending.outcome],
    );
  } catch (error) {
    // An expected misuse says what to do; a defect of ours says so. Neither shows a stack.
    const message = error instanceof Error ? error.message : String(error);
    const usage =
      found && error instanceof UsageError ? `\nUsage: writ ${found.command.usage}` : "";
    process.stderr.write(`writ: ${message}${usage}\n`);
    if (!json) return 2;
    return print(
      `${JSON.stringify({ command: found?.command.name ?? null, outcome: "ERROR", message })}\n`,
      2,
    );
  }
}

function general(words: readonly string[]): number {
  const [first] = words;
  if (first === "--version") return print(`${version()}\n`, 0);
  if (first === "--help" || first === "help") return print(overview(), 0);
  const group = COMMANDS.filter((command) => command.name.startsWith(`${first} `));
  if (group.length > 0 && (words[1] === undefined || words[1] === "--help")) {
    const text = group.map(helpOf).join("\n");
    if (words[1] === "--help") return print(text, 0);
  }
  const names = (group.length > 0 ? group : COMMANDS).map((command) => command.name).join(", ");
  if (first === undefined) process.stderr.write(overview());
  throw new UsageError(
    first === undefined
      ? `expected a command: ${names}`
      : `there is no command "${words.slice(0, 2).join(" ")}"; expected ${names}`,
  );
}

function formatJson(command: Command, { outcome, json }: Ending): string {
  const object = { command: command.name, outcome, ...json };
  return `${JSON.stringify(object, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value))}\n`;
}

function print(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough closes the pipe: the outcome stays what it is.
    if (error.code === "EPIPE") process.exit();
    // What could not be written was not said, so it is neither proven nor refuted.
    if (stream === process.stdout) process.stderr.write(`writ: cannot write: ${error.message}\n`);
    process.exit(2);
  });
}

// A lock that is left behind is of a process that is gone: the next writer takes it over.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

process.exitCode = await main(process.argv.slice(2));
