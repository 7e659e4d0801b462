/**
 * What a witness decides (C2SP tlog-witness, "add-checkpoint"): whether a checkpoint continues what it
 * cosigned before. Pure: reading, remembering and signing are in witness-state.ts.
 *
 * A request is `old <size>`, up to 63 hashes of a consistency proof in base64, an empty line, and the
 * checkpoint that the log signed.
 */
import { decodeBase64, encodeBase64 } from "../bytes/base64.js";
import { concatBytes, equalBytes } from "../bytes/concat.js";
import { parseDecimal } from "../bytes/decimal.js";
import { encodeHex } from "../bytes/hex.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { TreeHead, UnverifiedCheckpoint } from "./checkpoint.js";
import { parseCheckpoint, parseCheckpointText } from "./checkpoint.js";
import { formatNote, MAX_NOTE_BYTES, MAX_SIGNATURES } from "./note.js";
import { checkSignatures } from "./signatures.js";
import type { Verifiers } from "./verifiers.js";
import type { VerifierKey } from "./vkey.js";

/** Half a note, so that no checkpoint of a request is too long for one more signature. */
export const MAX_REQUEST_BYTES = MAX_NOTE_BYTES / 2;
const MAX_HASHES = 63;

export interface AddCheckpoint {
  /** Size of the tree that the proof starts from: the one that this witness cosigned last, or 0. */
  readonly oldSize: bigint;
  /** Hashes of RFC 6962, section 2.1.2, 32 bytes each; none for an old size of 0. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, byte for byte. */
  readonly checkpoint: Uint8Array;
}

/** A request taken apart; nothing of it is verified. */
export interface UnverifiedAddCheckpoint extends AddCheckpoint {
  readonly signed: UnverifiedCheckpoint;
}

/** A failure is for `refuseUnread`: UNSIGNED where only the signature lines are not in their format. */
export function parseAddCheckpoint(bytes: Uint8Array): Result<UnverifiedAddCheckpoint> {
  if (bytes.length > MAX_REQUEST_BYTES) {
    const expected = `a request of at most ${MAX_REQUEST_BYTES} bytes`;
    return failure("TOO_LARGE", expected, `${bytes.length}`);
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return failure("MALFORMED", "a request in UTF-8", "invalid UTF-8");
  const split = text.indexOf("\n\n");
  if (split < 0) {
    const expected = "an old size, proof hashes, an empty line, a checkpoint";
    return failure("MALFORMED", expected, abbreviate(text));
  }
  const [old = "", ...hashes] = text.slice(0, split).split("\n");
  const oldSize = old.startsWith("old ") ? parseDecimal(old.slice("old ".length)) : undefined;
  if (oldSize === undefined) return failure("MALFORMED", "old <decimal>", abbreviate(old));
  const proof = parseProofHashes(hashes);
  if (!proof.ok) return proof;
  const checkpoint = encodeUtf8(text.slice(split + 2));
  const signed = parseCheckpoint(checkpoint);
  if (!signed.ok) return unsigned(text.slice(split + 2), signed);
  return ok({ oldSize, proof: proof.value, checkpoint, signed: signed.value });
}

/** Why a checkpoint could not be read: as unsigned, where its text is a checkpoint's. */
function unsigned(note: string, why: Failure): Failure {
  const text = note.slice(0, note.lastIndexOf("\n\n") + 1);
  if (why.code !== "MALFORMED" || !parseCheckpointText(text).ok) return why;
  return failure("UNSIGNED", `signatures: ${why.expected}`, `an invalid signature: ${why.found}`);
}

/** The hashes of a consistency proof, each in base64 on its line. */
export function parseProofHashes(lines: readonly string[]): Result<Uint8Array[]> {
  if (lines.length > MAX_HASHES) {
    return failure("TOO_LARGE", `at most ${MAX_HASHES} proof hashes`, `${lines.length}`);
  }
  const hashes: Uint8Array[] = [];
  for (const line of lines) {
    const hash = decodeBase64(line);
    if (hash?.length !== 32) {
      return failure("MALFORMED", "a proof hash: base64 of 32 bytes", abbreviate(line));
    }
    hashes.push(hash);
  }
  return ok(hashes);
}

/** The request's bytes. Whether the checkpoint is one is for the witness to say. */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): Uint8Array {
  if (parseDecimal(`${oldSize}`) === undefined) {
    throw new RangeError(`a tree size is from 0 to 2^63 - 1, not ${oldSize}`);
  }
  if (proof.length > MAX_HASHES || proof.some((hash) => hash.length !== 32)) {
    throw new TypeError(`a proof is at most ${MAX_HASHES} hashes of 32 bytes`);
  }
  const head = [`old ${oldSize}`, ...proof.map(encodeBase64)];
  return concatBytes(encodeUtf8(`${head.join("\n")}\n\n`), checkpoint);
}

/** A key that may sign for an origin. A log with several keys is there several times. */
export interface WitnessedLog {
  readonly origin: string;
  readonly key: VerifierKey;
}

/** What a witness is set up with. */
export interface WitnessSetup {
  readonly logs: readonly WitnessedLog[];
  /** From `loadVerifiers`, with what the logs' keys need. */
  readonly verifiers: Verifiers;
}

/**
 * Why a witness does not cosign, under the HTTP status of the specification. 400: no request, or an
 * old size above the checkpoint's. 403: no signature by a key of the log, or one that does not verify.
 * 404: no such log here. 409: the old size is not the remembered one, which is `size`. 422: the
 * checkpoint does not continue the remembered tree; with code EQUIVOCATION the log has signed two
 * trees that contradict each other.
 */
export type Refusal =
  | { readonly status: 400 | 403 | 404 | 422; readonly failure: Failure }
  | { readonly status: 409; readonly failure: Failure; readonly size: bigint };

export type CosignDecision =
  | {
      readonly status: 200;
      readonly head: TreeHead;
      /** The checkpoint with one signature by each key of the log, and no others. */
      readonly checkpoint: Uint8Array;
    }
  | Refusal;

/**
 * Decides on a request, given the tree head that this witness cosigned last for the log of the
 * checkpoint's origin; undefined: none, which is size 0. Throws if a key's algorithm is not loaded.
 */
export function decideCosign(
  kernel: Kernel,
  setup: WitnessSetup,
  remembered: TreeHead | undefined,
  request: UnverifiedAddCheckpoint,
): CosignDecision {
  const { signed, oldSize } = request;
  const { checkpoint } = signed;
  const keys = setup.logs.filter(({ origin }) => origin === checkpoint.origin);
  if (keys.length === 0) {
    const expected = "the origin of a log that this witness knows";
    return refuse(404, failure("ORIGIN", expected, abbreviate(checkpoint.origin)));
  }
  const vouched = vouchedFor(
    kernel,
    signed,
    keys.map(({ key }) => key),
    setup.verifiers,
  );
  if (!vouched.ok) return refuse(403, vouched);

  if (oldSize > checkpoint.size) {
    const expected = `an old size up to the checkpoint's, ${checkpoint.size}`;
    return refuse(400, failure("MALFORMED", expected, `${oldSize}`));
  }
  const size = remembered?.size ?? 0n;
  if (oldSize !== size) {
    const expected = `old ${size}, the size that this witness cosigned last`;
    return { status: 409, failure: failure("ROLLBACK", expected, `old ${oldSize}`), size };
  }
  const broken = checkGrowth(kernel, remembered, request);
  if (broken) return refuse(422, broken);
  const { rootHash } = checkpoint;
  return { status: 200, head: { size: checkpoint.size, rootHash }, checkpoint: vouched.value };
}

/** The refusal of a request that `parseAddCheckpoint` could not read. */
export function refuseUnread(why: Failure): Refusal {
  return refuse(why.code === "UNSIGNED" ? 403 : 400, why);
}

function refuse(status: 400 | 403 | 404 | 422, why: Failure): Refusal {
  return { status, failure: why };
}

/** The checkpoint with the log's own signatures, one a key; a known key's bad one spoils it. */
function vouchedFor(
  kernel: Kernel,
  signed: UnverifiedCheckpoint,
  keys: readonly VerifierKey[],
  verifiers: Verifiers,
): Result<Uint8Array> {
  if (!verifiers.mlDsa44 && keys.some(({ type }) => type === "cosignature-ml-dsa-44")) {
    throw new TypeError("a log's key is of type ML-DSA-44, and its verifier was not loaded");
  }
  const statuses = checkSignatures(kernel, signed, keys, verifiers);
  const bad = statuses.find(({ status }) => status !== "ok");
  if (bad) {
    const expected = `a signature that verifies under ${idOf(bad.key)}`;
    return failure("SIGNATURE", expected, `an invalid signature (${bad.reason})`);
  }
  const own = keys.map(idOf);
  const ids = signed.note.signatures.map(idOf);
  // Once each, and never so many that a note has no room for one more.
  const lines = signed.note.signatures
    .filter((_, i) => own.includes(ids[i] as string) && ids.indexOf(ids[i] as string) === i)
    .slice(0, MAX_SIGNATURES - 1);
  if (lines.length === 0) {
    return failure("UNSIGNED", `a signature by ${own.join(" or ")}`, "none");
  }
  return ok(formatNote(signed.note.text, lines));
}

function idOf({ name, keyId }: { readonly name: string; readonly keyId: string }): string {
  return `${name}+${keyId}`;
}

/** Why the checkpoint does not continue the remembered tree, whose size is the request's old size. */
function checkGrowth(
  kernel: Kernel,
  remembered: TreeHead | undefined,
  { oldSize, proof, signed: { checkpoint } }: UnverifiedAddCheckpoint,
): Failure | undefined {
  const { size, rootHash } = checkpoint;
  const named = (head: TreeHead) => `root ${encodeHex(head.rootHash)} at size ${head.size}`;
  if (size === 0n && !equalBytes(rootHash, kernel.treeRoot(new Uint8Array()))) {
    return failure("CONSISTENCY", "the root of the empty tree", named(checkpoint));
  }
  if (remembered && size === oldSize && !equalBytes(rootHash, remembered.rootHash)) {
    return failure("EQUIVOCATION", named(remembered), named(checkpoint));
  }
  // Every tree begins with the empty one, and RFC 6962 has no proof from it.
  if (!remembered || oldSize === 0n) {
    if (proof.length === 0) return undefined;
    return failure(
      "CONSISTENCY",
      "an empty consistency proof from size 0",
      `${proof.length} hashes`,
    );
  }
  const { status, foundOldRoot, foundNewRoot } = kernel.checkConsistency({
    oldSize,
    oldRoot: remembered.rootHash,
    newSize: size,
    newRoot: rootHash,
    proof,
  });
  if (status === "ok") return undefined;
  if (status === "old-root" && foundOldRoot) {
    // The newer root comes out exactly, so this path is in it: the remembered one is another tree's.
    const found = named({ size: oldSize, rootHash: foundOldRoot });
    return failure("EQUIVOCATION", named(remembered), found);
  }
  return foundNewRoot
    ? failure("CONSISTENCY", `a consistency proof to ${named(checkpoint)}`, encodeHex(foundNewRoot))
    : failure(
        "CONSISTENCY",
        `the consistency proof from size ${oldSize} to ${size}`,
        `${proof.length} hashes`,
      );
}
