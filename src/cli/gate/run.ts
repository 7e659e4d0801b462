import { writeFile } from "node:fs/promises";
import { readEnvelopeSigner } from "../authorization/envelope-signer.js";
import type { Arguments, Command } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { formatJson } from "../printable.js";
import { ASK_HELP, ASK_OPTIONS, readAuthorization } from "./ask.js";
import type { CarriedOut } from "./carry-out.js";
import { carryOut } from "./carry-out.js";
import { CONFINE_HELP, CONFINE_OPTIONS } from "./confine.js";
import { ENVIRONMENT_HELP } from "./environment.js";
import { HOST_HELP, HOST_OPTIONS, HOST_REQUIRED } from "./host.js";
import { PROGRAM_HELP, PROGRAM_OPTIONS } from "./named-program.js";
import { nextSteps } from "./next-step.js";
import { exitOfRun, formatOutcome, jsonOfReport } from "./outcome.js";
import { planOf } from "./plan.js";
import { readResume } from "./resume-file.js";

export const run: Command = {
  name: "run",
  usage:
    "run --authorization CHAIN --key KEYFILE --gate-key KEYFILE --trust STORE --log DIR (--witness DIR --witness-key KEYFILE | --unwitnessed) [OPTION...] -- PROGRAM ARGS",
  summary: "Run a program under a gate: allowed by a chain, logged, stopped when trust ends.",
  help: `${ASK_HELP}
  --key KEYFILE             the key of the principal whom the chain names, from "writ key new"
${HOST_HELP}
${PROGRAM_HELP}
${CONFINE_HELP}
  --resume FILE             go on by a resumer's word, from "writ resume": a run that was stopped begins
                            again, with the arguments that it was admitted with and no PROGRAM here; a gate
                            that is contained opens, and then runs PROGRAM if there is one
  --report FILE             write one JSON object there: command, outcome (DONE, DENY, INTERRUPTED,
                            UNRECORDED, RESUMED), code, expected, found, rule, gate, run, entries (indices
                            in the log), exit, program, error, drift, answer, took, signal, validUntil,
                            recheck, worstDelay. Durations are milliseconds
The request that is decided on has the arguments program, args, env, cwd, with --subject subjects, and
those of --request and --argument: policies select .program, .args[0], .env.NAME. Stdin, stdout and
stderr are the program's; writ itself writes nothing while it runs, and to stderr alone when it was
denied or interrupted. SIGINT, SIGTERM, SIGHUP and SIGQUIT interrupt the run, close the log and end writ.
${ENVIRONMENT_HELP}
Exit code: the program's, or 128 and the number of the signal that ended it; 77 denied; 78 interrupted,
or the log failed; 126 allowed, and it could not be started; 128 and the number of a signal that ended
writ itself; 2 misused: then nothing ran. A program may use the same ones: --report tells.`,
  options: {
    ...ASK_OPTIONS,
    key: { type: "string" },
    ...HOST_OPTIONS,
    ...PROGRAM_OPTIONS,
    ...CONFINE_OPTIONS,
    resume: { type: "string" },
    report: { type: "string" },
  },
  run: async (args) => {
    args.requireAll("authorization", "key", ...HOST_REQUIRED);
    requireStdin(args);
    const kernel = await loadKernel();
    const authorization = await readAuthorization(kernel, args.required("authorization"));
    const file = args.text("resume");
    const resume = file === undefined ? undefined : await readResume(file);
    const plan = await planOf(args, authorization, resume);
    const signer = await readEnvelopeSigner(kernel, args);
    const done = await carryOut({ args, kernel, authorization, signer, resume, plan });
    const exit = exitOfRun(done.ended);
    // Before anything is written: who reads may be gone, which ends this program.
    process.exitCode = exit;
    await writeReport(args, done);
    const said = formatOutcome(done.ended, adviceOn(args, done));
    if (said !== "") process.stderr.write(said);
    return { outcome: exit === 0 ? "DONE" : "DENY", json: {}, text: "", exit };
  },
};

/** Stdin and stdout are the program's. */
function requireStdin(args: Arguments): void {
  if (args.flag("json")) {
    throw new UsageError("stdout is the program's: --report FILE is where the JSON goes");
  }
  for (const name of ["authorization", "request", "resume", "passphrase-file"]) {
    if (args.text(name) === "-") throw new UsageError(`--${name} -: stdin is the program's`);
  }
}

function adviceOn(args: Arguments, { ended, gate, lack }: CarriedOut): string[] {
  return nextSteps(ended, {
    trust: args.required("trust"),
    log: args.required("log"),
    gateKey: args.required("gate-key"),
    follows: args.has("from"),
    state: gate?.state,
    lack,
  });
}

/** A report of before is replaced; it may be a pipe or a device. */
async function writeReport(args: Arguments, { ended, entries, gate }: CarriedOut): Promise<void> {
  const path = args.text("report");
  if (path === undefined) return;
  const own = entries.filter(
    ({ entry }) => ended.run !== undefined && "run" in entry && entry.run === ended.run,
  );
  const report = jsonOfReport({ ended, entries: own, worstDelay: gate?.worstDelay ?? null });
  try {
    await writeFile(path, `${formatJson(report)}\n`);
  } catch (error) {
    process.stderr.write(`writ: cannot write --report ${path}: ${String(error)}\n`);
  }
}
