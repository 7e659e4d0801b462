/** A domain, a reader of it, and a thief: what the tests of attacks begin with. */
import type { RecordedEvidence } from "../../src/sync/lift.js";
import { listEvidence, readEvidence } from "../../src/sync/lift.js";
import type { Answer, Source } from "../../src/sync/source.js";
import type { DomainSync } from "../../src/sync/sync.js";
import type { StateMetadata } from "../../src/trust/state.js";
import { hexKey, makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { Forgery, keysOf } from "../trust/forge.js";
import { live, TERMS, TestReader } from "./fixture.js";

export const NAME = "a.example";
export const KEYS = keysOf(NAME);
/** The one key of timestamps and snapshots. */
export const ONLINE = { timestamp: KEYS.timestamp, snapshot: KEYS.snapshot };

export const issuer = { name: "ops", key: hexKey("ops"), commands: ["/pay"] };

/** A domain, a reader that knows its first state, and what a thief has copied of it. */
export async function world() {
  const a = await makeDomain(NAME);
  const reader = await TestReader.of(a);
  await reader.sync(a.now, live(a));
  return { a, reader, forgery: await Forgery.of(a) };
}

/** Versions of what the reader holds. */
export function versions({
  view,
}: Pick<DomainSync, "view">): Record<keyof StateMetadata, number> | undefined {
  if (!view.state) return undefined;
  const { root, timestamp, snapshot, targets, status } = view.state.metadata;
  return {
    root: root.signed.version,
    timestamp: timestamp.signed.version,
    snapshot: snapshot.signed.version,
    targets: targets.signed.version,
    status: status.signed.version,
  };
}

export const demand = (now: number, maxStaleness = TERMS.maxStaleness) => ({
  now,
  maxStaleness,
  terms: TERMS,
});

/** A source with other answers for some paths. */
export function altered(
  source: Source,
  alter: (path: string, limit: number) => Answer | undefined,
): Source {
  return {
    name: "altered",
    read: async (domain, path, request) =>
      alter(path, request.limit) ?? (await source.read(domain, path, request)),
  };
}

export const found = (bytes: Uint8Array): Answer => ({ ok: true, status: "found", bytes });

/** What the reader's store holds against the domain. */
export async function evidenceOf({ store }: TestReader): Promise<readonly RecordedEvidence[]> {
  return must(await listEvidence(store, NAME));
}

/** The first file of evidence. */
export async function evidenceFile(reader: TestReader): Promise<Uint8Array> {
  const [row] = await evidenceOf(reader);
  return must(await readEvidence(kernel, reader.store, NAME, row?.evidence ?? "none"));
}
