/**
 * The checkpoints of a log in a bundle: who signed and cosigned each, and when the quorum that the
 * verifier chose was complete. A domain's own witnesses are checked, and count nothing.
 */
import { domainOfAudience } from "../authorization/demands.js";
import { decodeHex, encodeHex } from "../bytes/hex.js";
import { witnessesOf } from "../gate/witness.js";
import type { Kernel } from "../kernel/kernel.js";
import type { UnverifiedCheckpoint } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import type { Policy, Witness } from "../tlog/policy.js";
import { describeQuorum, quorumMet } from "../tlog/policy.js";
import { checkSignatures } from "../tlog/signatures.js";
import type { Verifiers } from "../tlog/verifiers.js";
import type { CheckpointDemand } from "../tlog/verify-checkpoint.js";
import type { VerifierKey } from "../tlog/vkey.js";
import { makeVerifierKey } from "../tlog/vkey.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { BundledCheckpoint, BundledLog } from "./manifest.js";
import type { Trusted } from "./trusted.js";

/** Which witnesses count. */
export interface QuorumDemand {
  /** The verifier's own policy; undefined: one witness of a pinned domain other than the log's own. */
  readonly policy: Policy | undefined;
  readonly verifiers: Verifiers;
  /** Ed25519 keys in hexadecimal whose word counts nothing: they were stolen. */
  readonly compromised: ReadonlySet<string>;
  /** Milliseconds since the epoch: cosignatures from later than `now + skew` count nothing. */
  readonly now: number;
  readonly skew: number;
}

/** A checkpoint whose log signature holds. */
export interface WitnessedCheckpoint {
  readonly named: BundledCheckpoint;
  readonly signed: UnverifiedCheckpoint;
  readonly size: number;
  /** Who of those that count has cosigned, and when, in milliseconds: whole seconds, rounded down. */
  readonly by: readonly { readonly name: string; readonly time: number }[];
  /** When the quorum was complete; undefined where it is not. */
  readonly time: number | undefined;
}

/** The domain that a log belongs to. */
export function domainOfLog({ kind, origin }: Pick<BundledLog, "kind" | "origin">): string {
  return kind === "gate" ? domainOfAudience(origin) : origin.slice(0, origin.lastIndexOf("/"));
}

export class LogWitnesses {
  readonly #logs: readonly VerifierKey[];
  readonly #witnesses: readonly Witness[];
  readonly #others: readonly VerifierKey[];
  readonly #rule: Policy["quorum"];
  readonly #any: boolean;

  constructor(
    readonly kernel: Kernel,
    readonly trusted: Trusted,
    readonly log: Pick<BundledLog, "kind" | "origin">,
    readonly demand: QuorumDemand,
  ) {
    const domain = domainOfLog(log);
    this.#logs = this.#logKeys(trusted.statesOf(domain));
    const own = witnessKeys(kernel, trusted.statesOf(domain));
    const foreign = foreignWitnesses(kernel, trusted, domain);
    const { policy, compromised } = demand;
    const hex = (key: VerifierKey): string => encodeHex(key.publicKey);
    const logs = new Set(this.#logs.map(hex));
    const counted = (policy?.witnesses ?? foreign.map((key) => ({ name: key.name, key }))).filter(
      ({ key }) => !compromised.has(hex(key)) && !logs.has(hex(key)),
    );
    this.#witnesses = counted;
    this.#rule = policy?.quorum;
    this.#any = policy === undefined;
    const taken = new Set(counted.map(({ key }) => hex(key)));
    this.#others = [...own.values(), ...foreign].filter((key) => !taken.has(hex(key)));
  }

  /** What the quorum is, for people. */
  get quorum(): string {
    if (!this.#any) return describeQuorum(this.#rule);
    const names = this.#witnesses.map(({ name }) => name).join(", ");
    return `a witness of another pinned domain: ${names || "none is known"}`;
  }

  /** Whether the policy demands no witness at all: then nothing bounds the times. */
  get demandsNone(): boolean {
    return !this.#any && !this.#rule;
  }

  /** Whether a key that is listed for this log has signed a checkpoint, whoever else has. */
  isSigned(signed: UnverifiedCheckpoint): boolean {
    const statuses = checkSignatures(this.kernel, signed, this.#logs, this.demand.verifiers);
    return statuses.some(({ status }) => status === "ok");
  }

  /** What a checkpoint of this log is held to that comes in a packet, at some time. */
  demandAt(now: number): Result<CheckpointDemand> {
    const { log, demand } = this;
    if (this.#logs.length === 0) {
      const expected = `a key that ${domainOfLog(log)} lists for ${log.origin}`;
      return failure("NO_TRUST", expected, "no trusted state does");
    }
    if (this.#witnesses.length === 0) return failure("QUORUM", this.quorum, "none is known");
    const members = this.#witnesses.map((witness) => ({ witness }));
    const any = { name: "any", threshold: 1, members };
    const policy = {
      logs: this.#logs,
      witnesses: this.#witnesses,
      quorum: this.#any ? any : this.#rule,
    };
    const { verifiers, skew } = demand;
    return ok({
      policy,
      origin: log.origin,
      now,
      maxStaleness: Number.POSITIVE_INFINITY,
      skew,
      verifiers,
    });
  }

  /**
   * A checkpoint that the log has signed, with what its witnesses say. SIGNATURE: a known key's does
   * not verify. NON_CANONICAL: one that nobody here could check, or twice by one key.
   */
  check(named: BundledCheckpoint): Result<WitnessedCheckpoint> {
    const { kernel, log, demand } = this;
    const bytes = this.trusted.files.require(`a checkpoint of ${log.origin}`, named.sha256);
    if (!bytes.ok) return bytes;
    const signed = parseCheckpoint(bytes.value);
    if (!signed.ok) return signed;
    const { checkpoint, note } = signed.value;
    if (checkpoint.origin !== log.origin) {
      return failure("ORIGIN", log.origin, checkpoint.origin);
    }
    if (checkpoint.size !== BigInt(named.size) || checkpoint.extensions.length > 0) {
      return failure(
        "MALFORMED",
        `a checkpoint of size ${named.size}`,
        `one of ${checkpoint.size}`,
      );
    }
    const known = [...this.#logs, ...this.#witnesses.map(({ key }) => key), ...this.#others];
    const statuses = checkSignatures(kernel, signed.value, known, demand.verifiers);
    const bad = statuses.find(({ status }) => status !== "ok");
    if (bad) {
      const code = bad.status === "failed" ? "SIGNATURE" : "NOT_LOADED";
      const expected = `a signature that verifies under ${bad.key.name}+${bad.key.keyId}`;
      return failure(code, expected, bad.reason ?? "one that was not checked");
    }
    if (!statuses.some(({ key }) => this.#logs.includes(key))) {
      const names = this.#logs.map(({ name, keyId }) => `${name}+${keyId}`).join(" or ");
      const expected = `a signature by a key that ${domainOfLog(log)} lists for ${log.origin}`;
      const code = this.#logs.length === 0 ? "NO_TRUST" : "KEY";
      return failure(code, `${expected}: ${names || "none is known"}`, "none");
    }
    if (statuses.length !== note.signatures.length && !this.trusted.isWhole) {
      const expected =
        "roots of all domains that the bundle names, to tell whose signatures these are";
      return failure("NO_TRUST", expected, "a signature by a key that is not known");
    }
    if (statuses.length !== note.signatures.length) {
      const expected = "signatures of the log and of known witnesses alone, each once";
      return failure("NON_CANONICAL", expected, `${note.signatures.length} lines`);
    }
    const by = statuses.flatMap(({ key, time }) => {
      const witness = this.#witnesses.find((each) => each.key === key);
      const at = Number(time ?? 0n) * 1000;
      return witness && at > 0 && at <= demand.now + demand.skew ? [{ witness, time: at }] : [];
    });
    by.sort((a, b) => a.time - b.time);
    const counted = new Set<Witness>();
    const complete = by.find(({ witness }) => {
      counted.add(witness);
      return this.#any || (this.#rule !== undefined && quorumMet(this.#rule, counted));
    });
    return ok({
      named,
      signed: signed.value,
      size: named.size,
      by: by.map(({ witness, time }) => ({ name: witness.name, time })),
      time: complete?.time,
    });
  }

  /** Keys that the domain has listed for this log, in any of the states that are here. */
  #logKeys(states: readonly VerifiedTrustState[]): readonly VerifierKey[] {
    const { kind, origin } = this.log;
    const listed = states.flatMap(({ authority }) =>
      (kind === "gate" ? authority.gates : authority.logs).filter((each) => each.origin === origin),
    );
    return [...new Set(listed.map(({ key }) => key))]
      .filter((key) => !this.demand.compromised.has(key))
      .map((key) => makeVerifierKey(this.kernel, origin, "ed25519", decodeHex(key) as Uint8Array));
  }
}

/** The witnesses of pinned domains other than this one, none of which it names itself. */
export function foreignWitnesses(
  kernel: Kernel,
  trusted: Trusted,
  domain: string,
): readonly VerifierKey[] {
  const own = witnessKeys(kernel, trusted.statesOf(domain));
  const others = [...trusted.domains]
    .filter((each) => each !== domain)
    .flatMap((each) => [...witnessKeys(kernel, trusted.statesOf(each))]);
  return [...new Map(others)].flatMap(([hex, key]) => (own.has(hex) ? [] : [key]));
}

/** The witnesses that a domain has named in any of its states that are here, by key. */
function witnessKeys(
  kernel: Kernel,
  states: readonly VerifiedTrustState[],
): ReadonlyMap<string, VerifierKey> {
  const keys = new Map<string, VerifierKey>();
  for (const state of states) {
    const listed = witnessesOf(kernel, state);
    if (!listed.ok) continue;
    for (const key of listed.value) keys.set(encodeHex(key.publicKey), key);
  }
  return keys;
}

/** What witnesses say of when an entry was written. */
export interface TimeBounds {
  /** Milliseconds since the epoch; undefined where nobody says. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** When the entries of a log were written, by the times at which others saw it. */
export class WitnessedTimes {
  readonly #sizes: readonly number[];
  /** The latest time of a checkpoint up to this one, and the earliest from it on. */
  readonly #latest: readonly number[];
  readonly #earliest: readonly number[];
  #at = 0;
  /** The latest time at which another domain signed what entries up to here name. */
  #named: number | undefined;

  /** `checkpoints`: by size. */
  constructor(checkpoints: readonly WitnessedCheckpoint[]) {
    const timed = checkpoints.flatMap(({ size, time }) =>
      time === undefined ? [] : [{ size, time }],
    );
    this.#sizes = timed.map(({ size }) => size);
    let latest = Number.NEGATIVE_INFINITY;
    this.#latest = timed.map(({ time }) => (latest = Math.max(latest, time)));
    let earliest = Number.POSITIVE_INFINITY;
    this.#earliest = timed
      .map(({ time }) => time)
      .reverse()
      .map((time) => (earliest = Math.min(earliest, time)))
      .reverse();
  }

  /** An entry here names something that another domain signed at this time: it was not written before. */
  names(signedAt: number): void {
    this.#named = Math.max(this.#named ?? signedAt, signedAt);
  }

  /** For an entry at this index; to be asked in the order of the log. */
  of(index: number): TimeBounds {
    while (this.#at < this.#sizes.length && (this.#sizes[this.#at] as number) <= index)
      this.#at += 1;
    const before = this.#at === 0 ? undefined : (this.#latest[this.#at - 1] as number);
    const from = before === undefined ? this.#named : Math.max(before, this.#named ?? before);
    // A cosignature states whole seconds, rounded down.
    const to =
      this.#at === this.#sizes.length ? undefined : (this.#earliest[this.#at] as number) + 999;
    return { from, to };
  }
}

/** CLOCK where witnesses contradict a time; UNWITNESSED_TIME where they say too little of it. */
export function checkTime(
  time: number,
  { from, to }: TimeBounds,
  { skew, witnessInterval }: { readonly skew: number; readonly witnessInterval: number },
): Failure | undefined {
  if (from !== undefined && time < from - skew) {
    const expected = `a time not before what others had seen by then, by more than ${skew} ms`;
    return failure("CLOCK", expected, `${from - time} ms before`);
  }
  if (to !== undefined && time > to + skew) {
    const expected = `a time not after that at which others saw the entry, by more than ${skew} ms`;
    return failure("CLOCK", expected, `${time - to} ms after`);
  }
  if (witnessInterval === Number.POSITIVE_INFINITY) return undefined;
  if (from !== undefined && to !== undefined && to - from <= witnessInterval + 999) {
    return undefined;
  }
  const expected = `a time that others bear out to ${witnessInterval} ms`;
  const found =
    from === undefined
      ? "nothing tells how early"
      : to === undefined
        ? "nothing tells how late"
        : `${to - from} ms`;
  return failure("UNWITNESSED_TIME", expected, found);
}
