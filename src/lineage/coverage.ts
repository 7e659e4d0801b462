/** Whether a stored log's checkpoint covers an entry, and who has cosigned it. */
import { formatRfc3339 } from "../bytes/rfc3339.js";
import { decodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { UnverifiedCheckpoint } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../tlog/note.js";
import { checkSignatures } from "../tlog/signatures.js";
import { TreeReader } from "../tlog/tree-reader.js";
import type { Verifiers } from "../tlog/verifiers.js";
import { checkLog } from "../tlog/verify-checkpoint.js";
import type { VerifierKey } from "../tlog/vkey.js";
import { makeVerifierKey } from "../tlog/vkey.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { cosignedSizes, readCosigned } from "./cosigned.js";
import type { EntryName } from "./entry/common.js";

/** Whose cosignatures are looked for. */
export interface Watchers {
  readonly witnesses: readonly VerifierKey[];
  readonly verifiers: Verifiers;
}

/**
 * A checkpoint of a stored log that the gate's key signed and that holds the entry: the first that one
 * of the witnesses has cosigned, else the newest.
 */
export async function findCoverage(
  kernel: Kernel,
  log: Reader,
  name: EntryName,
  key: string,
  { witnesses, verifiers }: Watchers,
): Promise<Result<UnverifiedCheckpoint>> {
  for (const size of await cosignedSizes(log)) {
    const note = size > name.index ? await readCosigned(log, size) : undefined;
    const covering = note?.ok ? await checkCovering(kernel, log, name, key, note.value) : undefined;
    if (!covering?.ok) continue;
    if (findCosignatures(kernel, covering.value, witnesses, verifiers).ok) return covering;
  }
  const note = await log.read(CHECKPOINT, MAX_NOTE_BYTES);
  if (!note) return failure("MISSING", `the checkpoint of ${name.origin}`, "none");
  return await checkCovering(kernel, log, name, key, note);
}

/** The checkpoint, if it is the gate's, and the entry is in the tree that it names. */
async function checkCovering(
  kernel: Kernel,
  log: Reader,
  { origin, index, leaf }: EntryName,
  key: string,
  note: Uint8Array,
): Promise<Result<UnverifiedCheckpoint>> {
  const signed = parseCheckpoint(note);
  if (!signed.ok) return signed;
  const { checkpoint } = signed.value;
  const vkey = makeVerifierKey(kernel, origin, "ed25519", decodeHex(key) as Uint8Array);
  const bad = checkLog(kernel, signed.value, vkey);
  if (bad) return { ...bad, expected: `a checkpoint of ${origin}: ${bad.expected}` };
  const { size, rootHash } = checkpoint;
  if (BigInt(index) >= size) {
    return failure("MISSING", `a checkpoint that covers entry ${index}`, `one of size ${size}`);
  }
  const proof = await new TreeReader(kernel, log, size, "c2sp").proveInclusion(BigInt(index));
  if (!proof.ok) return proof;
  const { status } = kernel.checkInclusion({
    index: BigInt(index),
    size,
    leafHash: decodeHex(leaf) as Uint8Array,
    root: rootHash,
    proof: proof.value,
  });
  if (status === "ok") return signed;
  return failure(
    "INCLUSION",
    `entry ${index} in the tree of size ${size}`,
    `not there (${status})`,
  );
}

/** Who of these witnesses has cosigned, and when, for people; QUORUM where nobody has. */
export function findCosignatures(
  kernel: Kernel,
  signed: UnverifiedCheckpoint,
  witnesses: readonly VerifierKey[],
  verifiers: Verifiers,
): Result<readonly string[]> {
  const statuses = checkSignatures(kernel, signed, witnesses, verifiers);
  const bad = statuses.find(({ status }) => status === "failed");
  if (bad) return failure("SIGNATURE", `a cosignature by ${bad.key.name}`, bad.reason ?? "another");
  const good = statuses.filter(({ status }) => status === "ok");
  if (good.length === 0) {
    const names = witnesses.map(({ name }) => name).join(", ");
    return failure("QUORUM", `a cosignature by one of: ${names || "no witness is known"}`, "none");
  }
  return ok(
    good.map(({ key, time }) => {
      const ms = Number(time ?? 0n) * 1000;
      return `${key.name}${ms > 0 && ms < 253_402_300_800_000 ? ` at ${formatRfc3339(ms, "s")}` : ""}`;
    }),
  );
}
