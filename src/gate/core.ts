/** What deciding needs, kept together: the log, the trust that it speaks of, the clock and the environment. */
import type { KnownDomains } from "../authorization/domains.js";
import type { EntryBody } from "../lineage/entry.js";
import type { Failure, Result } from "../verdict.js";
import { failure } from "../verdict.js";
import { encodeHex } from "../bytes/hex.js";
import { ClockWatch } from "./clock-watch.js";
import { Cosigning } from "./cosigning.js";
import type { GateDecision } from "./decide.js";
import { decide } from "./decide.js";
import type { Measured } from "./environment.js";
import { checkKernel } from "./environment.js";
import type { Allowed } from "./governed-run.js";
import type { Ledger, Written } from "./ledger.js";
import { isPeersWitness } from "./listed-witnesses.js";
import type { GateOptions } from "./options.js";
import type { GateState } from "./state.js";
import type { Decided } from "./run-entries.js";
import { decisionOf } from "./run-entries.js";
import { trustEntries } from "./trust-entries.js";
import { within } from "./within.js";
import { messageOf } from "./message.js";

/** Milliseconds that a measurement may take. */
const MEASURING = 60_000;

/** A decision, and what it was made on. */
export interface DecisionMade extends Pick<Decided, "run" | "state" | "decision" | "command"> {
  /** Undefined where the request could not be made ready. */
  readonly allowed: Allowed | undefined;
}

export type Refused = Extract<GateDecision, { readonly outcome: "deny" }>;

export class GateCore {
  readonly origin: string;
  readonly clockWatch: ClockWatch;
  readonly cosigning: Cosigning;
  /** Why the gate decides nothing for good: it was closed, or a defect was found. */
  ended: Failure | undefined;
  readonly #key: string;
  /** What entries name, on its way to its place beside the log. */
  readonly #keeping = new Set<Promise<void>>();
  /** The domains that the log speaks of. */
  #logged: KnownDomains | undefined;

  constructor(
    readonly options: GateOptions,
    readonly ledger: Ledger,
    public measured: Measured,
    readonly onState: (domains: KnownDomains) => void,
  ) {
    this.origin = options.signer.key.name;
    this.cosigning = new Cosigning(options, ledger.log);
    this.clockWatch = new ClockWatch(options.clock, options.terms.skew);
    this.#key = encodeHex(options.signer.key.publicKey);
  }

  get state(): GateState {
    return this.ledger.state;
  }

  /** Whole milliseconds, as entries have them. */
  get now(): number {
    return Math.floor(this.options.clock.now());
  }

  /** Why this gate can decide nothing now. */
  get failure(): Failure | undefined {
    return this.ended ?? this.ledger.failure ?? this.clockWatch.check();
  }

  /** The newest trust; what is new of it stands in the log before anything is decided on it. */
  domains(): KnownDomains {
    const { domains } = this.options.follower;
    if (this.#logged === domains || this.ledger.failure) return domains;
    const entries = trustEntries(this.options.kernel, this.state, domains);
    if (entries.length > 0) {
      this.ledger.require(entries);
      this.onState(domains);
    }
    this.#logged = domains;
    return domains;
  }

  /** `at`: the time that they are made for, where they say what was decided then. */
  write(entries: readonly EntryBody[], at = this.now): Result<Written> {
    return this.ledger.append(entries, at);
  }

  /** Undefined once these entries are durable, or why they never will be. */
  async notDurable({ durable }: Written): Promise<Failure | undefined> {
    if (await durable) return undefined;
    return this.failure ?? failure("LOG", "a durable entry", "none");
  }

  /** Waits for it when the gate closes. It must not reject. */
  keep(kept: Promise<void>): void {
    const done = kept.finally(() => this.#keeping.delete(done));
    this.#keeping.add(done);
  }

  /** Resolves when all that entries name has its place beside the log. */
  async kept(): Promise<void> {
    await Promise.all(this.#keeping);
  }

  /** The entry of a decision that is made now; a run's first has the proof of its holder. */
  decisionEntry({ run, allowed, ...decided }: DecisionMade): EntryBody {
    const number = this.state.runs.get(run)?.decisions ?? 0;
    return decisionOf(this.options.kernel, {
      ...decided,
      run,
      number,
      authorization: allowed?.authorization,
      domains: this.options.follower.domains,
      gateState: this.state,
      ancestors: allowed?.ancestors ?? [],
      possession: number === 0 ? allowed?.possession : undefined,
    });
  }

  /** `run`: whether it was allowed before, and is decided on again. */
  decide(allowed: Allowed, run: "new" | "again"): GateDecision {
    try {
      // First: what is new of trust is written, at a time of its own.
      const domains = this.domains();
      const { options, state, now } = this;
      return decide(allowed.authorization, allowed.request, {
        now,
        gate: this.origin,
        domains,
        maxStaleness: options.maxStaleness,
        terms: options.terms,
        possession: allowed.possession,
        artifacts: allowed.artifacts,
        state,
        key: this.#key,
        failure: this.failure,
        measured: this.measured,
        isolation: allowed.effect.isolation,
        ancestors: allowed.ancestors,
        run: run === "again" ? allowed.run : undefined,
        peerWitnessed: this.#canAskPeer(allowed, domains),
      });
    } catch (error) {
      const found = messageOf(error);
      return this.refuse(failure("INTERNAL", "a decision", found));
    }
  }

  /** Looked at only where it is demanded. Of a run that executes it was asked when that began. */
  #canAskPeer({ run, authorization }: Allowed, domains: KnownDomains): boolean {
    const { peerWitnesses = [] } = this.options;
    if (peerWitnesses.length === 0 || !authorization.demands.witnessed) return false;
    if (this.state.runs.get(run)?.state === "executing") return true;
    return peerWitnesses.some(({ key }) => isPeersWitness(this, domains, key));
  }

  /** A denial that nothing of the request decides. */
  refuse({ code, expected, found }: Failure): Refused {
    const now = Math.max(this.now, this.state.time);
    return { outcome: "deny", code, expected, found, rule: undefined, now };
  }

  /** Asks the kernel what is known, and measures the environment again. */
  async remeasure(): Promise<Failure | undefined> {
    const bad = checkKernel(this.options.kernel);
    if (bad) return bad;
    try {
      this.measured = await measure(this.options);
    } catch (error) {
      const found = messageOf(error);
      return failure("ENV", "an environment that can be measured", found);
    }
    return undefined;
  }

  /** For good, and without another word in the log: a kernel that hashes wrongly would spoil it. */
  halt(why: Failure): void {
    this.ended = why;
    this.ledger.fail(why);
    this.ledger.log.abandon(why.expected);
  }
}

/** Measures what the gate runs in; rejects where that takes too long. */
export async function measure({
  clock,
  measure: found,
}: Pick<GateOptions, "clock" | "measure">): Promise<Measured> {
  return await within(clock, MEASURING, found(), () => {
    throw new Error(`no measurement within ${MEASURING} ms`);
  });
}
