/**
 * `writ/proof`: proof bundles. Making one from logs, and verifying one offline, from pinned roots, with
 * every decision made again. Takes a `Kernel` of the package's main entry.
 */
export type { Selection } from "./proof/gate-selection.js";
export type { BundleDemand, ShownEntry } from "./proof/demand.js";
export type { BundleCheck } from "./proof/findings.js";
export type { IntervalTotals } from "./proof/intervals.js";
export type { BundleSource } from "./proof/line-reader.js";
export type {
  BundledCheckpoint,
  BundledDomain,
  BundledFile,
  BundledLog,
  BundledState,
  Manifest,
} from "./proof/manifest.js";
export { BUNDLE_FORMAT, parseManifest } from "./proof/manifest.js";
export type { Opened } from "./proof/opened.js";
export type { ProvenGate } from "./proof/prepare-log.js";
export type { BundleContents, ProvenBundle } from "./proof/prove-bundle.js";
export { proveBundle } from "./proof/prove-bundle.js";
export type { BundledEntry } from "./proof/read-bundle.js";
export { BundledFiles, openBundle, OpenBundle } from "./proof/read-bundle.js";
export type {
  BundleReport,
  DecisionCounts,
  GateReport,
  LogReport,
  RunReport,
} from "./proof/report.js";
export { verifyBundle } from "./proof/verify-bundle.js";
export { NO_VERIFIERS } from "./tlog/verifiers.js";
