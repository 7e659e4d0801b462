import { join } from "node:path";
import type { Kernel } from "../../kernel/kernel.js";
import { FileStorage } from "../../storage/files.js";
import type { Storage } from "../../storage/storage.js";
import type { TrustStore } from "../../storage/trust-store.js";
import { relayFiles } from "../../sync/relay.js";
import { rootPath, TIMESTAMP_PATH } from "../../trust/repository.js";
import { verifyTimestamp } from "../../trust/roles.js";
import type { VerifiedRoot } from "../../trust/root.js";
import { verifyNextRoot, verifyPinnedRoot } from "../../trust/root.js";
import { MAX_FILE_BYTES } from "../../trust/schema.js";
import { parseCheckpoint } from "../../tlog/checkpoint.js";
import { CHECKPOINT } from "../../tlog/log-writer.js";
import { equalBytes } from "../../bytes/concat.js";
import type { Failure, Result } from "../../verdict.js";
import { ok } from "../../verdict.js";
import type { Command, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { describe } from "../print.js";
import { jsonOfFailure } from "./answer.js";
import { isStore, openFollowed, requireDomainName, requireStore } from "./store.js";
import { count, formatTable } from "./table.js";

/** `behind`: the folder holds a newer state, and was left alone. */
interface Relayed {
  readonly status: "written" | "unchanged" | "behind";
  /** The version of the timestamp that is there now. */
  readonly timestamp: number;
  /** Files that were written. */
  readonly files: number;
}

export const trustRelay: Command = {
  name: "trust relay",
  usage: "trust relay STORE OUT [--domain NAME]",
  summary: "Write what a store holds as static files, for any file server or as a source.",
  help: `  STORE                     the folder of a trust store, from "writ sync"
  OUT                       the folder to serve: OUT/DOMAIN/ is a source of DOMAIN, OUT one of all.
                            Made if it is not there, and never taken back to an older state
  --domain NAME             this one alone (default: those that are pinned, and the first one's peers)
  --json                    one JSON object: command, outcome, code, domains
The log's tiles are not relayed: they are with the domain. Exit code: 0 every domain is there, 2 the
store holds no state of one.`,
  options: { domain: { type: "string" } },
  run: async (args) => {
    const [folder, out] = args.exactly("STORE", "OUT") as [string, string];
    const name = args.text("domain");
    const store = await requireStore(folder);
    if (await isStore(new FileStorage(out))) {
      throw new UsageError(`${out} is a trust store: name a folder to serve`);
    }
    const kernel = await loadKernel();
    const domains =
      name === undefined
        ? (await openFollowed(kernel, store)).map(({ domain }) => domain)
        : [requireDomainName(name)];
    const results = new Map<string, Result<Relayed>>();
    for (const domain of domains) {
      try {
        results.set(domain, await relay(kernel, store, domain, new FileStorage(join(out, domain))));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new UsageError(`cannot write ${join(out, domain)}: ${why}`, { cause: error });
      }
    }
    return endingOf(results);
  },
};

async function relay(
  kernel: Kernel,
  store: TrustStore,
  domain: string,
  storage: FileStorage,
): Promise<Result<Relayed>> {
  const files = await relayFiles(kernel, store, domain);
  if (!files.ok) return files;
  const unlock = await storage.lock();
  try {
    const ours = await newest(kernel, files.value);
    if (!ours.ok) return ours;
    const there = await versionThere(kernel, storage, ours.value.root);
    if (there === "newer" || there > ours.value.version) {
      const timestamp = there === "newer" ? ours.value.version : there;
      return ok({ status: "behind", timestamp, files: 0 });
    }
    let written = 0;
    // In the order that relayFiles gives: the timestamp, which brings the rest into effect, last.
    for (const [path, bytes] of files.value) {
      if (await isToWrite(storage, path, bytes)) {
        await storage.write(path, bytes);
        written += 1;
      }
    }
    const status = written > 0 ? "written" : "unchanged";
    return ok({ status, timestamp: ours.value.version, files: written });
  } finally {
    await unlock();
  }
}

/** The last root and the version of the timestamp among files of a store. */
async function newest(
  kernel: Kernel,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Result<{ readonly root: VerifiedRoot; readonly version: number }>> {
  const last = [...files].findLast(
    ([path]) => path.endsWith(".root.json") && path.startsWith("metadata/"),
  );
  const root = await verifyPinnedRoot(kernel, last?.[1] ?? new Uint8Array());
  if (!root.ok) return root;
  const bytes = files.get(TIMESTAMP_PATH) ?? new Uint8Array();
  const timestamp = await verifyTimestamp(kernel, root.value, bytes);
  return timestamp.ok
    ? ok({ root: root.value, version: timestamp.value.signed.version })
    : timestamp;
}

/** The version of the timestamp in the folder; 0 where none of it counts, `newer` under a later root. */
async function versionThere(
  kernel: Kernel,
  storage: Storage,
  root: VerifiedRoot,
): Promise<number | "newer"> {
  const next = await storage.read(rootPath(root.signed.version + 1), MAX_FILE_BYTES);
  if (next && (await verifyNextRoot(kernel, root, next)).ok) return "newer";
  const bytes = await storage.read(TIMESTAMP_PATH, MAX_FILE_BYTES);
  const timestamp = bytes && (await verifyTimestamp(kernel, root, bytes));
  return timestamp?.ok ? timestamp.value.signed.version : 0;
}

/** False for what is there already, and for a checkpoint of a smaller tree than the one that is there. */
async function isToWrite(storage: Storage, path: string, bytes: Uint8Array): Promise<boolean> {
  const there = await storage.read(path, MAX_FILE_BYTES);
  if (!there) return true;
  if (equalBytes(there, bytes)) return false;
  if (path !== `log/${CHECKPOINT}`) return true;
  const [older, newer] = [parseCheckpoint(there), parseCheckpoint(bytes)];
  return !older.ok || !newer.ok || older.value.checkpoint.size < newer.value.checkpoint.size;
}

function endingOf(results: ReadonlyMap<string, Result<Relayed>>): Ending {
  const failed = [...results.values()].find((result): result is Failure => !result.ok);
  const rows = [...results].map(([domain, result]) => [
    domain,
    result.ok ? result.value.status : describe(result),
    result.ok ? `timestamp ${result.value.timestamp}` : "",
    result.ok ? count(result.value.files, "file") : "",
  ]);
  return {
    outcome: failed ? "INCOMPLETE" : "DONE",
    json: {
      code: failed?.code ?? null,
      domains: [...results].map(([domain, result]) => ({
        domain,
        status: result.ok ? result.value.status : "failed",
        timestamp: result.ok ? result.value.timestamp : null,
        files: result.ok ? result.value.files : 0,
        failure: result.ok ? null : jsonOfFailure(result),
      })),
    },
    text: formatTable(rows)
      .map((line) => `${line}\n`)
      .join(""),
  };
}
