/**
 * Opening a gate: its log is replayed and proven to be the newest before anything is written or allowed;
 * runs that a crash left open are closed as what they are.
 */
import { encodeHex } from "../bytes/hex.js";
import type { EntryBody } from "../lineage/entry.js";
import { keepContent, keepTrustState } from "../lineage/kept.js";
import type { GateLog } from "../lineage/log.js";
import { openLog } from "../lineage/log.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { GateCore, measure } from "./core.js";
import { Cosigning } from "./cosigning.js";
import { driftEntry } from "./drift.js";
import { checkKernel } from "./environment.js";
import { Gate } from "./gate.js";
import { Ledger } from "./ledger.js";
import type { GateOptions } from "./options.js";
import { CADENCE, UNWITNESSED } from "./options.js";
import type { RunRecord } from "./state.js";
import { GateFold } from "./state.js";
import { replayEntry } from "./state-at.js";
import { Supervisor } from "./supervisor.js";
import { proveNewest, witnessesOf } from "./witness.js";

/**
 * A gate, or why there is none: LOG where the log does not replay, is not the newest, or has another
 * writer; KERNEL where the kernel fails its known answers. Throws what the storage throws.
 */
export async function openGate(options: GateOptions): Promise<Result<Gate>> {
  const { kernel, storage, signer, clock } = options;
  requireLimits(options);
  const bad = checkKernel(kernel);
  if (bad) return bad;
  const fold = new GateFold();
  let illegal: Failure | undefined;
  const cadence = { ...CADENCE, ...options.cadence };
  const opened = await openLog(kernel, storage, signer, {
    every: { entries: cadence.checkpointEntries, ms: cadence.checkpoint },
    after: (ms, call) => clock.after(ms, call),
    replay: ({ entry, leaf }) => {
      illegal ??= replayEntry(fold, entry, leaf);
    },
  });
  if (!opened.ok) return opened;
  const { log, torn } = opened.value;
  let gate: Result<Gate> | undefined;
  try {
    gate = illegal ?? (await begin(options, fold, log, torn));
    return gate;
  } finally {
    // Whoever comes next is not kept out by a gate that is none.
    if (!gate?.ok) await log.close().catch(() => {});
  }
}

/** They stand in the log. */
function requireLimits({ maxStaleness, terms }: GateOptions): void {
  for (const each of [maxStaleness, terms.maxLifetime, terms.skew]) {
    if (Number.isSafeInteger(each) && each >= 0) continue;
    throw new TypeError("`maxStaleness` and `terms` are whole milliseconds");
  }
}

/** Writes the start. What goes wrong leaves the log as it is, but for entries of that start. */
async function begin(
  options: GateOptions,
  fold: GateFold,
  log: GateLog,
  torn: number,
): Promise<Result<Gate>> {
  const { kernel, storage, signer, clock } = options;
  const cadence = { ...CADENCE, ...options.cadence };
  const newest = await findNewest(options, log);
  if (!newest.ok) return newest;
  const ledger = new Ledger(kernel, log, fold, clock, {
    stateEvery: cadence.state,
    keep: (digest, bytes) => {
      const kept = keepContent(storage, digest, bytes);
      core.keep(kept.catch(() => {}));
      return kept;
    },
  });
  const core: GateCore = new GateCore(options, ledger, await measure(options), ({ own, peers }) => {
    for (const { state } of [own, ...peers.values()]) {
      if (!state) continue;
      const kept = keepTrustState(kernel, storage, state).catch((error: unknown) => {
        ledger.fail(failure("LOG", "a trust state kept beside the log", String(error)));
      });
      core.keep(kept);
    }
  });
  const { size, time } = fold;
  if (!(clock.now() + options.terms.skew >= time)) {
    const expected = `a clock that is not behind the log's last entry`;
    return failure("CLOCK", expected, `${time - clock.now()} ms behind`);
  }
  const crashed = [...fold.runs].filter(([, { state }]) => state !== "contained");
  const written = core.write([
    {
      kind: "start",
      state: fold.mode,
      gate: { origin: log.origin, key: encodeHex(signer.key.publicKey) },
      kernel: core.measured.kernel,
      limits: {
        maxStaleness: options.maxStaleness,
        maxLifetime: options.terms.maxLifetime,
        skew: options.terms.skew,
      },
      witnessed: newest.value,
      torn,
      host: options.host,
    },
    ...crashed.flatMap(([run, record]) => crashEntries(run, record)),
  ]);
  if (!written.ok || !(await written.value.durable)) {
    return ledger.failure ?? failure("LOG", `entry ${size} stored`, "not stored");
  }
  return ok(new Gate(core, new Supervisor(core)));
}

/** What the domain's witness vouches for; null where nobody is asked. */
async function findNewest(
  options: GateOptions,
  log: GateLog,
): Promise<Result<{ readonly size: number; readonly root: string } | null>> {
  const { kernel, storage, witness, follower, clock, terms } = options;
  if (witness === UNWITNESSED) return ok(null);
  const { own } = follower.domains;
  if (!own.state)
    return own.failure ?? failure("NO_TRUST", `a trust state of ${own.domain}`, "none");
  const listed = witnessesOf(kernel, own.state);
  if (!listed.ok) return listed;
  const key = encodeHex(witness.key.publicKey);
  if (!listed.value.some((each) => encodeHex(each.publicKey) === key)) {
    const names = listed.value.map(({ name }) => name).join(", ") || "it names none";
    return failure("LOG", `a witness that ${own.domain} names: ${names}`, witness.key.name);
  }
  const proven = await proveNewest(kernel, log, storage, witness, { clock, skew: terms.skew });
  if (!proven.ok) return proven;
  const kept = await new Cosigning(options, log).keep(proven.value.checkpoint);
  if (!kept.ok && kept.code === "EQUIVOCATION") return { ...kept, code: "LOG" };
  return ok({ size: proven.value.size, root: proven.value.root });
}

/** What was executing may still be: nobody here can tell. What had not begun never will. */
function crashEntries(run: string, { state, level }: RunRecord): EntryBody[] {
  if (state === "baseline" || state === "authorized" || state === "trusted") {
    return [{ kind: "transition", run, state: "denied", code: "CRASH" }];
  }
  return [
    ...(state === "drifted" ? [] : [driftEntry(run, "crash", "CRASH", undefined)]),
    {
      kind: "interruption",
      run,
      state: "contained",
      level: level ?? "cooperative",
      answer: "unknown",
      steps: [],
      took: 0,
    },
  ];
}
