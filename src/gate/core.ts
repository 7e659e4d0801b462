/** What deciding needs, kept together: the log, the trust that it speaks of, the clock and the environment. */
import type { KnownDomains } from "../authorization/domains.js";
import type { EntryBody } from "../lineage/entry.js";
import type { Failure, Result } from "../verdict.js";
import { failure } from "../verdict.js";
import { encodeHex } from "../bytes/hex.js";
import { ClockWatch } from "./clock-watch.js";
import type { GateDecision } from "./decide.js";
import { decide } from "./decide.js";
import type { Measured } from "./environment.js";
import { checkKernel } from "./environment.js";
import type { Allowed } from "./governed-run.js";
import type { Ledger, Written } from "./ledger.js";
import type { GateOptions } from "./options.js";
import type { GateState } from "./state.js";
import { trustEntries } from "./trust-entries.js";

/** Milliseconds that a measurement may take. */
const MEASURING = 60_000;

export class GateCore {
  readonly origin: string;
  readonly clockWatch: ClockWatch;
  /** Why the gate decides nothing for good: it was closed, or a defect was found. */
  ended: Failure | undefined;
  /** What entries name, on its way to its place beside the log. */
  readonly keeping = new Set<Promise<void>>();
  readonly #key: string;
  /** The domains that the log speaks of. */
  #logged: KnownDomains | undefined;

  constructor(
    readonly options: GateOptions,
    readonly ledger: Ledger,
    public measured: Measured,
    readonly onState: (domains: KnownDomains) => void,
  ) {
    this.origin = options.signer.key.name;
    this.clockWatch = new ClockWatch(options.clock, options.terms.skew);
    this.#key = encodeHex(options.signer.key.publicKey);
  }

  get state(): GateState {
    return this.ledger.state;
  }

  get now(): number {
    return this.options.clock.now();
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

  write(entries: readonly EntryBody[]): Result<Written> {
    return this.ledger.append(entries);
  }

  /** `run`: whether it was allowed before, and is decided on again. */
  decide(allowed: Allowed, run: "new" | "again"): GateDecision {
    try {
      const { options, state, now } = this;
      const domains = this.domains();
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
      });
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      return { outcome: "deny", ...failure("INTERNAL", "a decision", found), rule: undefined };
    }
  }

  /** Asks the kernel what is known, and measures the environment again. */
  async remeasure(): Promise<Failure | undefined> {
    const bad = checkKernel(this.options.kernel);
    if (bad) return bad;
    try {
      this.measured = await this.#measure();
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      return failure("ENV", "an environment that can be measured", found);
    }
    return undefined;
  }

  async #measure(): Promise<Measured> {
    const { clock, measure } = this.options;
    let cancel = (): void => {};
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`no measurement within ${MEASURING} ms`);
      cancel = clock.after(MEASURING, () => reject(error));
    });
    try {
      return await Promise.race([measure(), late]);
    } finally {
      cancel();
    }
  }

  /** For good, and without another word in the log: a kernel that hashes wrongly would spoil it. */
  halt(why: Failure): void {
    this.ended = why;
    this.ledger.fail(why);
    this.ledger.log.abandon(why.expected);
  }
}
