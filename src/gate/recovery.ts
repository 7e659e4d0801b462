/**
 * How what was stopped goes on: trust is synchronised, the environment measured, the request decided on
 * again, all still denying; then a resumer's word, which serves once and for this one drift.
 */
import { makeRequest } from "../authorization/request.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import { formatCanonical } from "../bytes/canonical.js";
import { parseEntry } from "../lineage/entry.js";
import type { Opening } from "../lineage/openings.js";
import { checkOpening } from "../lineage/openings.js";
import type { GateCore } from "./core.js";
import { checkMeasured } from "./environment.js";
import type { Denied, Gate } from "./gate.js";
import type { Allowed } from "./governed-run.js";
import { GovernedRun } from "./governed-run.js";
import type { Preparer } from "./prepare.js";
import type { CheckedResume } from "./resume-statement.js";
import { checkResume } from "./resume-statement.js";
import type { RunRequest } from "./run-request.js";
import type { RunRecord } from "./state.js";
import type { Supervisor } from "./supervisor.js";
import { decisionEntry } from "./supervisor.js";

export type Resumed = { readonly outcome: "allow"; readonly run: GovernedRun } | Denied;

/** Trust as new as it can be had, and an environment that is what the baseline says. */
async function revalidate(core: GateCore): Promise<Failure | undefined> {
  await core.options.follower.refresh();
  const bad = await core.remeasure();
  const { own } = core.domains();
  return bad ?? core.failure ?? checkMeasured(own.state?.baseline, core.measured);
}

/** CONTAINED unless there is such a run, and it is contained. */
function checkContained({ state }: GateCore, run: string): Failure | undefined {
  const record = state.runs.get(run);
  if (record?.state === "contained") return undefined;
  return failure("CONTAINED", "a run that is contained", record?.state ?? "no such run");
}

/** The resumer's word for this drift, or why it is none. */
function readStatement(
  core: GateCore,
  statement: Uint8Array,
  run: string | null,
  drift: string | undefined,
): Result<CheckedResume> {
  if (drift === undefined) return failure("CONTAINED", "a drift to answer", "none");
  const { kernel, maxStaleness, terms } = core.options;
  return checkResume(kernel, statement, {
    gate: core.origin,
    drift,
    run,
    domains: core.domains(),
    freshness: { now: core.now, maxStaleness, terms },
  });
}

export async function resumeGate(
  core: GateCore,
  statement: Uint8Array,
): Promise<Result<undefined>> {
  const equivocated = (): Failure | undefined => {
    const { own } = core.domains();
    return own.failure?.code === "EQUIVOCATION" ? own.failure : undefined;
  };
  // A clock that was set back is right again once somebody has said so.
  if (core.failure?.code === "CLOCK" && !core.ledger.failure && !core.ended)
    core.clockWatch.accept();
  const bad = (await revalidate(core)) ?? equivocated();
  if (bad) return bad;
  if (core.state.mode !== "contained") {
    return failure("CONTAINED", "a gate that is contained", core.state.mode);
  }
  const drift = core.state.drift as string;
  const read = readStatement(core, statement, null, drift);
  if (!read.ok) return read;
  const written = core.write([
    { kind: "resume", run: null, state: "open", drift, statement: read.value.statement },
  ]);
  if (!written.ok) return written;
  if (!(await written.value.durable))
    return core.failure ?? failure("LOG", "a durable entry", "none");
  return ok(undefined);
}

/** Brings a contained run to `recovering`, and back where it would still be denied. */
export async function recover(core: GateCore, run: string): Promise<Result<undefined>> {
  const not = checkContained(core, run);
  if (not) return not;
  const began = core.write([{ kind: "transition", run, state: "recovering", code: null }]);
  if (!began.ok) return began;
  const bad = await revalidate(core);
  if (!bad) return ok(undefined);
  return backTo(core, run, bad);
}

/** Back to `contained`, or to the end where no newer trust and nobody's word could help. */
function backTo(core: GateCore, run: string, why: Failure, expires = Infinity): Failure {
  const final = why.code === "REVOKED" || (why.code === "EXPIRED" && core.now >= expires);
  const state = final ? "revoked" : "contained";
  core.write([{ kind: "transition", run, state, code: why.code }]);
  return why;
}

export async function resumeRun(
  gate: Gate,
  preparer: Preparer,
  run: string,
  statement: Uint8Array,
  ask: RunRequest & { readonly openings: readonly Opening[] },
): Promise<Resumed> {
  const { core, supervisor } = gate;
  const denied = ({ code, expected, found }: Failure): Denied => ({
    outcome: "deny",
    run,
    code,
    expected,
    found,
    rule: undefined,
  });
  const request = makeRequest(ask.request);
  const began = await recover(core, run);
  if (!began.ok) return denied(began);
  const prepared = await preparer.prepare(run, ask, request);
  const { allowed } = prepared;
  if (prepared.failure || !allowed) return denied(backTo(core, run, prepared.failure as Failure));
  const record = core.state.runs.get(run);
  if (record?.state !== "recovering") {
    return denied(failure("CONTAINED", "a run that is recovering", record?.state ?? "none"));
  }
  const other = await checkSame(core, record, allowed, ask.openings);
  if (other) return denied(backTo(core, run, other));
  const again = new GovernedRun(allowed, (each) => supervisor.checkpoint(each));
  const decision = core.decide(allowed, "again");
  const written = core.write([decisionEntry(core, again, decision, "recovering")]);
  if (!written.ok) return denied(written);
  if (decision.outcome === "deny") {
    const { expires } = allowed.authorization.demands;
    return denied(backTo(core, run, { ok: false, ...decision }, expires));
  }
  const read = readStatement(core, statement, run, record.drift);
  if (!read.ok) return denied(backTo(core, run, read));
  const resumed = core.write([
    {
      kind: "resume",
      run,
      state: "executing",
      drift: record.drift as string,
      statement: read.value.statement,
    },
  ]);
  if (!resumed.ok) return denied(resumed);
  again.decision = written.value.entries[0];
  supervisor.add(again, decision);
  if (!(await resumed.value.durable)) {
    return denied(core.failure ?? failure("LOG", "a durable entry", "none"));
  }
  if (!again.broken) supervisor.begin(again);
  return { outcome: "allow", run: again };
}

/** ARGS_CHANGED unless this is what the run was admitted for, by the digests of its admission. */
async function checkSame(
  { options, ledger }: GateCore,
  { authorization, admission }: RunRecord,
  allowed: Allowed,
  openings: readonly Opening[],
): Promise<Failure | undefined> {
  const { kernel } = options;
  const bytes = admission === undefined ? undefined : await ledger.log.read(admission);
  const entry = bytes && parseEntry(bytes);
  if (!entry?.ok || entry.value.kind !== "admission") {
    return failure("MISSING", "the run's admission in the log", "none");
  }
  const { command, principal, arguments: digests } = entry.value;
  const { request } = allowed;
  const same =
    allowed.authorization.sha256 === authorization &&
    request.command === command &&
    request.principal === principal.id &&
    Object.keys(request.input).length === digests.length;
  if (!same)
    return failure("ARGS_CHANGED", `${command} by ${principal.id}, as admitted`, "another");
  for (const digest of digests) {
    const opening = openings.find(({ name }) => name === digest.name);
    if (!opening) return failure("MISSING", `an opening of ${abbreviate(digest.name)}`, "none");
    const opened = checkOpening(kernel, digest, opening);
    if (!opened.ok) return opened;
    const value = request.input[digest.name];
    if (value === undefined || formatCanonical(value) !== formatCanonical(opening.value)) {
      return failure("ARGS_CHANGED", `argument ${abbreviate(digest.name)} as admitted`, "another");
    }
  }
  return undefined;
}

export async function revoke(
  core: GateCore,
  supervisor: Supervisor,
  run: string | null,
): Promise<Result<undefined>> {
  const running = run === null ? [...supervisor.runs.values()] : [supervisor.runs.get(run)];
  for (const each of running) {
    if (!each) continue;
    supervisor.break(each, "REVOKED", "revocation");
    await each.finished;
  }
  if (run !== null && !core.state.runs.has(run)) {
    return failure(
      "MISSING",
      "a run that is not over",
      core.state.revoked.has(run) ? "revoked" : "none",
    );
  }
  if (run === null && core.state.mode === "revoked") return ok(undefined);
  const written = core.write([{ kind: "transition", run, state: "revoked", code: "REVOKED" }]);
  if (!written.ok) return written;
  if (!(await written.value.durable))
    return core.failure ?? failure("LOG", "a durable entry", "none");
  return ok(undefined);
}
