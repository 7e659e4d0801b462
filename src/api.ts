/** What every entry point of the package offers, whichever way it obtains the kernel. */
export { kernelDigest } from "./runtime/digest.js";
export { KernelFault } from "./kernel/border.js";
export type { Ed25519Status, SignatureClaim } from "./kernel/ed25519.js";
export type { HashAlgorithm, Hasher } from "./kernel/hash.js";
export type { KernelOptions } from "./kernel/kernel.js";
export { Kernel } from "./kernel/kernel.js";
export type { PreparedKey } from "./kernel/prepared.js";
export type { PlatformHash, PlatformStream } from "./kernel/platform-hash.js";
export type {
  ConsistencyClaim,
  ConsistencyResult,
  ConsistencyStatus,
  InclusionClaim,
  InclusionResult,
  InclusionStatus,
} from "./kernel/proofs.js";
export type { Frontier, LeafRange } from "./kernel/tree.js";
export { MemoryStorage } from "./storage/memory.js";
export type { Reader, Storage } from "./storage/storage.js";
export type { Growth } from "./tlog/append.js";
export { growTree } from "./tlog/append.js";
export type { Checkpoint, TreeHead, UnverifiedCheckpoint } from "./tlog/checkpoint.js";
export { formatCheckpointText, parseCheckpoint } from "./tlog/checkpoint.js";
export type { NoteSignature, UnverifiedNote } from "./tlog/note.js";
export { formatNote, parseNote } from "./tlog/note.js";
export type { Policy, QuorumRule, Witness } from "./tlog/policy.js";
export { parsePolicy } from "./tlog/policy.js";
export type { UnverifiedProof } from "./tlog/proof.js";
export { formatProof, parseProof } from "./tlog/proof.js";
export type { Layout } from "./tlog/tile.js";
export { TreeReader } from "./tlog/tree-reader.js";
export type { Signer } from "./tlog/signer.js";
export { cosignCheckpoint, signCheckpoint } from "./tlog/signer.js";
export type { Verifiers } from "./tlog/verifiers.js";
export { loadVerifiers } from "./tlog/verifiers.js";
export type { CheckpointDemand, LogDemand } from "./tlog/verify-checkpoint.js";
export { verifyCheckpoint } from "./tlog/verify-checkpoint.js";
export type { ConsistencyDemand, ProofEnd } from "./tlog/verify-consistency.js";
export { verifyConsistency } from "./tlog/verify-consistency.js";
export type { StoredLogDemand } from "./tlog/verify-log.js";
export { verifyLog } from "./tlog/verify-log.js";
export { verifyProof } from "./tlog/verify-proof.js";
export type { KeyType, VerifierKey } from "./tlog/vkey.js";
export { formatVkey, makeVerifierKey, parseVkey } from "./tlog/vkey.js";
export type { Check, CheckOutcome, Code, Failure, Outcome, Result, Verdict } from "./verdict.js";
export { CODES } from "./verdict.js";
