import { FileStorage } from "../storage/files.js";
import type { Storage } from "../storage/storage.js";
import type { Kernel } from "../kernel/kernel.js";
import { growTree } from "../tlog/append.js";
import type { TreeHead } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import type { Signer } from "../tlog/signer.js";
import { signCheckpoint } from "../tlog/signer.js";
import { MAX_ENTRY_BYTES } from "../tlog/tile.js";
import { NO_VERIFIERS } from "../tlog/verifiers.js";
import { judgeLog } from "../tlog/verify-checkpoint.js";
import { judge, Plan } from "../verdict.js";
import type { Command } from "./command.js";
import { UsageError } from "./command.js";
import { readInput } from "./input.js";
import { loadKernel } from "./kernel.js";
import { readSigner } from "./key-file.js";
import { CHECKPOINT, describe } from "./log-files.js";
import { PASSPHRASE_HELP, passphraseSource } from "./passphrase.js";
import { Progress } from "./progress.js";

export const logAppend: Command = {
  name: "log append",
  usage: "log append DIR FILE... --key KEYFILE",
  summary: "Make a tiled log, or grow one: an entry a file, all or none.",
  help: `  DIR                       the log's folder, made if it is not there
  FILE...                   the entries, at most ${MAX_ENTRY_BYTES} bytes each
  --key KEYFILE             the log's key, from "writ key new"; its name is the log's origin
${PASSPHRASE_HELP}
  --json                    one JSON object: command, outcome, origin, first, size, root, checkpoint`,
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
    const kernel = await loadKernel();
    const signer = await readSigner(kernel, keyFile, passphraseSource(args, { twice: false }));
    const storage = new FileStorage(folder);
    const progress = new Progress("writing tiles");
    const { first, head, checkpoint } = await appendEntries(kernel, storage, signer, entries, {
      onProgress: (done, total) => progress.update(done, total),
    });
    progress.end();
    const text = new TextDecoder().decode(checkpoint);
    const json = { origin: signer.key.name, first, size: head.size, checkpoint: text };
    return { outcome: "DONE", json, text };
  },
};

export interface Appended {
  /** Index of the first new entry. */
  readonly first: bigint;
  readonly head: TreeHead;
  readonly checkpoint: Uint8Array;
}

/**
 * Grows a log under its storage's lock: tiles first, each durable, and the checkpoint last, so that a
 * crash at any write leaves the old log or the new one. Refuses a log that another key signed or
 * whose tiles are not those of its checkpoint.
 */
export async function appendEntries(
  kernel: Kernel,
  storage: Storage,
  signer: Signer,
  entries: readonly Uint8Array[],
  { onProgress }: { onProgress?: (done: number, total: number) => void } = {},
): Promise<Appended> {
  const unlock = await storage.lock();
  try {
    const old = await currentHead(kernel, storage, signer);
    const growth = await growTree(kernel, storage, old, entries);
    if (!growth.ok) throw new UsageError(`the log cannot grow: ${describe(growth)}`);
    const { stale, files, head } = growth.value;
    const checkpoint = await signCheckpoint(signer.key.name, head, signer);
    for (const path of stale) await storage.remove(path);
    let done = 0;
    for (const [path, bytes] of files) {
      await storage.write(path, bytes);
      onProgress?.(++done, files.size);
    }
    await storage.write(CHECKPOINT, checkpoint);
    return { first: old.size, head, checkpoint };
  } finally {
    await unlock();
  }
}

async function currentHead(kernel: Kernel, storage: Storage, { key }: Signer): Promise<TreeHead> {
  const bytes = await storage.read(CHECKPOINT);
  if (!bytes) {
    // Tiles without a checkpoint are what a first append left when it crashed.
    return { size: 0n, rootHash: kernel.treeRoot(new Uint8Array()) };
  }
  const signed = parseCheckpoint(bytes);
  if (!signed.ok) throw new UsageError(`the log's checkpoint does not parse: ${describe(signed)}`);
  const plan = new Plan(["origin", "log signature"]);
  const demand = { logs: [key], origin: undefined, verifiers: NO_VERIFIERS };
  const verdict = judge(plan, () => judgeLog(kernel, plan, signed.value, demand));
  if (verdict.outcome !== "PROVEN") {
    const bad = verdict.checks.find((check) => check.outcome !== "passed");
    const why = `${bad?.code}, expected ${bad?.expected}, found ${bad?.found}`;
    throw new UsageError(`the log's checkpoint is not signed by this key: ${why}`);
  }
  return signed.value.checkpoint;
}
