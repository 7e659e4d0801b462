/**
 * The packet by which a gate shows another one that it handed a run on, and to whom: the entry that
 * says so, the decision that had allowed the run, and the proofs of both to one checkpoint that a
 * quorum cosigned.
 *
 * Canonical JSON of `{checkpoint, decision, handover}`: the signed checkpoint in base64, and two times
 * `{entry, index, proof}`, the entry's bytes and the hashes of its inclusion proof in base64.
 */
import * as v from "valibot";
import { decodeBase64, encodeBase64 } from "../bytes/base64.js";
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { equalBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { TreeHead } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { tileWidth } from "../tlog/tile.js";
import { TreeReader } from "../tlog/tree-reader.js";
import type { CheckpointDemand } from "../tlog/verify-checkpoint.js";
import { verifyCheckpoint } from "../tlog/verify-checkpoint.js";
import { readSchema } from "../trust/schema.js";
import type { Failure, Result } from "../verdict.js";
import { failure, isOpen, ok } from "../verdict.js";
import { readBundle } from "./bundle.js";
import type { Entry } from "./entry.js";
import { parseEntry } from "./entry.js";
import type { EntryName } from "./entry/common.js";
import { whole } from "./entry/common.js";
import type { Handover } from "./entry/crossing.js";

/** Two entries, and a checkpoint with as many signatures as a note may have. */
const MAX_PACKET_BYTES = 2 << 20;
const MAX_HASHES = 63;

const base64 = v.string("base64");

const proven = v.strictObject({
  entry: base64,
  index: whole,
  proof: v.pipe(v.array(base64, "hashes"), v.maxLength(MAX_HASHES, `at most ${MAX_HASHES} hashes`)),
});

const packetSchema = v.strictObject({ checkpoint: base64, decision: proven, handover: proven });

type Proven = v.InferOutput<typeof proven>;

/** What the receiving gate demands. */
export interface PacketDemand {
  /** Its own Ed25519 key, in hexadecimal. */
  readonly receiver: string;
  /**
   * What it demands of a checkpoint of the log of this origin: the gate's key, and the quorum. A
   * failure where the gate is not accepted here.
   */
  readonly demandOf: (origin: string) => Result<CheckpointDemand>;
}

/** A hand-over that holds. */
export interface CheckedPacket {
  /** SHA-256 of the packet, in hexadecimal, for the accept. */
  readonly sha256: string;
  /** The hand-over, which is the parent of the run that begins. */
  readonly parent: EntryName;
  /** The decision that had allowed the run. */
  readonly decision: EntryName;
  /** The run that was handed on. */
  readonly run: string;
}

/**
 * The packet of entries that a stored log holds, for its receiver. `checkpoint` has the cosignatures
 * that the receiver will want. MISSING: it covers less, or the entries are others.
 */
export async function makePacket(
  kernel: Kernel,
  tiles: Reader,
  checkpoint: Uint8Array,
  { decision, handover }: { readonly decision: number; readonly handover: number },
): Promise<Result<Uint8Array>> {
  const signed = parseCheckpoint(checkpoint);
  if (!signed.ok) return signed;
  const { size } = signed.value.checkpoint;
  const parts: { readonly [name: string]: Json }[] = [];
  for (const [kind, index] of [
    ["decision", decision],
    ["handover", handover],
  ] as const) {
    if (index >= size)
      return failure("MISSING", `a checkpoint that covers entry ${index}`, `${size}`);
    const bytes = await readAnyWidth(tiles, size, BigInt(index));
    if (!bytes.ok) return bytes;
    const entry = parseEntry(bytes.value);
    if (!entry.ok) return entry;
    const found = entry.value.kind;
    if (found !== kind) return failure("MISSING", `a ${kind} as entry ${index}`, found);
    const proof = await new TreeReader(kernel, tiles, size, "c2sp").proveInclusion(BigInt(index));
    if (!proof.ok) return proof;
    parts.push({ entry: encodeBase64(bytes.value), index, proof: proof.value.map(encodeBase64) });
  }
  const [allowed, handedOn] = parts as [Json, Json];
  const json = { checkpoint: encodeBase64(checkpoint), decision: allowed, handover: handedOn };
  return ok(encodeUtf8(formatCanonical(json)));
}

/** The entry, also where the log has grown since: its bundle may be a longer one by now. */
async function readAnyWidth(
  tiles: Reader,
  size: bigint,
  index: bigint,
): Promise<Result<Uint8Array>> {
  const bundle = index >> 8n;
  const entries = await readBundle(tiles, bundle, tileWidth(size, 0, bundle));
  return entries.ok ? ok(entries.value[Number(index & 255n)] as Uint8Array) : entries;
}

/** ORPHAN unless the packet proves a hand-over; HOLDER where it is to another gate. */
export function checkPacket(
  kernel: Kernel,
  bytes: Uint8Array,
  demand: PacketDemand,
): Result<CheckedPacket> {
  const verified = verifyPacket(kernel, bytes, demand);
  return !verified.ok && isOpen(verified.code) ? orphan(verified) : verified;
}

/** The same for whoever is not to act on it: what is missing keeps the code that says so. */
export function verifyPacket(
  kernel: Kernel,
  bytes: Uint8Array,
  { receiver, demandOf }: PacketDemand,
): Result<CheckedPacket> {
  const packet = readSchema("a hand-over packet", packetSchema, bytes, MAX_PACKET_BYTES);
  if (!packet.ok) return orphan(packet);
  const { decision, handover } = packet.value;
  const canonical = encodeUtf8(formatCanonical(packet.value as Json));
  const note = decodeBase64(packet.value.checkpoint);
  if (!equalBytes(canonical, bytes) || !note) return malformed("canonical JSON, and base64 in it");
  const signed = parseCheckpoint(note);
  if (!signed.ok) return orphan(signed);
  const { checkpoint } = signed.value;
  const { origin } = checkpoint;

  const demand = demandOf(origin);
  if (!demand.ok) return orphan(demand);
  if (!demand.value.policy.quorum) {
    return failure("ORPHAN", "a policy that demands a quorum", "quorum none");
  }
  const verdict = verifyCheckpoint(kernel, note, demand.value);
  if (verdict.outcome !== "PROVEN") {
    const {
      code = "INTERNAL",
      expected = "",
      found = "",
    } = verdict.checks.find((check) => check.code) ?? {};
    const why = failure(code, expected, found);
    return isOpen(code) ? why : orphan(why);
  }
  const handedOn = provenEntry(kernel, handover, checkpoint);
  if (!handedOn.ok) return orphan(handedOn);
  const allowed = provenEntry(kernel, decision, checkpoint);
  if (!allowed.ok) return orphan(allowed);

  const entry = handedOn.value.entry;
  if (entry.kind !== "handover") return failure("ORPHAN", "a hand-over", entry.kind);
  if (entry.receiver !== receiver) {
    return failure("HOLDER", `a hand-over to ${receiver}`, `one to ${entry.receiver}`);
  }
  const unallowed = checkAllowed(allowed.value.entry, entry);
  if (unallowed) return unallowed;
  if (decision.index >= handover.index) {
    const expected = "a decision before the hand-over";
    return failure("ORPHAN", expected, `${decision.index} and ${handover.index}`);
  }
  return ok({
    sha256: encodeHex(kernel.sha256(bytes)),
    parent: { origin, index: handover.index, leaf: handedOn.value.leaf },
    decision: { origin, index: decision.index, leaf: allowed.value.leaf },
    run: entry.run,
  });
}

/** ORPHAN unless the decision had allowed the run, which had not broken. */
function checkAllowed(decision: Entry, { run, state }: Handover): Failure | undefined {
  if (decision.kind !== "decision") return failure("ORPHAN", "a decision", decision.kind);
  if (decision.outcome !== "allow") {
    return failure("ORPHAN", "a decision that allowed", `it denied: ${decision.code}`);
  }
  if (decision.run !== run) return failure("ORPHAN", `a decision on run ${run}`, decision.run);
  if (state === "executing" || state === "completed") return undefined;
  return failure("ORPHAN", "a run that is executing or completed", state);
}

interface ProvenEntry {
  readonly entry: Entry;
  /** In hexadecimal. */
  readonly leaf: string;
}

function provenEntry(
  kernel: Kernel,
  { entry, index, proof }: Proven,
  { size, rootHash }: TreeHead,
): Result<ProvenEntry> {
  const bytes = decodeBase64(entry);
  const hashes = proof.map(decodeBase64);
  if (!bytes || !hashes.every((hash): hash is Uint8Array => hash?.length === 32)) {
    return failure("MALFORMED", "an entry, and hashes of 32 bytes, in base64", "something else");
  }
  const leafHash = kernel.leafHash(bytes);
  const claim = { index: BigInt(index), size, leafHash, root: rootHash, proof: hashes };
  const { status } = kernel.checkInclusion(claim);
  if (status !== "ok") {
    const expected = `entry ${index} in the checkpoint of size ${size}`;
    return failure("INCLUSION", expected, `a proof that fails (${status})`);
  }
  const parsed = parseEntry(bytes);
  return parsed.ok ? ok({ entry: parsed.value, leaf: encodeHex(leafHash) }) : parsed;
}

function orphan({ code, expected, found }: Failure): Failure {
  return failure("ORPHAN", expected, `${found} (${code})`);
}

function malformed(expected: string): Failure {
  return orphan(failure("MALFORMED", `a hand-over packet in ${expected}`, "another form"));
}
