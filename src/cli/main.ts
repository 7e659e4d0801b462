#!/usr/bin/env node
import { AUTHORIZATION_COMMANDS } from "./authorization/commands.js";
import type { Command } from "./command.js";
import { readArguments, UsageError } from "./command.js";
import { demo } from "./demo/demo.js";
import { DOMAIN_COMMANDS } from "./domain/commands.js";
import { GATE_COMMANDS } from "./gate/commands.js";
import { keyNew, keyVkey } from "./key.js";
import { listCommands, listGroup } from "./listing.js";
import { logAppend } from "./log-append.js";
import { logCheck } from "./log-check.js";
import { logConsistency } from "./log-consistency.js";
import { logCosign } from "./log-cosign.js";
import { logProve } from "./log-prove.js";
import { formatJson, printable } from "./printable.js";
import { trustEvidence, trustLift } from "./trust/evidence.js";
import { trustExposure } from "./trust/exposure.js";
import { trustRelay } from "./trust/relay.js";
import { trustShow } from "./trust/show.js";
import { PROOF_COMMANDS } from "./proof/commands.js";
import { sync } from "./trust/sync.js";
import { verify } from "./verify.js";
import { version } from "./version.js";
import { witnessCosign } from "./witness-cosign.js";
import { wrap } from "./wrap.js";

const COMMANDS: readonly Command[] = [
  verify,
  logCheck,
  logProve,
  logConsistency,
  logAppend,
  logCosign,
  witnessCosign,
  sync,
  trustShow,
  trustExposure,
  trustEvidence,
  trustLift,
  trustRelay,
  ...DOMAIN_COMMANDS,
  ...AUTHORIZATION_COMMANDS,
  ...GATE_COMMANDS,
  ...PROOF_COMMANDS,
  keyNew,
  keyVkey,
  demo,
];

const EXIT_CODES = { PROVEN: 0, ALLOW: 0, DONE: 0, REFUTED: 1, DENY: 1, INCOMPLETE: 2 } as const;

function overview(): string {
  return [
    "writ proves what logs hold, keeps trust between domains, decides by their",
    "authorizations who may do what, runs it under a gate, and proves it afterwards.",
    "Only sync, and run with --from, touch the network.",
    "",
    "Usage: writ COMMAND [ARGUMENTS] [--json] [--help]",
    "",
    ...listCommands(COMMANDS),
    "",
    '"writ COMMAND --help" says more, also of a group: "writ domain --help".',
    "Results go to stdout, everything else to stderr; - is stdin.",
    "Exit code: 0 proven, allowed, done; 1 refuted, denied; 2 undecided or misused;",
    "of run the program's, 77 denied, 78 interrupted.",
    "",
  ].join("\n");
}

function helpOf(command: Command): string {
  return `Usage: writ ${command.usage}\n\n${command.summary}\n\n${command.help}\n`;
}

/** The command that the first words name; the longest name wins. */
function find(words: readonly string[]): { command: Command; rest: readonly string[] } | undefined {
  for (const length of [3, 2, 1]) {
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
    if (args.flag("help")) return printHelp(helpOf(found.command));
    const ending = await found.command.run(args);
    const { outcome } = ending;
    return print(
      json
        ? jsonLine({ command: found.command.name, outcome, code: null, ...ending.json })
        : ending.text,
      ending.exit ?? EXIT_CODES[outcome],
    );
  } catch (error) {
    // An expected misuse says what to do; a defect of ours says so. Neither shows a stack.
    const said = error instanceof Error ? error.message : String(error);
    // It may quote a file of others; its own lines stay lines.
    const message = said.split("\n").map(printable).join("\n");
    const usage =
      found && error instanceof UsageError ? `\nUsage: writ ${found.command.usage}` : "";
    process.stderr.write(`writ: ${message}${usage}\n`);
    if (!json) return 2;
    const command = found?.command.name ?? null;
    return print(jsonLine({ command, outcome: "ERROR", code: null, message }), 2);
  }
}

function general(words: readonly string[]): number {
  const [first] = words;
  if (first === "--version") return print(`${version()}\n`, 0);
  if (first === "--help" || first === "help") return printHelp(overview());
  const stem = [2, 1]
    .map((length) => words.slice(0, length).join(" "))
    .find((start) => COMMANDS.some(({ name }) => name.startsWith(`${start} `)));
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${stem} `));
  const next = stem === undefined ? 1 : stem.split(" ").length;
  if (words[next] === "--help" && group.length > 0) {
    return printHelp(listGroup(group) ?? group.map(helpOf).join("\n"));
  }
  const names = (group.length > 0 ? group : COMMANDS).map((command) => command.name).join(", ");
  if (first === undefined) process.stderr.write(overview());
  throw new UsageError(
    first === undefined
      ? `expected a command: ${names}`
      : `there is no command "${words.slice(0, next + 1).join(" ")}"; expected ${names}`,
  );
}

function jsonLine(object: Readonly<Record<string, unknown>>): string {
  return `${formatJson(object)}\n`;
}

function printHelp(text: string): number {
  return print(wrap(text, process.stdout.columns), 0);
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
// Node goes on connecting for 10 s to a host that does not answer, after it was told to stop.
for (const stream of [process.stderr, process.stdout]) {
  // What could not be written ends the process above.
  await new Promise<void>((written) => stream.write("", (error) => error ?? written()));
}
process.exit();
