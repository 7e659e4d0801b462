/**
 * Verification of a signed checkpoint against the caller's policy: origin, log signature, quorum of
 * witnesses, and how recent they are.
 */
import type { Kernel } from "../kernel/kernel.js";
import type { Failure, Verdict } from "../verdict.js";
import { abbreviate, failure, judge, Plan } from "../verdict.js";
import type { UnverifiedCheckpoint } from "./checkpoint.js";
import { parseCheckpoint } from "./checkpoint.js";
import type { Policy, Witness } from "./policy.js";
import { describeQuorum, quorumMet } from "./policy.js";
import type { SignatureStatus } from "./signatures.js";
import { checkSignatures } from "./signatures.js";
import type { Verifiers } from "./verifiers.js";
import { NO_VERIFIERS } from "./verifiers.js";
import type { VerifierKey } from "./vkey.js";

/** Whose checkpoint it must be. */
export interface LogDemand {
  readonly logs: readonly VerifierKey[];
  /** The origin that the checkpoint must have. Undefined: the name of the key that signed it. */
  readonly origin: string | undefined;
  readonly verifiers: Verifiers;
}

/** What the caller demands of a checkpoint. Nothing has a default: trust and time are the caller's. */
export interface CheckpointDemand {
  readonly policy: Policy;
  /**
   * The origin that the checkpoint must have, compared whole. The log key that signs it must have that
   * name, as tlog-policy says; only where the policy names a single log may its key have another.
   * Undefined: any log of the policy, under its key's name.
   */
  readonly origin: string | undefined;
  /** Milliseconds since the epoch. Cosignatures from later than `now + skew` count nothing. */
  readonly now: number;
  /** Milliseconds that the quorum may be old. Infinity: any age, and also cosignatures without time. */
  readonly maxStaleness: number;
  /** Milliseconds that a witness's clock may run ahead of `now`. */
  readonly skew: number;
  /** From `loadVerifiers(policy)`. */
  readonly verifiers: Verifiers;
}

/** The names of the checks, in order. */
export const CHECKPOINT_CHECKS = ["origin", "log signature", "cosignatures", "quorum"] as const;

/** Verifies a signed checkpoint. PROVEN: the log signed it, and the policy's quorum cosigned it. */
export function verifyCheckpoint(
  kernel: Kernel,
  bytes: Uint8Array,
  demand: CheckpointDemand,
): Verdict {
  const plan = new Plan(["checkpoint format", ...CHECKPOINT_CHECKS]);
  return judge(plan, () => {
    const signed = parseCheckpoint(bytes);
    if (!signed.ok) return plan.fail("checkpoint format", signed);
    plan.pass("checkpoint format");
    judgeCheckpoint(kernel, plan, signed.value, demand);
  });
}

/** Judges CHECKPOINT_CHECKS of a plan that holds them. */
export function judgeCheckpoint(
  kernel: Kernel,
  plan: Plan,
  signed: UnverifiedCheckpoint,
  demand: CheckpointDemand,
): void {
  requireTimes(demand);
  const { policy, verifiers } = demand;
  const logs = judgeOrigin(plan, "origin", signed, policy.logs, demand.origin);
  if (!logs) return;
  const witnesses = new Map(policy.witnesses.map((witness) => [witness.key, witness]));
  const keys = [...logs, ...witnesses.keys()];
  const statuses = checkSignatures(kernel, signed, keys, verifiers);
  judgeLogSignature(plan, "log signature", logs, statuses);

  const byWitness = statuses.filter(({ key }) => witnesses.has(key));
  const bad = firstBad(byWitness);
  if (bad) plan.fail("cosignatures", bad);
  else {
    const expected = "every cosignature by a known witness verifies";
    plan.pass("cosignatures", expected, `by ${namesOf(byWitness) || "none"}`);
  }

  const cosigned = byWitness.flatMap(({ key, status, time }) => {
    const witness = witnesses.get(key);
    return status === "ok" && witness && time !== undefined ? [{ witness, time }] : [];
  });
  judgeQuorum(plan, cosigned, demand);
}

/**
 * Judges "origin" and "log signature" alone, for a log whose witnesses are not asked about. `side`
 * goes before the names where a plan holds two checkpoints.
 */
export function judgeLog(
  kernel: Kernel,
  plan: Plan,
  signed: UnverifiedCheckpoint,
  { logs, origin, verifiers }: LogDemand,
  side = "",
): void {
  const accepted = judgeOrigin(plan, `${side}origin`, signed, logs, origin);
  if (!accepted) return;
  const statuses = checkSignatures(kernel, signed, accepted, verifiers);
  judgeLogSignature(plan, `${side}log signature`, accepted, statuses);
}

/** Why the checkpoint is not one that the log of this Ed25519 key signed, under the key's own name. */
export function checkLog(
  kernel: Kernel,
  signed: UnverifiedCheckpoint,
  key: VerifierKey,
): Failure | undefined {
  const plan = new Plan(["origin", "log signature"]);
  judgeLog(kernel, plan, signed, { logs: [key], origin: key.name, verifiers: NO_VERIFIERS });
  const bad = plan.verdict().checks.find(({ outcome }) => outcome !== "passed");
  const expected = bad?.expected ?? `a signature by ${key.name}+${key.keyId}`;
  return bad && failure(bad.code ?? "INTERNAL", expected, bad.found ?? "none");
}

/** Gives the keys that may sign for this origin, or undefined when the check failed. */
function judgeOrigin(
  plan: Plan,
  check: string,
  { checkpoint }: UnverifiedCheckpoint,
  logs: readonly VerifierKey[],
  demanded: string | undefined,
): readonly VerifierKey[] | undefined {
  const found = abbreviate(checkpoint.origin);
  const named = logs.filter((key) => key.name === checkpoint.origin);
  const names = demanded === undefined ? logs.map((key) => key.name) : [demanded];
  const expected = names.map(abbreviate).join(" or ");
  if (!names.includes(checkpoint.origin)) {
    plan.fail(check, failure("ORIGIN", expected || "a log that the policy names", found));
    return undefined;
  }
  plan.pass(check, expected, found);
  // A key of another name signs for the demanded origin only where there is no choice of keys:
  // otherwise one log of the policy could speak for another.
  return named.length === 0 && logs.length === 1 ? logs : named;
}

function judgeLogSignature(
  plan: Plan,
  check: string,
  logs: readonly VerifierKey[],
  statuses: readonly SignatureStatus[],
): void {
  const byLog = statuses.filter(({ key }) => logs.includes(key));
  const names = logs.map(({ name, keyId }) => `${name}+${keyId}`).join(" or ");
  const expected = `a signature by ${names || "a key of the origin's name"}`;
  const bad = firstBad(byLog);
  if (bad) plan.fail(check, bad);
  else if (byLog.length === 0) plan.fail(check, failure("UNSIGNED", expected, "none"));
  else plan.pass(check, expected, `signed by ${namesOf(byLog)}`);
}

interface Cosigned {
  readonly witness: Witness;
  /** Seconds. */
  readonly time: bigint;
}

function judgeQuorum(plan: Plan, cosigned: readonly Cosigned[], demand: CheckpointDemand): void {
  const { policy, now, maxStaleness, skew } = demand;
  const rule = policy.quorum;
  const age = ({ time }: Cosigned): number => now - Number(time) * 1000;
  const timely = cosigned.filter((each) => age(each) >= -skew);
  const anyAge = maxStaleness === Number.POSITIVE_INFINITY;
  const fresh = timely.filter((each) => anyAge || (each.time !== 0n && age(each) <= maxStaleness));
  const expected = anyAge
    ? describeQuorum(rule)
    : `${describeQuorum(rule)}, at most ${seconds(maxStaleness)} old`;

  if (!rule) {
    if (anyAge) return plan.pass("quorum", expected, "no cosignature is demanded");
    const found = "a policy that demands no cosignature, so that nothing tells the age";
    return plan.fail("quorum", failure("STALE", expected, found));
  }
  const complete = completion(rule, fresh);
  if (complete) {
    const names = [...new Set(fresh.map(({ witness }) => witness.name))].join(", ");
    return plan.pass("quorum", expected, `${names}; ${describeAge(complete, age)}`);
  }
  const late = completion(rule, timely);
  if (late) return plan.fail("quorum", failure("STALE", expected, describeAge(late, age)));
  const names = [...new Set(timely.map(({ witness }) => witness.name))].join(", ");
  plan.fail("quorum", failure("QUORUM", expected, names || "none"));
}

/** The cosignature that completes the quorum when they are counted from the freshest on. */
function completion(
  rule: NonNullable<Policy["quorum"]>,
  cosigned: readonly Cosigned[],
): Cosigned | undefined {
  const counted = new Set<Witness>();
  const byTime = [...cosigned].sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
  return byTime.find(({ witness }) => quorumMet(rule, counted.add(witness)));
}

function describeAge(cosigned: Cosigned, age: (cosigned: Cosigned) => number): string {
  return cosigned.time === 0n ? "without a time" : `${seconds(age(cosigned))} old`;
}

/** For people: the seconds, and days where there are some. */
function seconds(milliseconds: number): string {
  const days = Math.floor(milliseconds / 86_400_000);
  return `${Math.floor(milliseconds / 1000)} s${days > 0 ? ` (${days} d)` : ""}`;
}

/** A signature that failed comes before one that could not be checked. */
function firstBad(statuses: readonly SignatureStatus[]): Failure | undefined {
  const failed = statuses.find(({ status }) => status === "failed");
  if (failed) {
    const expected = `a signature that verifies under ${failed.key.name}+${failed.key.keyId}`;
    return failure("SIGNATURE", expected, failed.reason ?? "one that does not");
  }
  const open = statuses.find(({ status }) => status !== "ok");
  if (!open) return undefined;
  const found = `the signature by "${open.key.name}" was not checked`;
  return failure("NOT_LOADED", "verifiers from loadVerifiers(policy)", found);
}

function namesOf(statuses: readonly SignatureStatus[]): string {
  return [...new Set(statuses.map(({ key }) => key.name))].join(", ");
}

/** NaN would make every comparison false, and with it every demand. */
function requireTimes({ now, maxStaleness, skew }: CheckpointDemand): void {
  if (!Number.isFinite(now)) throw new TypeError("`now` is milliseconds since the epoch");
  if (!(maxStaleness >= 0)) throw new TypeError("`maxStaleness` is milliseconds, or Infinity");
  if (!(skew >= 0 && Number.isFinite(skew))) throw new TypeError("`skew` is milliseconds");
}
