/** A gate's log in a folder, read and verified by whoever has the folder; its gate may be at work. */
import { decodeHex } from "../../bytes/hex.js";
import type { Kernel } from "../../kernel/kernel.js";
import { parseEntry } from "../../lineage/entry.js";
import type { Entry } from "../../lineage/entry.js";
import type { PlacedEntry } from "../../lineage/graph.js";
import type { StoredLog } from "../../lineage/reader.js";
import { readLog } from "../../lineage/reader.js";
import { FileStorage } from "../../storage/files.js";
import type { VerifierKey } from "../../tlog/vkey.js";
import { makeVerifierKey, parseVkey } from "../../tlog/vkey.js";
import type { Result } from "../../verdict.js";
import { failure, ok } from "../../verdict.js";
import { UsageError } from "../command.js";
import { describe } from "../print.js";

export interface GateLogFile {
  readonly origin: string;
  readonly log: StoredLog;
  readonly entries: readonly PlacedEntry[];
}

/** `vkey`: whose it must be; without it the log's own word is taken for the key. */
export async function readGateLog(
  kernel: Kernel,
  folder: string,
  vkey: string | undefined,
): Promise<Result<GateLogFile>> {
  const storage = new FileStorage(folder);
  if ((await storage.list("")).length === 0) {
    throw new UsageError(`${folder} holds no log: it is empty, or not there`);
  }
  const key = vkey === undefined ? await ownKey(kernel, storage) : ok(keyOf(kernel, vkey));
  if (!key.ok) return key;
  const entries: PlacedEntry[] = [];
  const origin = key.value.name;
  const read = await readLog(kernel, storage, key.value, ({ index, leaf, entry }) => {
    entries.push({ origin, index, leaf, entry });
  });
  return read.ok ? ok({ origin, log: read.value, entries }) : read;
}

function keyOf(kernel: Kernel, vkey: string): VerifierKey {
  const key = parseVkey(kernel, vkey);
  if (!key.ok) throw new UsageError(`--vkey: ${describe(key)}`);
  return key.value;
}

/** The key that the first entry names, if it is under a checkpoint. */
async function ownKey(kernel: Kernel, storage: FileStorage): Promise<Result<VerifierKey>> {
  const read = await readLog(kernel, storage);
  if (!read.ok) return read;
  const bytes = await read.value.read(0);
  const first: Result<Entry> | undefined = bytes && parseEntry(bytes);
  if (first?.ok && first.value.kind === "start") {
    const { origin, key } = first.value.gate;
    return ok(makeVerifierKey(kernel, origin, "ed25519", decodeHex(key) as Uint8Array));
  }
  const expected = "a log that begins with the start of a gate, under a checkpoint";
  return failure("MISSING", expected, "none; --vkey KEY also reads what no checkpoint covers yet");
}
