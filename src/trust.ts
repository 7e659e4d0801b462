/** `writ/trust`: following the trust state of domains. Takes a `Kernel` of the package's main entry. */
export { requestsWithin } from "./runtime/budget.js";
export { request } from "./runtime/request.js";
export { MemoryTrustStore } from "./storage/memory-trust-store.js";
export type { TrustStore } from "./storage/trust-store.js";
export { folderSource } from "./sync/folder-source.js";
export type { HttpAnswer, HttpRequest, HttpSource } from "./sync/http-source.js";
export { httpSource } from "./sync/http-source.js";
export type { RecordedEvidence } from "./sync/lift.js";
export { liftEvidence, listEvidence, readEvidence } from "./sync/lift.js";
export type { SourceReport } from "./sync/merge.js";
export { openTrust } from "./sync/open.js";
export type { Pin } from "./sync/pin.js";
export type { PinnedDomain } from "./sync/pins.js";
export { pinnedDomains, pinnedRoot, rememberPins } from "./sync/pins.js";
export { relayFiles, relaySource } from "./sync/relay.js";
export type { Answer, Request, Source } from "./sync/source.js";
export type { DomainSync, Sources } from "./sync/sync.js";
export { sync } from "./sync/sync.js";
export { verifyEvidence } from "./sync/verify-evidence.js";
export { coversCommand } from "./trust/command.js";
export type { Authority } from "./trust/contents/authority.js";
export type { Baseline } from "./trust/contents/baseline.js";
export type { Peer, Peers, Terms } from "./trust/contents/peers.js";
export type { LocalPolicy } from "./trust/contents/policy.js";
export type { Status } from "./trust/contents/status.js";
export type { ExposedKey, ExposedPeer, Exposure } from "./trust/exposure.js";
export { exposureOf } from "./trust/exposure.js";
export type { Freshness, FreshnessDemand } from "./trust/freshness.js";
export { checkFreshQuorum, judgeFreshness } from "./trust/freshness.js";
export type { ReadFile, Refreshed, Remembered } from "./trust/repository.js";
export { readTarget, refreshRepository } from "./trust/repository.js";
export type { VerifiedRoot } from "./trust/root.js";
export { verifyNextRoot, verifyPinnedRoot } from "./trust/root.js";
export type { StateMetadata, VerifiedTrustState } from "./trust/state.js";
export type { Trusted, TrustView, Withdrawn } from "./trust/view.js";
export {
  checkAccepted,
  checkGate,
  checkNotWithdrawn,
  checkTrusted,
  viewDigest,
} from "./trust/view.js";
