/** Deciding once more what a gate has decided, from what its log and the parts of a bundle hold. */
import type { Permission } from "../authorization/check.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import type { GateDecision } from "../gate/decide.js";
import { decide } from "../gate/decide.js";
import { decisionOf } from "../gate/run-entries.js";
import type { Started } from "../gate/state.js";
import { viewOfDomain } from "../authorization/domains.js";
import type { Kernel } from "../kernel/kernel.js";
import type { AllowAgain } from "../lineage/again.js";
import type { Linked } from "../lineage/entry/common.js";
import type { Decision } from "../lineage/entry/run.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Code, Failure } from "../verdict.js";
import { abbreviate, failure } from "../verdict.js";

import type { Moment, ReplayedRun } from "./run-inputs.js";

/**
 * What a denial may rest on that no log holds: the gate's own condition, what it measured and wrote
 * down only of runs that it allowed, and what it was asked with.
 */
const OF_THE_GATE: ReadonlySet<Code> = new Set([
  "INTERNAL",
  "LOG",
  "CLOCK",
  "KERNEL",
  "ENV",
  "ISOLATION",
  "ORPHAN",
  "HOLDER",
  "TOO_LARGE",
  "DIGEST",
  "MISSING",
  "UNSUPPORTED_DIGEST",
  "ARGS_CHANGED",
  "QUORUM",
  "ROLLBACK",
]);

/** How a decision compares with the one that was made again. */
export type Agreement =
  /** The same, with all that its entry says. `permission` of an allow. */
  | { readonly kind: "agrees"; readonly permission: Permission | undefined }
  /** A denial for a reason that no log holds: the gate's word. */
  | { readonly kind: "asserted" }
  | { readonly kind: "differs"; readonly failure: Failure };

/** Decides again, at the time that the entry says, and compares with the entry. */
export function decideAgain(
  kernel: Kernel,
  run: ReplayedRun,
  entry: Decision & Linked,
  moment: Moment,
): Agreement {
  const { started } = moment.state;
  const { measurement } = run;
  if (!started) {
    return { kind: "differs", failure: failure("MISSING", "the start of the gate", "none") };
  }
  if (!measurement && entry.outcome === "allow") {
    return { kind: "differs", failure: failure("MISSING", "a measurement of the run", "none") };
  }
  const decision = remake(run, entry, started, moment);
  if (entry.outcome === "deny" && OF_THE_GATE.has(entry.code as Code)) return { kind: "asserted" };
  // Of a run that was denied nothing was measured, so that this may be what it would not have come to.
  const unmeasured = entry.outcome === "deny" && !measurement && decision.outcome === "deny";
  if (unmeasured && decision.code !== entry.code && OF_THE_GATE.has(decision.code)) {
    return { kind: "asserted" };
  }
  const made = withWord(writeDown(kernel, run, entry, decision, moment), entry, moment);
  const different = differenceOf(made, entry, decision);
  if (different) return { kind: "differs", failure: different };
  return {
    kind: "agrees",
    permission: decision.outcome === "allow" ? decision.permission : undefined,
  };
}

/** Which state a denial has seen of a domain that the gate does not trust is its word: it rests on none. */
function withWord(made: Decision, { outcome, trust }: Decision, { domains }: Moment): Decision {
  if (outcome === "allow") return made;
  const names = made.trust.map((name, i) => {
    const distrusted = viewOfDomain(domains, name.domain)?.failure !== undefined;
    const said = trust[i];
    return distrusted && said?.domain === name.domain ? said : name;
  });
  return { ...made, trust: names };
}

/** What an entry of a decision says of itself, beside what was decided. */
type Said = Pick<Decision & Linked, "run" | "state" | "number" | "time">;

/**
 * What a gate that goes on with a run writes when it decides on it again: the whole entry, before it is
 * read. Undefined where the gate would not allow it, or has never begun.
 */
export function foretell(
  kernel: Kernel,
  run: ReplayedRun,
  said: Said & Pick<Linked, "prev">,
  moment: Moment,
): { readonly entry: AllowAgain; readonly permission: Permission } | undefined {
  const { started } = moment.state;
  if (!started || !run.measurement || said.number === 0) return undefined;
  const decision = remake(run, said, started, moment);
  if (decision.outcome === "deny") return undefined;
  const { prev, time } = said;
  const made = writeDown(kernel, run, said, decision, moment);
  return { entry: { ...made, prev, time } as AllowAgain, permission: decision.permission };
}

function remake(
  { authorization, request, possession, measurement, ancestors }: ReplayedRun,
  { run, number, time }: Said,
  { key, kernel, limits }: Started,
  { gate, state, domains }: Moment,
): GateDecision {
  return decide(authorization, request, {
    now: millisecondsOf(time),
    gate,
    domains,
    maxStaleness: limits.maxStaleness,
    terms: limits,
    possession,
    artifacts: measurement?.artifacts ?? [],
    state,
    key,
    failure: undefined,
    measured: {
      source: measurement?.source ?? "self-measured",
      kernel: measurement?.kernel ?? kernel,
      parts: measurement?.environment ?? [],
    },
    isolation: measurement?.isolation ?? { level: "sandbox" },
    ancestors,
    // Whether it could ask a peer's witness is the gate's own; that it did shows in the checkpoints.
    peerWitnessed: true,
    run: number > 0 ? run : undefined,
  });
}

function writeDown(
  kernel: Kernel,
  { authorization, request, ancestors, possession, readDigest }: ReplayedRun,
  { run, state, number }: Said,
  decision: GateDecision,
  { state: gateState, domains }: Moment,
): Decision {
  return decisionOf(kernel, {
    run,
    state,
    number,
    decision,
    command: request.command,
    authorization,
    domains,
    gateState,
    ancestors,
    possession: number > 0 ? undefined : possession,
    readDigest,
  });
}

const PARTS = [
  "outcome",
  "code",
  "rule",
  "command",
  "validUntil",
  "recheck",
  "trust",
  "stateDigest",
  "possession",
] as const;

function differenceOf(
  made: Decision,
  entry: Decision,
  decision: GateDecision,
): Failure | undefined {
  for (const part of PARTS) {
    const [expected, found] = [made[part], entry[part]].map((value) =>
      typeof value === "object" && value !== null
        ? formatCanonical(value as unknown as Json)
        : String(value),
    ) as [string, string];
    if (expected === found) continue;
    const why =
      part === "outcome" && decision.outcome === "deny"
        ? `${decision.code}: ${decision.expected}, found ${decision.found}`
        : `${part} ${abbreviate(expected)}`;
    return failure(
      "DECISION",
      `what comes out when it is made again: ${why}`,
      `${part} ${abbreviate(found)}`,
    );
  }
  return undefined;
}
