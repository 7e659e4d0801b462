/**
 * `writ/gate`: a gate that runs effects under authorizations, stops them when continuity breaks, and keeps
 * the log of it. Takes a `Kernel` of the package's main entry, as are `MemoryStorage`, `makeVerifierKey`
 * and `kernelDigest`; requests and proofs are made with `writ/authorization`, sources of trust with
 * `writ/trust`.
 */
export type { Challenge } from "./gate/challenges.js";
export type { Clock } from "./gate/clock.js";
export type { Effect, EffectContext, Ended, Interrupted, Running } from "./gate/confinement.js";
export type { DriftKind } from "./gate/drift.js";
export type { Measured } from "./gate/environment.js";
export type { FollowOptions, Subscription, TrustFollower } from "./gate/follower.js";
export { followTrust } from "./gate/follower.js";
export type { Gate } from "./gate/gate.js";
export type { GovernedRun, RunResult } from "./gate/governed-run.js";
export { RunInterrupted } from "./gate/governed-run.js";
export type { HandedOver } from "./gate/hand-over.js";
export type { Placed } from "./gate/ledger.js";
export { openGate } from "./gate/open-gate.js";
export type { Cadence, GateOptions } from "./gate/options.js";
export { UNWITNESSED } from "./gate/options.js";
export type { ResumeContent } from "./gate/resume-statement.js";
export { signResume } from "./gate/resume-statement.js";
export type { RunRequest } from "./gate/run-request.js";
export type { Denied, Started } from "./gate/started.js";
export type { GateState, RunRecord } from "./gate/state.js";
export type { DomainPin } from "./gate/trust-round.js";
export type { Witness } from "./gate/witness.js";
export { storeWitness } from "./gate/witness.js";
export type { Entry, EntryBody, EntryKind } from "./lineage/entry.js";
export { parseEntry } from "./lineage/entry.js";
export type { EntryName } from "./lineage/entry/common.js";
export type { ArgumentDigest, EntryIsolation } from "./lineage/entry/run.js";
export type { PlacedEntry, TracedRun } from "./lineage/graph.js";
export { Lineage } from "./lineage/graph.js";
export { makePacket } from "./lineage/handover.js";
export type { Opening } from "./lineage/openings.js";
export { checkOpening, formatOpenings, parseOpenings } from "./lineage/openings.js";
export type { StoredLog } from "./lineage/reader.js";
export { readLog } from "./lineage/reader.js";
export type { Replay, Replayed } from "./lineage/stored-tree.js";
export type { Trace, TraceGap, TraceLink } from "./lineage/trace.js";
export { trace } from "./lineage/trace.js";
export { systemClock } from "./runtime/clock.js";
export { cooperative } from "./runtime/confinement/cooperative.js";
export { runtimeLevels } from "./runtime/confinement/host.js";
export type { WorkerOptions, WorkerProgram } from "./runtime/confinement/worker.js";
export { worker } from "./runtime/confinement/worker.js";
export { systemHost } from "./runtime/system-host.js";
export { MemoryTrustStore } from "./storage/memory-trust-store.js";
export type { Journal, LogStorage } from "./storage/storage.js";
export type { TrustStore } from "./storage/trust-store.js";
export { TrustStoreStorage } from "./storage/trust-store-storage.js";
export type { Signer } from "./tlog/signer.js";
export type { WitnessSetup } from "./tlog/witness.js";
export type { CosignAnswer } from "./tlog/witness-state.js";
