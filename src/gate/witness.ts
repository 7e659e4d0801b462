/**
 * Who vouches that a gate's log is the newest there is (F15): its domain's witness, asked as C2SP
 * tlog-witness has it ("add-checkpoint"), over whatever way.
 */
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { TrustStore } from "../storage/trust-store.js";
import { addCosignatures } from "../tlog/add-cosignature.js";
import type { TreeHead } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { parseNote } from "../tlog/note.js";
import { parsePolicy } from "../tlog/policy.js";
import { checkSignatures } from "../tlog/signatures.js";
import type { Signer } from "../tlog/signer.js";
import { TreeReader } from "../tlog/tree-reader.js";
import type { Verifiers } from "../tlog/verifiers.js";
import { NO_VERIFIERS } from "../tlog/verifiers.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { WitnessSetup } from "../tlog/witness.js";
import { formatAddCheckpoint } from "../tlog/witness.js";
import type { CosignAnswer } from "../tlog/witness-state.js";
import { cosign } from "../tlog/witness-state.js";
import type { VerifiedTrustState } from "../trust/state.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { Clock } from "./clock.js";

/** Cosigns checkpoints, and answers in bounded time. */
export interface Witness {
  readonly key: VerifierKey;
  /** Answers the body of an add-checkpoint request. A failure is the witness's own, or the way to it. */
  add(request: Uint8Array): Promise<Result<CosignAnswer>>;
}

/** A log of which a witness is asked. */
export interface WitnessedLog {
  /** The newest signed checkpoint, over all that is durable. */
  checkpoint(): Promise<Uint8Array>;
}

/** What a witness vouched for as the newest of a log. */
export interface Newest {
  readonly size: number;
  /** In hexadecimal. */
  readonly root: string;
  /** The checkpoint with the cosignature, to be stored. */
  readonly checkpoint: Uint8Array;
}

/** Another writer of the same log may get in between so often. */
const MAX_TRIES = 8;

/**
 * Has the log's newest checkpoint cosigned now. LOG unless the witness vouches that it extends all
 * that it ever cosigned of this log, in a cosignature that was made after it was asked: an old one can
 * be sent again by whoever stands between. `tiles`: where the log is stored; `skew`: milliseconds by
 * which the witness's clock may be wrong. Of an empty log a witness knows whether it always was.
 */
export async function proveNewest(
  kernel: Kernel,
  log: WitnessedLog,
  tiles: Reader,
  witness: Witness,
  { clock, skew }: { readonly clock: Pick<Clock, "now">; readonly skew: number },
  verifiers: Verifiers = NO_VERIFIERS,
): Promise<Result<Newest>> {
  const vouched = await askForNewest(kernel, log, tiles, witness, { clock, skew }, verifiers);
  // Whatever the matter is: nobody vouches for this log.
  return vouched.ok || vouched.code === "LOG" ? vouched : distrust(witness, vouched);
}

/** `proveNewest` with the witness's own reason: LOG alone says that this log is not the newest. */
export async function askForNewest(
  kernel: Kernel,
  log: WitnessedLog,
  tiles: Reader,
  witness: Witness,
  { clock, skew }: { readonly clock: Pick<Clock, "now">; readonly skew: number },
  verifiers: Verifiers = NO_VERIFIERS,
): Promise<Result<Newest>> {
  if (!(skew >= 0 && Number.isFinite(skew))) throw new TypeError("`skew` is milliseconds");
  const checkpoint = await log.checkpoint();
  const signed = parseCheckpoint(checkpoint);
  if (!signed.ok) return signed;
  const { size, rootHash } = signed.value.checkpoint;
  let old = size;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const proof = await proofFrom(kernel, tiles, { size, rootHash }, old);
    if (!proof.ok) return proof;
    const request = formatAddCheckpoint({ oldSize: old, proof: proof.value, checkpoint });
    const asked = clock.now();
    const answer = await ask(witness, request);
    if (!answer.ok) return answer;
    if (answer.value.status === 200) {
      const { line } = answer.value;
      const time = timeOf(kernel, checkpoint, line, witness.key, verifiers);
      if (!time.ok) return time;
      const late = checkTime(time.value, asked - skew, clock.now() + skew);
      if (late) return late;
      const keys = { witnesses: [witness.key], verifiers };
      const added = addCosignatures(kernel, checkpoint, encodeUtf8(line), keys);
      if (!added.ok) return added;
      const root = encodeHex(rootHash);
      return ok({ size: Number(size), root, checkpoint: added.value.checkpoint });
    }
    if (answer.value.status !== 409) return answer.value.failure;
    const remembered = answer.value.size;
    if (remembered > size) {
      const expected = `a log of at least ${remembered} entries, as ${witness.key.name} saw it`;
      return failure("LOG", expected, `${size} entries: this one was cut short or restored`);
    }
    if (remembered === old) return answer.value.failure;
    old = remembered;
  }
  const expected = `a cosignature by ${witness.key.name}`;
  return failure("UNREACHABLE", expected, `${MAX_TRIES} answers that others were before`);
}

/** What a witness answers that has seen another log. That it cannot be asked says nothing of the log. */
export function isContradiction({ code }: Failure): boolean {
  return code === "LOG" || code === "EQUIVOCATION" || code === "CONSISTENCY";
}

/** The keys of the witnesses that a domain asks for its own logs; MALFORMED where its policy is none. */
export function witnessesOf(
  kernel: Kernel,
  { witnesses }: Pick<VerifiedTrustState, "witnesses">,
): Result<readonly VerifierKey[]> {
  if (!witnesses) return ok([]);
  const policy = parsePolicy(kernel, witnesses);
  return policy.ok ? ok(policy.value.witnesses.map(({ key }) => key)) : policy;
}

/** A witness in this program: what it remembers is in the store, and its key is of type 04. */
export function storeWitness(
  kernel: Kernel,
  store: TrustStore,
  setup: WitnessSetup,
  signer: Signer,
  clock: Pick<Clock, "now">,
): Witness {
  return {
    key: signer.key,
    add: (request) => cosign(kernel, store, setup, request, signer, clock.now()),
  };
}

/** RFC 6962 has no proof from the empty tree, and needs none to the same one. */
async function proofFrom(
  kernel: Kernel,
  tiles: Reader,
  head: TreeHead,
  old: bigint,
): Promise<Result<readonly Uint8Array[]>> {
  if (old === 0n || old === head.size) return ok([]);
  return await new TreeReader(kernel, tiles, head.size, "c2sp").proveConsistency(old);
}

async function ask(witness: Witness, request: Uint8Array): Promise<Result<CosignAnswer>> {
  try {
    return await witness.add(request);
  } catch (error) {
    const found = error instanceof Error ? abbreviate(error.message) : "it threw";
    return failure("UNREACHABLE", "an answer", found);
  }
}

/** Seconds, as the one cosignature in the answer states them, if it is by this key over this checkpoint. */
function timeOf(
  kernel: Kernel,
  checkpoint: Uint8Array,
  line: string,
  key: VerifierKey,
  verifiers: Verifiers,
): Result<bigint> {
  const signed = parseCheckpoint(checkpoint);
  if (!signed.ok) return signed;
  const { text } = signed.value.note;
  const note = parseNote(encodeUtf8(`${text}\n${line}`));
  if (!note.ok) return note;
  const { checkpoint: head } = signed.value;
  const [only, ...more] = checkSignatures(
    kernel,
    { note: note.value, checkpoint: head },
    [key],
    verifiers,
  );
  if (!only || more.length > 0) {
    return failure("SIGNATURE", `one cosignature by ${key.name}+${key.keyId}`, abbreviate(line));
  }
  if (only.status === "ok" && only.time !== undefined) return ok(only.time);
  const expected = `a cosignature of this checkpoint by ${key.name}+${key.keyId}`;
  return failure("SIGNATURE", expected, only.reason ?? "one that was not checked");
}

/** A cosignature states whole seconds; 0 says nothing of when, and is no time of now either. */
function checkTime(seconds: bigint, earliest: number, latest: number): Failure | undefined {
  const time = Number(seconds) * 1000;
  if (time > earliest - 1000 && time <= latest) return undefined;
  const found = time > latest ? `one ${time - latest} ms ahead` : `one ${latest - time} ms old`;
  return failure("STALE", "a cosignature made after the question", found);
}

function distrust({ key }: Witness, { code, expected, found }: Failure): Failure {
  return failure("LOG", `${key.name} to vouch for the log: ${expected}`, `${found} (${code})`);
}
