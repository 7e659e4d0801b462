/** What was published, for people and for programs. */
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import type { Published } from "../../domain/published.js";

export function publishedJson({ state }: Published): Readonly<Record<string, unknown>> {
  const { root, targets, status, snapshot, timestamp } = state.metadata;
  return {
    domain: state.domain,
    digest: state.digest,
    root: root.signed.version,
    targets: targets.signed.version,
    status: status.signed.version,
    snapshot: snapshot.signed.version,
    timestamp: timestamp.signed.version,
    issued: timestamp.signed.issued,
    expires: timestamp.signed.expires,
    entry: timestamp.signed.log?.index ?? null,
  };
}

/** One line: which versions are in force, and until when the timestamp lasts. */
export function publishedText({ state }: Published): string {
  const { domain, metadata } = state;
  const { root, targets, status, timestamp } = metadata;
  const versions = `root ${root.signed.version}, targets ${targets.signed.version}, status ${status.signed.version}`;
  return `${domain}: ${versions}, timestamp ${timestamp.signed.version} until ${timeOf(timestamp.expires)}\n`;
}

/** Seconds are enough for people. */
export function timeOf(milliseconds: number): string {
  return formatRfc3339(milliseconds, "s");
}
