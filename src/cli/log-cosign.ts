import { decodeHex } from "../bytes/hex.js";
import { readPublished } from "../domain/published.js";
import { logKeyOf } from "../domain/publish.js";
import type { Kernel } from "../kernel/kernel.js";
import type { ShownCheckpoint } from "../lineage/cosign-log.js";
import { cosignLog } from "../lineage/cosign-log.js";
import { parseEntry } from "../lineage/entry.js";
import { FileStorage } from "../storage/files.js";
import type { Reader } from "../storage/storage.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../tlog/note.js";
import { readEntry } from "../tlog/tile.js";
import type { VerifierKey } from "../tlog/vkey.js";
import { makeVerifierKey } from "../tlog/vkey.js";
import type { Arguments, Command } from "./command.js";
import { UsageError } from "./command.js";
import { domainOfLog, logStorage } from "./domain/own-log.js";
import { readInput } from "./input.js";
import { loadKernel } from "./kernel.js";
import { requireCheckpoint } from "./log-files.js";
import { describe } from "./print.js";
import { verifiersOf, VKEYS, vkeysOf } from "./vkeys.js";

export const logCosign: Command = {
  name: "log cosign",
  usage: "log cosign DIR LINES --vkey KEY... [--checkpoint FILE]",
  summary: "Add witnesses' cosignatures to a stored log's checkpoint, all or none.",
  help: `  DIR                       the log's folder
  LINES                     a file with the lines that "writ witness cosign" printed, or that another
                            witness answered
  --vkey KEY                a witness's verifier key; may be repeated
  --checkpoint FILE         the checkpoint that they are of, where a gate's or a domain's log has grown
                            since: a copy as it was shown to the witness. It must be by the log's key,
                            and the log its continuation (default: DIR/checkpoint)
  --json                    one JSON object: command, outcome, code, size, changed, checkpoint
Every line must verify under one of the keys. Of one key the newest cosignature stays. What was ever
cosigned is kept in DIR/cosigned, a file for each size.`,
  options: { ...VKEYS, checkpoint: { type: "string" } },
  run: async (args) => {
    const [folder, linesPath] = args.exactly("DIR", "LINES") as [string, string];
    const kernel = await loadKernel();
    const witnesses = vkeysOf(kernel, args);
    if (witnesses.length === 0) throw new UsageError("--vkey is missing");
    const log = witnesses.find(({ type }) => type === "ed25519");
    if (log) throw new UsageError(`--vkey: "${log.name}" is a log's key, of type 01, no witness's`);
    const lines = await readInput(linesPath);
    const storage = await logStorage(folder);
    // Looked for first, so that no lock is made where no log is.
    if (!(await storage.list("")).includes(CHECKPOINT)) {
      throw new UsageError(`${folder} holds no file "${CHECKPOINT}"`);
    }
    const keys = { witnesses, verifiers: await verifiersOf(witnesses) };
    const shown = await readShown(kernel, args, folder, storage);
    const cosigned = await cosignLog(kernel, storage, lines, keys, shown);
    if (!cosigned.ok) {
      process.stderr.write(`writ: nothing was added: ${describe(cosigned)}\n`);
      if (!shown && cosigned.code === "SIGNATURE") {
        process.stderr.write(
          "writ: if the log has grown since, name what was cosigned with --checkpoint\n",
        );
      }
      const json = { code: cosigned.code, size: null, changed: false, checkpoint: null };
      return { outcome: "REFUTED", json, text: "" };
    }
    const { head, changed, checkpoint } = cosigned.value;
    const text = new TextDecoder().decode(checkpoint);
    if (!changed) process.stderr.write("writ: as new cosignatures were there already\n");
    return {
      outcome: "DONE",
      json: { code: null, size: head.size, changed, checkpoint: text },
      text,
    };
  },
};

async function readShown(
  kernel: Kernel,
  args: Arguments,
  folder: string,
  storage: Reader,
): Promise<ShownCheckpoint | undefined> {
  const path = args.text("checkpoint");
  if (path === undefined) return undefined;
  const checkpoint = await readInput(path);
  requireCheckpoint(checkpoint);
  return { checkpoint, log: await logKey(kernel, folder, storage) };
}

/** The key that a domain lists for its log, or a gate's log names at its beginning. */
async function logKey(kernel: Kernel, folder: string, storage: Reader): Promise<VerifierKey> {
  const stored = (await storage.read(CHECKPOINT, MAX_NOTE_BYTES)) ?? new Uint8Array();
  const { origin, size } = requireCheckpoint(stored).checkpoint;
  const make = (key: string): VerifierKey =>
    makeVerifierKey(kernel, origin, "ed25519", decodeHex(key) as Uint8Array);
  const domain = await domainOfLog(folder);
  if (domain !== undefined) {
    const published = await readPublished(kernel, new FileStorage(domain));
    if (published.ok) return make(logKeyOf(published.value.state));
    throw new UsageError(`${domain} cannot be read: ${describe(published)}`);
  }
  const first = size > 0n ? await readEntry(storage, size, 0n) : undefined;
  const entry = first?.ok ? parseEntry(first.value) : undefined;
  if (entry?.ok && entry.value.kind === "start") return make(entry.value.gate.key);
  throw new UsageError(`--checkpoint goes with a gate's log or a domain's; ${folder} is neither`);
}
