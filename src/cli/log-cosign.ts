import { cosignStoredLog } from "../tlog/add-cosignature.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import type { Command } from "./command.js";
import { UsageError } from "./command.js";
import { logStorage } from "./domain/own-log.js";
import { readInput } from "./input.js";
import { loadKernel } from "./kernel.js";
import { describe } from "./print.js";
import { verifiersOf, VKEYS, vkeysOf } from "./vkeys.js";

export const logCosign: Command = {
  name: "log cosign",
  usage: "log cosign DIR LINES --vkey KEY...",
  summary: "Add witnesses' cosignatures to a stored log's checkpoint, all or none.",
  help: `  DIR                       the log's folder
  LINES                     a file with the lines that "writ witness cosign" printed, or that another
                            witness answered
  --vkey KEY                a witness's verifier key; may be repeated
  --json                    one JSON object: command, outcome, code, size, changed, checkpoint
Every line must verify under one of the keys. Of one key the newest cosignature stays.`,
  options: VKEYS,
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
    const cosigned = await cosignStoredLog(kernel, storage, lines, keys);
    if (!cosigned.ok) {
      process.stderr.write(`writ: nothing was added: ${describe(cosigned)}\n`);
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
