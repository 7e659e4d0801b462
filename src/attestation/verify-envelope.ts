/**
 * How many distinct keys have signed an envelope (DSSE protocol, multi-signature verification). Key ids
 * are hints: they say which key is tried first, and change no outcome.
 */
import { encodeHex } from "../bytes/hex.js";
import type { SignatureClaim } from "../kernel/ed25519.js";
import { keyBytes } from "../kernel/ed25519.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { UnverifiedEnvelope } from "./dsse.js";
import { preAuthEncoding } from "./dsse.js";

type Key = SignatureClaim["key"];

/** A claim that `threshold` distinct ones of `keys` have signed an envelope of this payload type. */
export interface EnvelopeClaim {
  readonly envelope: UnverifiedEnvelope;
  readonly payloadType: string;
  /** 32 bytes each, or what `kernel.prepareKey` made of them. One that stands twice is one key. */
  readonly keys: readonly Key[];
  /** At least 1. */
  readonly threshold: number;
}

/** What the claim's keys have signed. */
export interface SignedPayload {
  readonly payload: Uint8Array;
  /** Each distinct key that signed, at least as many as the threshold, in the order of the claim. */
  readonly keys: readonly Uint8Array[];
}

/** Signatures times keys of one envelope. */
const MAX_TRIES = 4096;

/** `checkEnvelopes` for one claim. */
export function checkEnvelope(kernel: Kernel, claim: EnvelopeClaim): Result<SignedPayload> {
  return checkEnvelopes(kernel, [claim])[0] as Result<SignedPayload>;
}

/**
 * Checks many claims, each for itself: the signatures of all go to the kernel in one call, and in a
 * second those whose key id named a key that had not made them.
 *
 * - MALFORMED: another payload type
 * - TOO_LARGE: more than 4,096 signatures times keys
 * - SIGNATURE: too few keys signed, and a signature that names one of them is by none
 * - KEY: too few of the keys signed
 *
 * Throws a RangeError where a claim has no keys or a threshold that is no positive integer, and a
 * TypeError on a key that is not 32 bytes long.
 */
export function checkEnvelopes(
  kernel: Kernel,
  claims: readonly EnvelopeClaim[],
): Result<SignedPayload>[] {
  const names = new Map<Key, string>();
  const checks = claims.map((claim) => open(claim, names));
  const opened = checks.filter((check): check is EnvelopeCheck => check instanceof EnvelopeCheck);
  run(
    kernel,
    opened.flatMap((check) => check.firstTries()),
  );
  run(
    kernel,
    opened.flatMap((check) => check.secondTries()),
  );
  return checks.map((check) => (check instanceof EnvelopeCheck ? check.result() : check));
}

/** One signature under one key. */
interface Try {
  readonly check: EnvelopeCheck;
  readonly signature: number;
  readonly name: string;
  readonly claim: SignatureClaim;
}

function run(kernel: Kernel, tries: readonly Try[]): void {
  if (tries.length === 0) return;
  const statuses = kernel.checkEd25519Many(tries.map(({ claim }) => claim));
  tries.forEach(({ check, signature, name }, i) => {
    if (statuses[i] === "ok") check.add(signature, name);
  });
}

function open(claim: EnvelopeClaim, names: Map<Key, string>): EnvelopeCheck | Failure {
  const { envelope, payloadType, threshold } = claim;
  if (claim.keys.length === 0) throw new RangeError("no key could have signed the envelope");
  if (!Number.isSafeInteger(threshold) || threshold < 1) {
    throw new RangeError(`a threshold is a positive integer, not ${threshold}`);
  }
  const keys = new Map<string, Key>();
  for (const key of claim.keys) keys.set(nameOf(key, names), key);
  if (envelope.payloadType !== payloadType) {
    const found = abbreviate(envelope.payloadType);
    return failure("MALFORMED", `an envelope of payload type ${abbreviate(payloadType)}`, found);
  }
  const tries = envelope.signatures.length * keys.size;
  if (tries > MAX_TRIES) {
    const expected = `at most ${MAX_TRIES} signatures times keys of an envelope`;
    return failure("TOO_LARGE", expected, `${tries}`);
  }
  return new EnvelopeCheck(envelope, keys, threshold);
}

/** The key in hexadecimal, which is what our key ids say. `names` holds those of this run. */
function nameOf(key: Key, names: Map<Key, string>): string {
  const known = names.get(key);
  if (known !== undefined) return known;
  const bytes = keyBytes(key);
  if (bytes.length !== 32) throw new TypeError(`a key of 32 bytes, not ${bytes.length}`);
  const name = encodeHex(bytes);
  names.set(key, name);
  return name;
}

/** An envelope on its way: whose signatures were found on it so far. */
class EnvelopeCheck {
  readonly #message: Uint8Array;
  readonly #signed = new Set<string>();
  /** Places of the signatures that verify under some key. */
  readonly #verified = new Set<number>();

  constructor(
    readonly envelope: UnverifiedEnvelope,
    readonly keys: ReadonlyMap<string, Key>,
    readonly threshold: number,
  ) {
    this.#message = preAuthEncoding(envelope.payloadType, envelope.payload);
  }

  /** Under the key that the key id names, or under all where it names none. */
  firstTries(): Try[] {
    return this.#tries((hint) => (hint === undefined ? [...this.keys.keys()] : [hint]));
  }

  /** What a key id misled: a wrong one must not make a key's signature unseen. */
  secondTries(): Try[] {
    return this.#tries((hint, place) =>
      hint === undefined || this.#verified.has(place)
        ? []
        : [...this.keys.keys()].filter((name) => name !== hint),
    );
  }

  add(place: number, name: string): void {
    this.#verified.add(place);
    this.#signed.add(name);
  }

  result(): Result<SignedPayload> {
    const found = this.#signed.size;
    if (found >= this.threshold) {
      const keys = [...this.keys].filter(([name]) => this.#signed.has(name));
      const { payload } = this.envelope;
      return ok({ payload, keys: keys.map(([, key]) => keyBytes(key)) });
    }
    const broken = this.envelope.signatures.findIndex(
      ({ keyid }, place) => this.#hint(keyid) !== undefined && !this.#verified.has(place),
    );
    if (broken >= 0) {
      const { keyid } = this.envelope.signatures[broken] as { keyid: string };
      return failure("SIGNATURE", `a signature by key ${keyid}`, "one that does not verify");
    }
    const expected = `signatures by ${this.threshold} distinct keys of ${this.keys.size}`;
    return failure("KEY", expected, `${found}`);
  }

  #tries(select: (hint: string | undefined, place: number) => string[]): Try[] {
    return this.envelope.signatures.flatMap(({ keyid, sig }, place) => {
      // Only these are Ed25519; of other lengths are other people's algorithms.
      if (sig.length !== 64) return [];
      return select(this.#hint(keyid), place).map((name) => ({
        check: this,
        signature: place,
        name,
        claim: { key: this.keys.get(name) as Key, message: this.#message, signature: sig },
      }));
    });
  }

  #hint(keyid: string | undefined): string | undefined {
    return keyid !== undefined && this.keys.has(keyid) ? keyid : undefined;
  }
}
