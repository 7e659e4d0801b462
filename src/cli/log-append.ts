import { encodeHex } from "../bytes/hex.js";
import { FileStorage } from "../storage/files.js";
import { appendEntries } from "../tlog/log-writer.js";
import { MAX_ENTRY_BYTES } from "../tlog/tile.js";
import type { Command } from "./command.js";
import { UsageError } from "./command.js";
import { domainOfLog } from "./domain/own-log.js";
import { readInput } from "./input.js";
import { loadKernel } from "./kernel.js";
import { readSigner } from "./key-file.js";
import { PASSPHRASE_HELP, passphraseSource } from "./passphrase.js";
import { describe } from "./print.js";
import { Progress } from "./progress.js";

export const logAppend: Command = {
  name: "log append",
  usage: "log append DIR FILE... --key KEYFILE",
  summary: "Make a tiled log, or grow one: an entry a file, all or none.",
  help: `  DIR                       the log's folder, made if it is not there
  FILE...                   the entries, at most ${MAX_ENTRY_BYTES} bytes each
  --key KEYFILE             the log's key, from "writ key new"; its name is the log's origin
${PASSPHRASE_HELP}
  --json                    one JSON object: command, outcome, code, origin, first, size, root, checkpoint`,
  options: { key: { type: "string" }, "passphrase-file": { type: "string" } },
  run: async (args) => {
    const [folder, ...files] = args.positionals;
    if (folder === undefined || files.length === 0) throw new UsageError("expected DIR FILE...");
    const keyFile = args.required("key");
    const entries: Uint8Array[] = [];
    for (const file of files) {
      const entry = await readInput(file);
      if (entry.length > MAX_ENTRY_BYTES) {
        const found = `${file} has ${entry.length}`;
        throw new UsageError(`an entry has at most ${MAX_ENTRY_BYTES} bytes: ${found}`);
      }
      entries.push(entry);
    }
    const domain = await domainOfLog(folder);
    if (domain !== undefined) {
      throw new UsageError(
        `${folder} is the log of the domain in ${domain}, which alone writes it`,
      );
    }
    const kernel = await loadKernel();
    const signer = await readSigner(kernel, keyFile, passphraseSource(args, { twice: false }));
    const progress = new Progress("writing tiles");
    const appended = await appendEntries(kernel, new FileStorage(folder), signer, entries, {
      onProgress: (done, total) => progress.update(done, total),
    });
    progress.end();
    if (!appended.ok) throw new UsageError(`the log cannot grow: ${describe(appended)}`);
    const { first, head, checkpoint } = appended.value;
    const text = new TextDecoder().decode(checkpoint);
    return {
      outcome: "DONE",
      json: {
        origin: signer.key.name,
        first,
        size: head.size,
        root: encodeHex(head.rootHash),
        checkpoint: text,
      },
      text,
    };
  },
};
