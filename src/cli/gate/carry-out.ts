/** One run under a gate of this program, from opening the gate to closing it. */
import { rmSync } from "node:fs";
import type { GovernedRun, RunResult } from "../../gate/governed-run.js";
import type { Placed } from "../../gate/ledger.js";
import type { RunRequest } from "../../gate/run-request.js";
import type { Denied } from "../../gate/started.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Failure } from "../../verdict.js";
import type { NamedSigner } from "../authorization/envelope-signer.js";
import type { Arguments } from "../command.js";
import type { GivenAuthorization } from "./ask.js";
import { ask } from "./ask.js";
import type { Confined } from "./confine.js";
import { confine, prepare } from "./confine.js";
import type { GateHost } from "./host.js";
import { openHost } from "./host.js";
import type { RunOutcome } from "./outcome.js";
import type { Plan } from "./plan.js";
import type { ResumeFile } from "./resume-file.js";
import { Signals } from "./signals.js";

export interface Job {
  readonly args: Arguments;
  readonly kernel: Kernel;
  readonly authorization: GivenAuthorization;
  readonly signer: NamedSigner;
  readonly resume: ResumeFile | undefined;
  /** Undefined where a gate shall only open again. */
  readonly plan: Plan | undefined;
}

export interface CarriedOut {
  readonly ended: RunOutcome;
  /** All that were written meanwhile. */
  readonly entries: readonly Placed[];
  /** Undefined where the gate could not be opened. It is closed. */
  readonly gate: GateHost["gate"] | undefined;
  /** Why there is no more confinement, where there was to be. */
  readonly lack: string | undefined;
}

/** Opens the gate, asks it, waits for the end, and closes it, whatever comes of it. */
export async function carryOut(job: Job): Promise<CarriedOut> {
  const { args, kernel, authorization, plan } = job;
  const prepared = plan && (await prepare(plan.program, authorization.algorithms));
  // Where a signal ends this program before there is a gate.
  const discardAtOnce = (): void => {
    if (prepared) rmSync(prepared.folder, { recursive: true, force: true });
  };
  process.once("exit", discardAtOnce);
  try {
    const confined =
      prepared && (await confine(prepared, authorization.isolation, args, plan.program.cwd));
    const lack = confined?.lack;
    const opened = await openHost(kernel, args);
    if (!opened.ok) {
      return { ended: denial(opened.origin, opened), entries: [], gate: undefined, lack };
    }
    const host = opened.value;
    const { gate } = host;
    const entries: Placed[] = [];
    gate.onEntry((placed) => entries.push(placed));
    try {
      return { ended: await govern(job, host, confined), entries, gate, lack };
    } finally {
      await host.close();
    }
  } finally {
    await prepared?.discard();
    process.off("exit", discardAtOnce);
  }
}

async function govern(
  { kernel, signer, authorization, resume, plan }: Job,
  host: GateHost,
  confined: Confined | undefined,
): Promise<RunOutcome> {
  const { gate } = host;
  const signals = new Signals();
  signals.onFirst(() => void host.close());
  if (resume && resume.run === undefined) {
    const opened = await gate.resume(resume.bytes);
    if (!opened.ok) return { ...denial(gate.origin, opened), signal: signals.came };
  }
  if (!plan || !confined) {
    return { outcome: "RESUMED", gate: gate.origin, run: undefined, code: undefined };
  }
  const { effect, artifacts } = confined;
  const asked: RunRequest = {
    ...(await ask(gate, kernel, signer, authorization, plan.request)),
    effect,
    artifacts,
  };
  const { openings = [] } = plan;
  const started =
    resume?.run === undefined
      ? await gate.start(asked)
      : await gate.resumeRun(resume.run, resume.bytes, { ...asked, openings });
  if (started.outcome === "deny") {
    return { ...denial(gate.origin, started), signal: signals.came };
  }
  const result = await started.run.finished;
  return { ...outcomeOf(gate, started.run, result), signal: signals.came };
}

function denial(gate: string, why: Failure | Denied): RunOutcome {
  const { code, expected, found } = why;
  const known = "run" in why ? { run: why.run, rule: why.rule } : { run: undefined };
  return { outcome: "DENY", gate, code, expected, found, ...known };
}

function outcomeOf(gate: GateHost["gate"], governed: GovernedRun, result: RunResult): RunOutcome {
  const common = { gate: gate.origin, run: result.run };
  if (result.outcome === "interrupted") {
    const { code, drift, answer, took } = result;
    const why = whyNow(gate, governed, code);
    return { ...common, ...why, outcome: "INTERRUPTED", code, drift, answer, took };
  }
  const { exit, signal, error } = result.ended;
  const ended = {
    ...common,
    program: { exit, signal },
    error: error === undefined ? undefined : String(error),
  };
  if (result.outcome === "completed") return { ...ended, outcome: "DONE", code: undefined };
  return { ...ended, outcome: "UNRECORDED", code: result.code };
}

/** What a decision expects and finds now, where it denies for the same reason. */
function whyNow(
  { core }: GateHost["gate"],
  { allowed }: GovernedRun,
  code: string,
): Pick<RunOutcome, "expected" | "found" | "rule"> {
  const decision = core.decide(allowed, "again");
  if (decision.outcome === "allow" || decision.code !== code) return {};
  const { expected, found, rule } = decision;
  return { expected, found, rule };
}
