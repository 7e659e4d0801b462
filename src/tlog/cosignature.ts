/**
 * Timestamped cosignatures (C2SP tlog-cosignature): u64 time in seconds, big-endian, then an Ed25519
 * (type 04) or ML-DSA-44 (type 06) signature over the messages below.
 */
import { concatBytes } from "../bytes/concat.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Checkpoint } from "./checkpoint.js";
import type { KeyType } from "./vkey.js";

export interface Cosignature {
  /** Seconds since the epoch. 0 says nothing about when. */
  readonly time: bigint;
  readonly signature: Uint8Array;
}

const SIGNATURE_BYTES = { "cosignature-ed25519": 64, "cosignature-ml-dsa-44": 2420 } as const;
const MAX_TIME = (1n << 63n) - 1n;

/** Splits the bytes of a cosignature, or undefined: a wrong length, or a time over 2^63 - 1. */
export function decodeCosignature(
  type: Exclude<KeyType, "ed25519">,
  bytes: Uint8Array,
): Cosignature | undefined {
  if (bytes.length !== 8 + SIGNATURE_BYTES[type]) return undefined;
  const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  return time <= MAX_TIME ? { time, signature: bytes.slice(8) } : undefined;
}

/** What a type 04 cosigner signs: the whole note text, extension lines too, but not its own name. */
export function ed25519CosignedMessage(time: bigint, noteText: string): Uint8Array {
  return encodeUtf8(`cosignature/v1\ntime ${time}\n${noteText}`);
}

/**
 * What a type 06 cosigner signs: its name, the time and the tree head, without extension lines; or
 * undefined when the name or the origin is longer than the 255 bytes that the format has room for.
 */
export function mlDsaCosignedMessage(
  cosigner: string,
  time: bigint,
  checkpoint: Checkpoint,
): Uint8Array | undefined {
  const name = encodeUtf8(cosigner);
  const origin = encodeUtf8(checkpoint.origin);
  if (name.length > 255 || origin.length > 255) return undefined;
  return concatBytes(
    encodeUtf8("subtree/v1\n\0"),
    Uint8Array.of(name.length),
    name,
    u64(time),
    Uint8Array.of(origin.length),
    origin,
    u64(0n),
    u64(checkpoint.size),
    checkpoint.rootHash,
  );
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}
