/** A domain's log of trust changes, and from when on others could have known what it withdrew. */
import type { TrustEntry } from "../trust/entry.js";
import { parseTrustEntry } from "../trust/entry.js";
import { millisecondsOf } from "../trust/schema.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { HashedEntry } from "./verify-log.js";
import type { WitnessedTimes } from "./witnessed.js";

/** When an authorization or a key was withdrawn at the latest, in milliseconds since the epoch. */
export type Withdrawals = ReadonlyMap<string, number>;

export class DomainReplay {
  readonly #domain: string;
  readonly #from: number;
  readonly #times: WitnessedTimes;
  /** By the digest of signed targets or status: until when the entry was seen that brought it first. */
  readonly #published = new Map<string, number | undefined>();
  /** Targets and status that the last entry brings into effect. */
  #newest: readonly string[] = [];
  #leaf: string | null = null;
  #time = Number.NEGATIVE_INFINITY;

  constructor(domain: string, from: number, times: WitnessedTimes) {
    this.#domain = domain;
    this.#from = from;
    this.#times = times;
  }

  /** Takes the next entry, or says why the domain could not have written it there. */
  take({ index, bytes, leaf }: HashedEntry): Failure | undefined {
    const parsed = parseTrustEntry(bytes);
    if (!parsed.ok) return parsed;
    const wrong = this.#follow(parsed.value, index);
    this.#leaf = leaf;
    this.#time = millisecondsOf(parsed.value.time);
    const { to } = this.#times.of(index);
    const { targets, status } = parsed.value;
    this.#newest = [targets.sha256, status.sha256];
    for (const sha256 of this.#newest) {
      if (!this.#published.has(sha256)) this.#published.set(sha256, to);
    }
    return wrong;
  }

  #follow({ domain, prev, time }: TrustEntry, index: number): Failure | undefined {
    if (domain !== this.#domain) return failure("ORIGIN", `an entry of ${this.#domain}`, domain);
    if (index === this.#from && index > 0) return undefined;
    if (prev !== this.#leaf) {
      return failure("CHAIN", `entry ${index} to follow ${this.#leaf ?? "none"}`, prev ?? "none");
    }
    if (millisecondsOf(time) >= this.#time) return undefined;
    return failure("CHAIN", `entry ${index} not to be earlier than the one before`, time);
  }

  /** Why a state is none that the log speaks of; undefined where its targets and status stand there. */
  checkPublished({ digest, metadata }: VerifiedTrustState): Failure | undefined {
    const { targets, status } = metadata;
    if ([targets, status].every((each) => this.#published.has(each.digest))) return undefined;
    const expected = `an entry of ${this.#domain} that brings the state ${digest} into effect`;
    return failure("MISSING", expected, "none of those that are here");
  }

  /** MISSING where none of these states is what the last entry says: what it withdraws, nobody can tell. */
  checkNewest(states: readonly VerifiedTrustState[]): Failure | undefined {
    const found = states.some(({ metadata: { targets, status } }) =>
      [targets, status].every((each, i) => each.digest === this.#newest[i]),
    );
    if (found) return undefined;
    const expected = `the state that the last entry of the log of ${this.#domain} brings into effect`;
    return failure("MISSING", expected, "not in the bundle");
  }

  /** What these states withdraw, with the time by which others had seen it published. */
  withdrawals(states: readonly VerifiedTrustState[]): Withdrawals {
    const found = new Map<string, number>();
    const add = (what: string, time: number | undefined): void => {
      if (time === undefined) return;
      found.set(what, Math.min(time, found.get(what) ?? time));
    };
    for (const { status, authority, metadata } of states) {
      const withStatus = this.#published.get(metadata.status.digest);
      for (const { sha256 } of status.authorizations) add(sha256, withStatus);
      for (const { key } of status.keys) add(key, withStatus);
      const withTargets = this.#published.get(metadata.targets.digest);
      for (const key of authority.removed) add(key, withTargets);
    }
    return found;
  }
}
