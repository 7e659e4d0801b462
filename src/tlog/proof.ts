/** Offline proofs of logging (C2SP tlog-proof, version 1). */
import { decodeBase64, encodeBase64 } from "../bytes/base64.js";
import { concatBytes } from "../bytes/concat.js";
import { parseDecimal } from "../bytes/decimal.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import { MAX_NOTE_BYTES } from "./note.js";

const HEADER = "c2sp.org/tlog-proof@v1";
const MAX_BYTES = 2 * MAX_NOTE_BYTES;
const MAX_HASHES = 63;

/** A proof taken apart; nothing of it is verified, and `extra` never can be. */
export interface UnverifiedProof {
  readonly index: bigint;
  /** From the leaf's sibling to the root's child, 32 bytes each. */
  readonly hashes: readonly Uint8Array[];
  /** Whatever the application attached. Not authenticated by anything. */
  readonly extra?: Uint8Array;
  /** The signed checkpoint, byte for byte. */
  readonly checkpoint: Uint8Array;
}

export function parseProof(bytes: Uint8Array): Result<UnverifiedProof> {
  if (bytes.length > MAX_BYTES) {
    return failure("TOO_LARGE", `a proof of at most ${MAX_BYTES} bytes`, `${bytes.length}`);
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return failure("MALFORMED", "a proof in UTF-8", "invalid UTF-8");
  const split = text.indexOf("\n\n");
  const lines = text.slice(0, Math.max(split, 0)).split("\n");
  if (split < 0 || lines[0] !== HEADER) {
    return failure("MALFORMED", `a proof that begins with "${HEADER}"`, abbreviate(text));
  }
  let at = 1;
  let extra: Uint8Array | undefined;
  if (lines[at]?.startsWith("extra ")) {
    extra = decodeBase64((lines[at] as string).slice("extra ".length));
    if (!extra) return failure("MALFORMED", "extra <base64>", abbreviate(lines[at] as string));
    at += 1;
  }
  const indexLine = lines[at++] ?? "";
  const index = indexLine.startsWith("index ")
    ? parseDecimal(indexLine.slice("index ".length))
    : undefined;
  if (index === undefined) return failure("MALFORMED", "index <decimal>", abbreviate(indexLine));

  if (lines.length - at > MAX_HASHES) {
    return failure("TOO_LARGE", `at most ${MAX_HASHES} proof hashes`, `${lines.length - at}`);
  }
  const hashes: Uint8Array[] = [];
  for (const line of lines.slice(at)) {
    const hash = decodeBase64(line);
    if (hash?.length !== 32) {
      return failure("MALFORMED", "a proof hash: base64 of 32 bytes", abbreviate(line));
    }
    hashes.push(hash);
  }
  const checkpoint = encodeUtf8(text.slice(split + 2));
  return ok({ index, hashes, checkpoint, ...(extra ? { extra } : {}) });
}

export function formatProof({ index, hashes, extra, checkpoint }: UnverifiedProof): Uint8Array {
  const head = [
    HEADER,
    ...(extra ? [`extra ${encodeBase64(extra)}`] : []),
    `index ${index}`,
    ...hashes.map(encodeBase64),
  ];
  return concatBytes(encodeUtf8(`${head.join("\n")}\n\n`), checkpoint);
}
