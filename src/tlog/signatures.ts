/** Which of the known keys have signed a checkpoint. All Ed25519 signatures cross the border at once. */
import { encodeUtf8 } from "../bytes/utf8.js";
import type { SignatureClaim } from "../kernel/ed25519.js";
import type { Kernel } from "../kernel/kernel.js";
import type { UnverifiedCheckpoint } from "./checkpoint.js";
import { decodeCosignature, ed25519CosignedMessage, mlDsaCosignedMessage } from "./cosignature.js";
import type { NoteSignature } from "./note.js";
import type { Verifiers } from "./verifiers.js";
import type { VerifierKey } from "./vkey.js";

export interface SignatureStatus {
  readonly key: VerifierKey;
  /** `not-loaded`: the algorithm was not loaded; nothing is known of the signature. */
  readonly status: "ok" | "failed" | "not-loaded";
  /** Why it failed, for people. */
  readonly reason?: string;
  /** When it was made, in seconds, as a verified cosignature states it. 0 states nothing. */
  readonly time?: bigint;
}

/**
 * The status of every signature by one of `keys`, in the note's order; signatures by others are left
 * out. A key that has signed twice appears twice: callers count distinct keys.
 */
export function checkSignatures(
  kernel: Kernel,
  signed: UnverifiedCheckpoint,
  keys: readonly VerifierKey[],
  verifiers: Verifiers,
): SignatureStatus[] {
  const claims: SignatureClaim[] = [];
  const pending = signed.note.signatures.flatMap((line) =>
    keys
      .filter((key) => key.name === line.name && key.keyId === line.keyId)
      .map((key) => judgeLine(signed, key, line, verifiers, claims)),
  );
  const statuses = kernel.checkEd25519Many(claims);
  return pending.map(({ claim, ...status }) => {
    if (claim === undefined) return status;
    const found = statuses[claim];
    return found === "ok"
      ? { ...status, status: "ok" }
      : { key: status.key, status: "failed", reason: `Ed25519: ${found}` };
  });
}

/** `claim`: where in the batch the answer will stand. */
type Pending = SignatureStatus & { readonly claim?: number };

function judgeLine(
  { note, checkpoint }: UnverifiedCheckpoint,
  key: VerifierKey,
  line: NoteSignature,
  verifiers: Verifiers,
  claims: SignatureClaim[],
): Pending {
  const failed = (reason: string): Pending => ({ key, status: "failed", reason });
  if (key.type === "ed25519") {
    if (line.signature.length !== 64) return failed(`${line.signature.length} bytes, not 64`);
    const message = encodeUtf8(note.text);
    const claim = claims.push({ key: key.publicKey, message, signature: line.signature }) - 1;
    return { key, status: "failed", claim };
  }
  const cosignature = decodeCosignature(key.type, line.signature);
  if (!cosignature) return failed("not a timestamped cosignature");
  const { time, signature } = cosignature;
  if (key.type === "cosignature-ed25519") {
    const message = ed25519CosignedMessage(time, note.text);
    const claim = claims.push({ key: key.publicKey, message, signature }) - 1;
    return { key, status: "failed", time, claim };
  }
  const message = mlDsaCosignedMessage(key.name, time, checkpoint);
  if (!message) return failed("a name or origin over 255 bytes, which the format cannot hold");
  if (!verifiers.mlDsa44) return { key, status: "not-loaded" };
  return verifiers.mlDsa44(key.publicKey, message, signature)
    ? { key, status: "ok", time }
    : failed("ML-DSA-44: the signature does not fit");
}
