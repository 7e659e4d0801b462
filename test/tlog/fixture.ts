/** A small log with witnesses, made from fixed seeds: the same bytes in every run. */
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import { concatBytes } from "../../src/bytes/concat.js";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { mlDsaCosignedMessage } from "../../src/tlog/cosignature.js";
import { formatNote } from "../../src/tlog/note.js";
import type { Policy } from "../../src/tlog/policy.js";
import { parsePolicy } from "../../src/tlog/policy.js";
import { formatProof } from "../../src/tlog/proof.js";
import type { Signer } from "../../src/tlog/signer.js";
import { cosignCheckpoint, signCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import type { CheckpointDemand } from "../../src/tlog/verify-checkpoint.js";
import type { VerifierKey } from "../../src/tlog/vkey.js";
import { formatVkey, makeVerifierKey } from "../../src/tlog/vkey.js";
import { kernel } from "../kernel.js";

export const ORIGIN = "log.example/one";
/** Seconds. */
export const TIME = 1_800_000_000n;
export const NOW = Number(TIME) * 1000;

export const utf8 = encodeUtf8;

/** An Ed25519 signer whose seed is one byte, 32 times. */
export function signer(name: string, seedByte: number, type: "log" | "witness"): Signer {
  const pkcs8 = Buffer.concat([
    Buffer.from("302e020100300506032b657004220420", "hex"),
    Buffer.alloc(32, seedByte),
  ]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const keyType = type === "log" ? "ed25519" : "cosignature-ed25519";
  return {
    key: makeVerifierKey(kernel, name, keyType, new Uint8Array(spki.subarray(-32))),
    sign: async (message) => new Uint8Array(sign(null, message, key)),
  };
}

export const log = signer(ORIGIN, 1, "log");
export const witnesses = [2, 3, 4].map((seed) => signer(`w${seed}.example`, seed, "witness"));

const mlDsa = ml_dsa44.keygen(new Uint8Array(32).fill(9));
export const mlDsaKey: VerifierKey = makeVerifierKey(
  kernel,
  "pq.example",
  "cosignature-ml-dsa-44",
  mlDsa.publicKey,
);

export const entries = Array.from({ length: 11 }, (_, i) => utf8(`entry ${i}`));
const leafHashes = kernel.leafHashes(entries);
export const rootHash = kernel.treeRoot(leafHashes);

export async function checkpoint(origin = ORIGIN, by = log): Promise<Uint8Array> {
  return await signCheckpoint(origin, { size: BigInt(entries.length), rootHash }, by);
}

/** Without a cosignature. */
export const bare = await checkpoint();

/** The line that a witness answers. */
export async function cosignatureLine(by: Signer, time = TIME, of = bare): Promise<string> {
  const signed = new TextDecoder().decode(await cosignCheckpoint(of, by, time));
  return `${signed.trimEnd().split("\n").at(-1)}\n`;
}

/** A checkpoint with cosignatures at the given times, by the witnesses in their order. */
export async function cosigned(...times: readonly bigint[]): Promise<Uint8Array> {
  let bytes = await checkpoint();
  for (const [i, time] of times.entries()) {
    bytes = await cosignCheckpoint(bytes, witnesses[i] as Signer, time);
  }
  return bytes;
}

/** Adds an ML-DSA-44 cosignature; `spoil` changes its last byte. */
export function mlDsaCosign(bytes: Uint8Array, time: bigint, spoil = false): Uint8Array {
  const signed = parseCheckpoint(bytes);
  if (!signed.ok) throw new Error("not a checkpoint");
  const message = mlDsaCosignedMessage(mlDsaKey.name, time, signed.value.checkpoint);
  if (!message) throw new Error("too long");
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, time);
  const signature = concatBytes(
    stamp,
    ml_dsa44.sign(message, mlDsa.secretKey, { extraEntropy: false }),
  );
  if (spoil) signature[signature.length - 1] = (signature.at(-1) as number) ^ 1;
  const { text, signatures } = signed.value.note;
  return formatNote(text, [
    ...signatures,
    { name: mlDsaKey.name, keyId: mlDsaKey.keyId, signature },
  ]);
}

export function proofOf(index: number, checkpointBytes: Uint8Array): Uint8Array {
  const hashes = kernel.proveInclusion(leafHashes, BigInt(index));
  return formatProof({ index: BigInt(index), hashes, checkpoint: checkpointBytes });
}

export function policyText(quorum: string, names = [2, 3, 4]): string {
  const lines = names.map(
    (seed) => `witness w${seed} ${formatVkey((witnesses[seed - 2] as Signer).key)}`,
  );
  return [`log ${formatVkey(log.key)}`, ...lines, ...quorum.split("; "), ""].join("\n");
}

export function policy(text: string): Policy {
  const parsed = parsePolicy(kernel, utf8(text));
  if (!parsed.ok)
    throw new Error(`${parsed.code}: expected ${parsed.expected}, found ${parsed.found}`);
  return parsed.value;
}

export function demand(quorum: string, more: Partial<CheckpointDemand> = {}): CheckpointDemand {
  return {
    policy: policy(policyText(quorum)),
    origin: undefined,
    verifiers: NO_VERIFIERS,
    now: NOW,
    maxStaleness: Number.POSITIVE_INFINITY,
    skew: 0,
    ...more,
  };
}
