/**
 * Verifying a proof bundle: offline, from the roots that the verifier pins, every decision made again.
 * The order is: form, trust, checkpoints, then the entries of each log as they are read.
 */
import { equalBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import { formatRfc3339 } from "../bytes/rfc3339.js";
import { KernelFault } from "../kernel/border.js";
import type { Kernel } from "../kernel/kernel.js";
import type { UnverifiedCheckpoint } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import type { Failure, Result } from "../verdict.js";
import { failure } from "../verdict.js";
import { Crossings } from "./crossings.js";
import type { BundleDemand } from "./demand.js";
import { quorumIn, requireDemand } from "./demand.js";
import type { Withdrawals } from "./domain-replay.js";
import { DomainReplay } from "./domain-replay.js";
import { Findings } from "./findings.js";
import type { BundleSource } from "./line-reader.js";
import type { BundledLog } from "./manifest.js";
import type { OpenBundle } from "./read-bundle.js";
import { MAX_BUNDLE_BYTES, openBundle } from "./read-bundle.js";
import type { BundleReport, GateReport, LogReport } from "./report.js";
import { notChecked } from "./not-checked.js";
import { followAll, readPins, Trusted } from "./trusted.js";
import type { BundleContext } from "./verify-gate.js";
import { GateVerification } from "./verify-gate.js";
import type { HashedEntry } from "./verify-log.js";
import { LogTree, walkLog } from "./verify-log.js";
import type { WitnessedCheckpoint } from "./witnessed.js";
import { domainOfLog, LogWitnesses, WitnessedTimes } from "./witnessed.js";

/** Which row of the feature list a check serves, by the end of its name. */
const FEATURES: Readonly<Record<string, string>> = {
  form: "F19",
  "pinned roots": "F21",
  "trust states": "F24",
  checkpoints: "F48",
  quorum: "F48",
  entries: "F41",
  changes: "F42",
  transitions: "F42",
  trust: "F24",
  authorizations: "F29",
  decisions: "F19",
  continuity: "F47",
  times: "F48",
  intents: "F48",
  resumes: "F57",
  withdrawals: "F9",
  "hand-overs": "F23",
  "both sides": "F32",
  tail: "F18",
  parts: "F16",
};

/**
 * PROVEN as of a time: all that the bundle holds follows from the pinned roots, was seen by the quorum,
 * and every decision in it comes out the same. Throws a TypeError on a demand that nobody means.
 */
export async function verifyBundle(
  kernel: Kernel,
  source: BundleSource,
  demand: BundleDemand,
): Promise<BundleReport> {
  requireDemand(demand);
  const verification = new Verification(kernel, demand);
  try {
    await verification.run(source);
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    verification.say("form", failure("INTERNAL", "a kernel that answers", error.message));
  }
  return verification.report();
}

/** A checkpoint that the verifier remembers. */
interface Remembered {
  readonly signed: UnverifiedCheckpoint;
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

class Verification {
  readonly #findings = new Findings();
  readonly #logs: LogReport[] = [];
  readonly #gates: GateReport[] = [];
  /** By the domain that withdrew it. */
  readonly #withdrawals = new Map<string, Withdrawals>();
  readonly #crossings = new Crossings();
  readonly #remembered: readonly Remembered[];
  #id: string | null = null;
  #bundle: OpenBundle | undefined;

  constructor(
    readonly kernel: Kernel,
    readonly demand: BundleDemand,
  ) {
    this.#findings.announce("form", "F19");
    this.#remembered = (demand.remembered ?? []).map(readRemembered);
  }

  say(name: string, found: Failure | undefined): void {
    if (this.#findings.say(name, found)) return;
    const kind = name.slice(name.lastIndexOf(": ") + 1).trim();
    this.#findings.announce(name, FEATURES[kind] ?? "F19");
    this.#findings.say(name, found);
  }

  async run(source: BundleSource): Promise<void> {
    const { kernel, demand } = this;
    const pins = await readPins(kernel, demand.roots);
    const opened = await openBundle(
      kernel,
      source,
      demand.limit ?? MAX_BUNDLE_BYTES,
      (id) => (this.#id = id),
    );
    if (!opened.ok) return this.say("form", opened);
    const bundle = opened.value;
    const { manifest, files } = bundle;
    this.#bundle = bundle;
    const trusted = new Trusted(kernel, files, pins);
    await followAll(
      trusted,
      manifest,
      (found) => this.say("pinned roots", found),
      (found) => this.say("trust states", found),
    );
    const context: BundleContext = {
      kernel,
      demand,
      trusted,
      crossings: this.#crossings,
      withdrawals: this.#withdrawals,
      say: (name, found) => this.say(name, found),
    };
    for (const log of manifest.logs) {
      const walked = await this.#log(bundle, context, log);
      if (!walked.ok) return this.say("form", walked);
      this.say(`${log.origin}: entries`, walked.value);
    }
    for (const { origin } of this.#remembered) {
      if (manifest.logs.some((log) => log.origin === origin)) continue;
      this.say("tail", failure("MISSING", `the log ${origin}, which is remembered`, "others"));
    }
    this.say("form", await bundle.end());
    for (const found of this.#crossings.sides()) this.say("both sides", found);
    // What could not be followed leaves files that nobody has asked for.
    if (this.#findings.hasFailure) return this.#findings.announce("parts", "F16");
    const [unused] = files.unused;
    const expected = "files that an entry or the manifest leads to";
    const strange = unused === undefined ? undefined : failure("NON_CANONICAL", expected, unused);
    this.say("parts", strange);
  }

  report(): BundleReport {
    const { outcome, code, checks } = this.#findings.verdict();
    const seen = this.#logs.map(({ asOf }) => asOf);
    const isSeen = !seen.includes(null);
    return {
      outcome,
      code: code ?? null,
      id: this.#id,
      asOf: isSeen ? (seen.sort()[0] ?? null) : null,
      checks,
      notChecked: notChecked(this.#logs, this.#gates, this.#remembered, this.demand),
      logs: this.#logs,
      gates: this.#gates,
    };
  }

  async #log(
    bundle: OpenBundle,
    context: BundleContext,
    log: BundledLog,
  ): Promise<Result<Failure | undefined>> {
    const { origin, from, count } = log;
    const witnesses = new LogWitnesses(this.kernel, context.trusted, log, quorumIn(this.demand));
    const checkpoints = this.#witness(witnesses, log);
    const known = this.#remembered.filter((each) => each.origin === origin);
    const sizes = known.map(({ size }) => size);
    const tree = new LogTree(this.kernel, log, checkpoints, sizes);
    const times = new WitnessedTimes(checkpoints);
    this.#crossings.covers(origin, from, from + count);
    const walked =
      log.kind === "gate"
        ? await this.#gate(bundle, context, log, tree, times)
        : await this.#domain(bundle, context, log, tree, times);
    for (const each of known) {
      // Nobody is accused with a checkpoint that the log has not signed.
      const isSigned = witnesses.isSigned(each.signed);
      const expected = `a checkpoint to remember that ${origin} has signed`;
      const unsigned = failure("UNSIGNED", expected, "no signature by a key that is listed for it");
      this.say("tail", isSigned ? checkRemembered(each, log, tree) : unsigned);
    }
    return walked;
  }

  /** The checkpoints of a log: whose they are, and who has seen them. */
  #witness(witnesses: LogWitnesses, log: BundledLog): readonly WitnessedCheckpoint[] {
    const { origin, from, count } = log;
    const checkpoints: WitnessedCheckpoint[] = [];
    for (const named of log.checkpoints) {
      const checked = witnesses.check(named);
      this.say(`${origin}: checkpoints`, checked.ok ? undefined : checked);
      if (checked.ok) checkpoints.push(checked.value);
    }
    const end = from + count;
    const covering = checkpoints.filter(({ size, time }) => size >= end && time !== undefined);
    const largest = covering.at(-1);
    const unasked = witnesses.demandsNone && checkpoints.some(({ size }) => size >= end);
    const by = checkpoints.flatMap((each) => each.by.map(({ name }) => name)).join(", ");
    const expected = `${witnesses.quorum}, on a checkpoint of at least ${end} entries`;
    const enough = largest !== undefined || unasked;
    this.say(`${origin}: quorum`, enough ? undefined : failure("QUORUM", expected, by || "none"));
    const seen = covering.map(({ time }) => time as number);
    this.#logs.push({
      kind: log.kind,
      origin,
      domain: domainOfLog(log),
      from,
      to: end,
      size: largest?.size ?? null,
      asOf: seen.length === 0 ? null : formatRfc3339(Math.max(...seen), "s"),
      witnesses: [...new Set(covering.flatMap((each) => each.by.map(({ name }) => name)))].sort(),
    });
    return checkpoints;
  }

  async #domain(
    bundle: OpenBundle,
    { trusted }: BundleContext,
    log: BundledLog,
    tree: LogTree,
    times: WitnessedTimes,
  ): Promise<Result<Failure | undefined>> {
    const { origin, from } = log;
    const domain = domainOfLog(log);
    const replay = new DomainReplay(domain, from, times);
    const walked = await walkLog(bundle, log, tree, (entry) => {
      this.say(`${origin}: changes`, replay.take(entry));
      const { index, leaf, bytes } = entry;
      const shown = { origin, index, leaf, bytes, entry: undefined, opened: undefined };
      this.demand.onEntry?.(shown);
      this.#progress();
    });
    const largest = log.checkpoints.at(-1)?.size ?? 0;
    if (largest > from + log.count) {
      const expected = `the entries of ${origin} up to ${largest}`;
      this.say("tail", failure("TRUNCATED", expected, `${from + log.count}`));
    }
    const states = trusted.statesOf(domain);
    for (const state of states) this.say(`${origin}: changes`, replay.checkPublished(state));
    this.say(`${origin}: changes`, replay.checkNewest(states));
    const found = new Map(this.#withdrawals.get(domain));
    for (const [what, time] of replay.withdrawals(states)) {
      found.set(what, Math.min(time, found.get(what) ?? time));
    }
    this.#withdrawals.set(domain, found);
    return walked;
  }

  async #gate(
    bundle: OpenBundle,
    context: BundleContext,
    log: BundledLog,
    tree: LogTree,
    times: WitnessedTimes,
  ): Promise<Result<Failure | undefined>> {
    const gate = new GateVerification(context, log, times);
    const take = (entry: HashedEntry): void => {
      gate.take(entry);
      this.#progress();
    };
    const walked = await walkLog(bundle, log, tree, take, (entries) => gate.ahead(entries));
    const report = gate.end();
    if (report) this.#gates.push(report);
    this.#tail(log, gate.hasOpenRun);
    return walked;
  }

  /** What is known to come behind the last entry. */
  #tail({ origin, from, count, checkpoints, runs }: BundledLog, hasOpenRun: boolean): void {
    const { asOf } = this.demand;
    const end = from + count;
    const largest = checkpoints.at(-1)?.size ?? end;
    if (largest > end && (hasOpenRun || runs === null)) {
      const expected = `the entries up to ${largest}${runs ? ", or to the end of the runs" : ""}`;
      return this.say("tail", failure("TRUNCATED", expected, `${end} entries of ${origin}`));
    }
    const report = this.#logs.find((each) => each.origin === origin && each.kind === "gate");
    const seen = report?.asOf ?? null;
    if (asOf === undefined) return;
    const late = seen !== null && Date.parse(seen) + 999 >= asOf;
    const expected = `${origin} as others had seen it at ${formatRfc3339(asOf, "ms")}`;
    this.say("tail", late ? undefined : failure("TRUNCATED", expected, seen ?? "nobody has"));
  }

  #progress(): void {
    this.demand.onProgress?.(this.#bundle?.bytesRead ?? 0);
  }
}

function readRemembered(bytes: Uint8Array): Remembered {
  const signed = parseCheckpoint(bytes);
  if (!signed.ok) throw new TypeError(`not a checkpoint to remember: ${signed.expected}`);
  const { origin, size, rootHash: root } = signed.value.checkpoint;
  return { signed: signed.value, origin, size: Number(size), root };
}

function checkRemembered(
  { origin, size, root }: Remembered,
  log: BundledLog,
  tree: LogTree,
): Failure | undefined {
  const largest = log.checkpoints.at(-1)?.size ?? 0;
  if (size > largest) {
    return failure("TRUNCATED", `${origin} with at least ${size} entries`, `${largest}`);
  }
  const found = tree.rootAt(size);
  if (!found)
    return failure("MISSING", `the tree of ${origin} at size ${size}`, "not in the bundle");
  if (equalBytes(found, root)) return undefined;
  const expected = `root ${encodeHex(root)} of ${origin} at size ${size}`;
  return failure("EQUIVOCATION", expected, encodeHex(found));
}
