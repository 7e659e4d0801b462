/** Logs for tests: a signer from a fixed seed, entries of every size, and what is in a stored log. */
import type { EntryBody } from "../../src/lineage/entry.js";
import type { GateLog, LogOptions } from "../../src/lineage/log.js";
import { openLog } from "../../src/lineage/log.js";
import type { Journal, LogStorage, Reader } from "../../src/storage/storage.js";
import type { Signer } from "../../src/tlog/signer.js";
import { CHECKPOINT } from "../../src/tlog/log-writer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { verifyLog } from "../../src/tlog/verify-log.js";
import { kernel } from "../kernel.js";
import { signer } from "../tlog/fixture.js";

export const GATE = signer("gate.example/one", 7, "log");
export const NOW = Date.parse("2026-11-25T12:00:00Z");
/** No checkpoint but those that a test asks for. */
export const NEVER: LogOptions = { every: { entries: 1 << 30, ms: 1 << 30 } };

export const RUN = "ab".repeat(16);
const DIGEST = "cd".repeat(32);

/** An entry that tells its number; `size` digests of 64 digits make it longer. */
export function body(n: number, size = 0): EntryBody {
  return {
    kind: "trust",
    domain: "acme.example",
    trust: null,
    view: n.toString(16).padStart(64, "0"),
    code: null,
    authorizations: Array.from({ length: size }, () => DIGEST),
    keys: [],
  };
}

export const bodies = (count: number, from = 0): EntryBody[] =>
  Array.from({ length: count }, (_, i) => body(from + i));

/** The number that `body` was given. */
export function numberOf(bytes: Uint8Array): number {
  const { view } = JSON.parse(new TextDecoder().decode(bytes)) as { view: string };
  return Number.parseInt(view, 16);
}

export async function open(
  storage: LogStorage,
  options: LogOptions = NEVER,
  by: Signer = GATE,
): Promise<GateLog> {
  const opened = await openLog(kernel, storage, by, options);
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.expected}; found ${opened.found}`);
  return opened.value.log;
}

/** Appends, and waits until it is durable. */
export async function append(log: GateLog, added: readonly EntryBody[], now = NOW) {
  const appended = log.append(added, now);
  if (!appended.ok) throw new Error(`${appended.code}: ${appended.expected}; ${appended.found}`);
  await appended.value.durable;
  return appended.value;
}

/** The bytes of all entries. */
export async function entriesOf(log: GateLog): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const { index, bytes } of log.entries(0)) {
    if (index !== found.length) throw new Error(`entry ${index} at place ${found.length}`);
    found.push(bytes);
  }
  return found;
}

/** What `writ log check` says of a stored log. */
export async function outcomeOf(storage: Reader, by: Signer = GATE): Promise<string> {
  const checkpoint = await storage.read(CHECKPOINT, 1 << 20);
  if (!checkpoint) return "no checkpoint";
  const verdict = await verifyLog(kernel, storage, checkpoint, {
    logs: [by.key],
    origin: by.key.name,
    verifiers: NO_VERIFIERS,
    layout: "c2sp",
  });
  const bad = verdict.checks.find((check) => check.outcome !== "passed");
  return bad ? `${verdict.outcome}: ${bad.name}: ${bad.expected}; ${bad.found}` : verdict.outcome;
}

/** All paths of a storage, in order. */
export async function pathsOf(storage: Reader, folder = ""): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await storage.list(folder)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (await storage.read(path, 0)) paths.push(path);
    paths.push(...(await pathsOf(storage, path)));
  }
  return paths.sort();
}

/**
 * A storage whose writer can be gone without a word, as a process that was killed: what it wrote stays
 * as it is, and its lock does not hold the next one up.
 */
export function abandonable<S extends LogStorage>(storage: S) {
  const journals: Journal[] = [];
  let unlock: (() => Promise<void>) | undefined;
  const [lock, createJournal] = [storage.lock.bind(storage), storage.createJournal.bind(storage)];
  storage.lock = async () => (unlock = await lock());
  storage.createJournal = async (path) => {
    const journal = await createJournal(path);
    journals.push(journal);
    return journal;
  };
  const abandon = async (): Promise<void> => {
    for (const journal of journals) await journal.close();
    await unlock?.();
    Object.assign(storage, { lock, createJournal });
  };
  return { storage, abandon };
}
