import { randomUUID } from "node:crypto";
import { open, rename, stat, unlink } from "node:fs/promises";
import type { Kernel } from "../../kernel/kernel.js";
import type { Selection } from "../../proof/gate-selection.js";
import type { Opened } from "../../proof/opened.js";
import type { ProvenGate } from "../../proof/prepare-log.js";
import type { ProvenBundle } from "../../proof/prove-bundle.js";
import { proveBundle } from "../../proof/prove-bundle.js";
import { FileStorage } from "../../storage/files.js";
import { readFolder } from "../../storage/folder.js";
import type { Reader } from "../../storage/storage.js";
import type { Arguments, Command, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { readOpenings, readSalt } from "../gate/openings-folder.js";
import { readInput } from "../input.js";
import { loadKernel } from "../kernel.js";
import { describe, dim } from "../print.js";
import { Progress } from "../progress.js";
import { parseTime } from "../time.js";
import { openFollowed, requireStore } from "../trust/store.js";
import { formatCount } from "../domain/counts.js";

export const prove: Command = {
  name: "prove",
  usage:
    "prove --log DIR... [--run ID | --authorization DIGEST | --since TIME] [--trust STORE] [--root FILE...] [--domain DIR...] [--redact] --out FILE",
  summary: "Make a proof bundle of what a gate did: one file that anyone verifies offline.",
  help: `  --log DIR                 a gate's log, from --log of "writ run"; may be repeated, for runs that went
                            from one gate to another. The gate may be at work
  --run ID                  only this run, with what caused it at the same gate (default: all there is)
  --authorization DIGEST    only the runs under this authorization, by its SHA-256
  --since TIME              only the runs with entries since then
  --trust STORE             a trust store: the roots of its domains from the pinned ones on, for verifiers
                            who pinned a root from before the log began
  --root FILE               root metadata for the same; may be repeated
  --domain DIR              a domain's folder, its own or as it is published: its log of trust changes, so
                            that withdrawals have a time; may be repeated
  --redact                  leave the arguments of runs out; their digests stay. Who verifies cannot make
                            the decisions on them again, and says so
  --out FILE                the bundle, made new
  --json                    one JSON object: command, outcome, code, id, file, bytes, logs: kind, origin,
                            from, to, checkpoints
The bundle holds the entries that a cosigned checkpoint covers, and what was kept of what they name. A
peer's witness must have seen the log ("writ run --peer-witness", or over files "writ witness cosign" and
"writ log cosign"): without one nothing is proven.`,
  options: {
    log: { type: "string", multiple: true },
    run: { type: "string" },
    authorization: { type: "string" },
    since: { type: "string" },
    trust: { type: "string" },
    root: { type: "string", multiple: true },
    domain: { type: "string", multiple: true },
    redact: { type: "boolean" },
    out: { type: "string" },
  },
  run: async (args) => {
    args.exactly();
    const logs = args.list("log");
    if (logs.length === 0) throw new UsageError("--log is missing: the gate's log, a folder");
    const out = args.required("out");
    if (out === "-") throw new UsageError("--out is a file: a bundle is not written to a terminal");
    const selection = selectionOf(args);
    const kernel = await loadKernel();
    const gates = await Promise.all(logs.map((folder) => gateIn(folder, selection)));
    const progress = new Progress("reading the log");
    const made = await proveBundle(kernel, {
      gates,
      domains: await Promise.all(args.list("domain").map(publishedIn)),
      roots: await rootsOf(kernel, args),
      redact: args.flag("redact"),
      onProgress: (done, total) => progress.update(done, total),
    });
    progress.end();
    if (!made.ok) {
      process.stderr.write(`writ: no bundle was made: ${describe(made)}\n`);
      const { code, expected, found } = made;
      return { outcome: "INCOMPLETE", json: { code, expected, found }, text: "" };
    }
    return written(out, made.value, await writeBundle(out, made.value));
  },
};

function selectionOf(args: Arguments): Selection {
  const given = ["run", "authorization", "since"].filter((name) => args.has(name));
  if (given.length > 1) throw new UsageError(`--${given.join(" and --")} do not go together`);
  const [run, sha256, since] = ["run", "authorization", "since"].map((name) => args.text(name));
  if (run !== undefined) {
    if (/^[0-9a-f]{32}$/.test(run)) return { what: "run", run };
    throw new UsageError(
      `--run is the whole id, 32 hexadecimal digits, as "writ lineage DIR --json" shows it, not "${run}"`,
    );
  }
  if (sha256 !== undefined) {
    if (/^[0-9a-f]{64}$/.test(sha256)) return { what: "authorization", sha256 };
    throw new UsageError(`--authorization is 64 hexadecimal digits, not "${sha256}"`);
  }
  return since === undefined ? { what: "all" } : { what: "since", time: parseTime(since) };
}

async function gateIn(folder: string, selection: Selection): Promise<ProvenGate> {
  const log = new FileStorage(folder);
  if ((await log.list("")).length === 0) {
    throw new UsageError(`--log ${folder} holds no log: it is empty, or not there`);
  }
  return { log, selection, opened: (run) => openedOf(folder, run) };
}

/** What was withheld, or never kept, is left out. */
async function openedOf(folder: string, run: string): Promise<Opened | undefined> {
  const openings = await readOpenings(folder, run);
  if (!openings.ok) {
    if (openings.code === "MISSING") return undefined;
    throw new UsageError(`the arguments of run ${run} cannot be read: ${describe(openings)}`);
  }
  return { openings: openings.value, salt: await readSalt(folder, run) };
}

/** A domain's own folder, or what is published of one. */
async function publishedIn(folder: string): Promise<Reader> {
  const storage = new FileStorage(folder);
  const names = await storage.list("");
  if (names.includes("public")) return readFolder(storage, "public");
  if (names.includes("metadata")) return storage;
  throw new UsageError(`--domain ${folder} is no domain's folder: it holds no metadata`);
}

async function rootsOf(kernel: Kernel, args: Arguments): Promise<Uint8Array[]> {
  const roots: Uint8Array[] = [];
  for (const file of args.list("root")) roots.push(await readInput(file));
  const store = args.text("trust");
  if (store === undefined) return roots;
  for (const { stored } of await openFollowed(kernel, await requireStore(store))) {
    if (stored.ok) roots.push(...stored.value.memory.roots.map(({ bytes }) => bytes));
  }
  return roots;
}

/** The file is there whole, or not at all; a pipe or a device is written to. */
async function writeBundle(path: string, bundle: ProvenBundle): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() || found?.isDirectory()) {
    throw new UsageError(`--out ${path} exists, and is not written over: name another file`);
  }
  const temporary = found ? path : `${path}.${randomUUID()}.tmp`;
  let bytes = 0;
  try {
    const file = await open(temporary, found ? "w" : "wx");
    try {
      for await (const piece of bundle.pieces()) {
        await file.writeFile(piece);
        bytes += piece.length;
      }
      if (!found) await file.sync();
    } finally {
      await file.close();
    }
    if (!found) await rename(temporary, path);
  } catch (error) {
    if (!found) await unlink(temporary).catch(() => {});
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot write --out ${path}: ${why}`, { cause: error });
  }
  return bytes;
}

function written(out: string, { id, manifest }: ProvenBundle, bytes: number): Ending {
  const logs = manifest.logs.map(({ kind, origin, from, count, checkpoints }) => ({
    kind,
    origin,
    from,
    to: from + count,
    checkpoints: checkpoints.length,
  }));
  const lines = [
    `${out}: ${formatCount(bytes, "byte", "bytes")}, id ${id}`,
    ...logs.map(
      ({ kind, origin, from, to, checkpoints }) =>
        `  ${kind} ${origin}: entries ${from} to ${to - 1}, ${formatCount(checkpoints, "checkpoint", "checkpoints")}`,
    ),
    dim(`  writ verify ${out} --pin DOMAIN.root.json ...`),
  ];
  return {
    outcome: "DONE",
    json: { code: null, id, file: out, bytes, logs },
    text: `${lines.join("\n")}\n`,
  };
}
