/**
 * How what was stopped goes on: trust is synchronised, the environment measured, the request decided on
 * again, all still denying; then a resumer's word, which serves once and for this one drift.
 */
import { makeRequest } from "../authorization/request.js";
import { checkTrusted } from "../trust/view.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeHex } from "../bytes/hex.js";
import { parseEntry } from "../lineage/entry.js";
import type { Admission } from "../lineage/entry/run.js";
import type { Opening } from "../lineage/openings.js";
import { checkOpening } from "../lineage/openings.js";
import type { GateCore } from "./core.js";
import { checkMeasured } from "./environment.js";
import type { Written } from "./ledger.js";
import type { Gate } from "./gate.js";
import type { Allowed } from "./governed-run.js";
import { GovernedRun } from "./governed-run.js";
import type { Preparer } from "./prepare.js";
import type { CheckedResume } from "./resume-statement.js";
import { checkResume } from "./resume-statement.js";
import type { RunRequest } from "./run-request.js";
import type { Started } from "./started.js";
import { denied } from "./started.js";
import type { Supervisor } from "./supervisor.js";
import { messageOf } from "./message.js";

/** Trust as new as it can be had, and an environment that is what the baseline says. */
async function revalidate(core: GateCore, clock: "right" | "any"): Promise<Failure | undefined> {
  try {
    await core.options.follower.refresh();
    const bad = await core.remeasure();
    const { own } = core.domains();
    const broken =
      core.ended ?? core.ledger.failure ?? (clock === "any" ? undefined : core.clockWatch.check());
    if (bad ?? broken) return bad ?? broken;
    const { maxStaleness, terms } = core.options;
    const trusted = checkTrusted(own, { now: core.now, maxStaleness, terms });
    return trusted.ok ? checkMeasured(own.state?.baseline, core.measured) : trusted;
  } catch (error) {
    const found = messageOf(error);
    return failure("INTERNAL", "trust and an environment that can be looked at", found);
  }
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
  const { now, origin: gate } = core;
  if (!Number.isFinite(now)) return failure("CLOCK", "a clock that tells the time", `${now}`);
  try {
    const domains = core.domains();
    const freshness = { now, maxStaleness, terms };
    return checkResume(kernel, statement, { gate, drift, run, domains, freshness });
  } catch (error) {
    const found = messageOf(error);
    return failure("INTERNAL", "a statement that can be checked", found);
  }
}

export async function resumeGate(
  core: GateCore,
  statement: Uint8Array,
): Promise<Result<undefined>> {
  const bad = await revalidate(core, "any");
  if (bad) return bad;
  if (core.state.mode !== "contained") {
    return failure("CONTAINED", "a gate that is contained", core.state.mode);
  }
  const drift = core.state.drift as string;
  const read = readStatement(core, statement, null, drift);
  if (!read.ok) return read;
  // A clock that was set back is right again once somebody has said so.
  if (core.clockWatch.check()) core.clockWatch.accept();
  const written = core.write([
    { kind: "resume", run: null, state: "open", drift, statement: read.value.statement },
  ]);
  if (!written.ok) return written;
  return (await core.notDurable(written.value)) ?? ok(undefined);
}

/** Brings a contained run to `recovering`, and back where it would still be denied. */
export async function recover(core: GateCore, run: string): Promise<Result<undefined>> {
  const not = checkContained(core, run);
  if (not) return not;
  const began = core.write([{ kind: "transition", run, state: "recovering", code: null }]);
  if (!began.ok) return began;
  const looked = await look(core, run);
  return looked.ok ? ((await core.notDurable(began.value)) ?? looked) : looked;
}

/** Whether a run that is recovering could go on, as far as trust and environment tell. */
async function look(core: GateCore, run: string): Promise<Result<undefined>> {
  const bad = (await revalidate(core, "right")) ?? checkRecovering(core, run);
  return bad ? await backTo(core, run, bad) : ok(undefined);
}

/** CONTAINED unless the run is still recovering: meanwhile it may have been revoked. */
function checkRecovering({ state }: GateCore, run: string): Failure | undefined {
  const record = state.runs.get(run);
  if (record?.state === "recovering") return undefined;
  return failure("CONTAINED", "a run that is recovering", record?.state ?? "none");
}

/** Back to `contained`, or to the end where no newer trust and nobody's word could help. */
async function backTo(
  core: GateCore,
  run: string,
  why: Failure,
  expires = Infinity,
): Promise<Failure> {
  if (checkRecovering(core, run)) return why;
  const final = why.code === "REVOKED" || (why.code === "EXPIRED" && core.now >= expires);
  const state = final ? "revoked" : "contained";
  const written = core.write([{ kind: "transition", run, state, code: why.code }]);
  // Who is told so finds it so, also after a crash.
  if (written.ok) await written.value.durable;
  return why;
}

export async function resumeRun(
  gate: Gate,
  preparer: Preparer,
  run: string,
  statement: Uint8Array,
  ask: RunRequest & { readonly openings: readonly Opening[] },
): Promise<Started> {
  const { core, supervisor } = gate;
  if (supervisor.resuming.has(run)) {
    return denied(run, failure("CONTAINED", "a run that nobody resumes", "one that is resumed"));
  }
  supervisor.resuming.add(run);
  try {
    const resumed = await takeUp(gate, preparer, run, statement, ask);
    if (!resumed.ok) return denied(run, await backTo(core, run, resumed, resumed.expires));
    const { governed, written } = resumed.value;
    await gate.coverByPeer(governed, written);
    supervisor.begin(governed);
    return { outcome: "allow", run: governed };
  } catch (error) {
    const found = messageOf(error);
    return denied(run, await backTo(core, run, failure("INTERNAL", "a run that goes on", found)));
  } finally {
    supervisor.resuming.delete(run);
  }
}

/** The run with its resume durable, or why it does not go on. */
async function takeUp(
  { core, supervisor }: Gate,
  preparer: Preparer,
  run: string,
  statement: Uint8Array,
  ask: RunRequest & { readonly openings: readonly Opening[] },
): Promise<
  | { ok: true; value: { readonly governed: GovernedRun; readonly written: Written } }
  | (Failure & { readonly expires?: number })
> {
  const request = makeRequest(ask.request);
  const began = checkRecovering(core, run) ? await recover(core, run) : await look(core, run);
  if (!began.ok) return began;
  const admission = await admissionOf(core, run);
  if (!admission.ok) return admission;
  // What caused it is what caused it before, whatever the caller says now.
  const parents = admission.value.parents.filter(({ origin }) => origin === core.origin);
  const again = { ...ask, parents, packet: undefined };
  const prepared = await preparer.prepare(run, again, request);
  const { allowed } = prepared;
  if (prepared.failure || !allowed) return prepared.failure as Failure;
  const first = await firstDecision(core, run);
  // Nothing is waited for from here to the resume.
  const gone =
    checkSame(core, admission.value, allowed, ask.openings) ?? checkRecovering(core, run);
  if (gone) return gone;
  const governed = new GovernedRun(allowed, (each) => supervisor.checkpoint(each));
  const decision = core.decide(allowed, "again");
  const { command } = allowed.request;
  const written = core.write(
    [core.decisionEntry({ run, state: "recovering", decision, command, allowed })],
    decision.now,
  );
  if (!written.ok) return written;
  if (decision.outcome === "deny") {
    return { ok: false, ...decision, expires: allowed.authorization.demands.expires };
  }
  const drift = core.state.runs.get(run)?.drift as string;
  const read = readStatement(core, statement, run, drift);
  if (!read.ok) return read;
  const resumed = core.write([
    { kind: "resume", run, state: "executing", drift, statement: read.value.statement },
  ]);
  if (!resumed.ok) return resumed;
  governed.decision = first;
  supervisor.add(governed, decision);
  return (await core.notDurable(resumed.value)) ?? ok({ governed, written: resumed.value });
}

/** Where the decision stands that allowed a run first: its name, for runs that it causes. */
async function firstDecision(
  { options, ledger, state }: GateCore,
  run: string,
): Promise<{ readonly index: number; readonly leaf: string } | undefined> {
  const admission = state.runs.get(run)?.admission;
  if (admission === undefined) return undefined;
  const index = admission + 2;
  const bytes = await ledger.log.read(index);
  return bytes && { index, leaf: encodeHex(options.kernel.leafHash(bytes)) };
}

async function admissionOf({ state, ledger }: GateCore, run: string): Promise<Result<Admission>> {
  const index = state.runs.get(run)?.admission;
  const bytes = index === undefined ? undefined : await ledger.log.read(index);
  const entry = bytes && parseEntry(bytes);
  if (entry?.ok && entry.value.kind === "admission") return ok(entry.value);
  return failure("MISSING", "the run's admission in the log", "none");
}

/** ARGS_CHANGED unless this is what the run was admitted for, by the digests of its admission. */
function checkSame(
  { options }: GateCore,
  { authorization, command, principal, arguments: digests }: Admission,
  allowed: Allowed,
  openings: readonly Opening[],
): Failure | undefined {
  const { kernel } = options;
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
  const running = run === null ? [...supervisor.runs.values()] : [];
  const written =
    run === null ? revokeGate(core, supervisor) : await revokeRun(core, supervisor, run);
  if (!written.ok) return written;
  await Promise.all(running.map((each) => each.finished));
  const lost = written.value && (await core.notDurable(written.value));
  return lost ?? ok(undefined);
}

/** The gate first: nothing is allowed while what runs is being stopped. */
function revokeGate(core: GateCore, supervisor: Supervisor): Result<Written | undefined> {
  if (core.state.mode === "revoked") return ok(undefined);
  const written = core.write([
    { kind: "transition", run: null, state: "revoked", code: "REVOKED" },
  ]);
  supervisor.breakAll("REVOKED", "revocation");
  return written;
}

async function revokeRun(
  core: GateCore,
  supervisor: Supervisor,
  run: string,
): Promise<Result<Written | undefined>> {
  const running = supervisor.runs.get(run);
  if (running) {
    supervisor.break(running, "REVOKED", "revocation");
    await running.finished;
  }
  if (core.state.revoked.has(run)) return ok(undefined);
  if (!core.state.runs.has(run)) return failure("MISSING", "a run that is not over", "none");
  return core.write([{ kind: "transition", run, state: "revoked", code: "REVOKED" }]);
}
