/** Signing checkpoints. Private keys stay with the signer; the kernel never sees one. */
import { concatBytes } from "../bytes/concat.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { TreeHead } from "./checkpoint.js";
import { formatCheckpointText, parseCheckpoint } from "./checkpoint.js";
import { ed25519CosignedMessage } from "./cosignature.js";
import { formatNote } from "./note.js";
import type { VerifierKey } from "./vkey.js";

/** Holds a private key, or reaches one that it does not hold. */
export interface Signer {
  /** The key under which the signatures verify. */
  readonly key: VerifierKey;
  /** The 64 bytes of an Ed25519 signature over `message`. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A new checkpoint, signed by the log's key (type 01). */
export async function signCheckpoint(
  origin: string,
  head: TreeHead,
  signer: Signer,
): Promise<Uint8Array> {
  if (signer.key.type !== "ed25519") {
    throw new TypeError(`a log signs with an Ed25519 key, not ${signer.key.type}`);
  }
  const text = formatCheckpointText(origin, head);
  const signature = await signer.sign(encodeUtf8(text));
  return formatNote(text, [{ name: signer.key.name, keyId: signer.key.keyId, signature }]);
}

/**
 * The checkpoint with one more cosignature (type 04), which says that at `time`, in seconds, this was
 * the largest consistent tree that the cosigner knew. Whether that is so is for the caller to check
 * before: this function only signs.
 */
export async function cosignCheckpoint(
  checkpoint: Uint8Array,
  signer: Signer,
  time: bigint,
): Promise<Uint8Array> {
  if (signer.key.type !== "cosignature-ed25519") {
    throw new TypeError(`a cosigner signs with a key of type 04, not ${signer.key.type}`);
  }
  const signed = parseCheckpoint(checkpoint);
  if (!signed.ok) throw new TypeError(`not a checkpoint: expected ${signed.expected}`);
  const { text, signatures } = signed.value.note;
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, time);
  const signature = concatBytes(stamp, await signer.sign(ed25519CosignedMessage(time, text)));
  const { name, keyId } = signer.key;
  return formatNote(text, [...signatures, { name, keyId, signature }]);
}
