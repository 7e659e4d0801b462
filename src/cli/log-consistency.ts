import { encodeBase64 } from "../bytes/base64.js";
import { parseDecimal } from "../bytes/decimal.js";
import type { Kernel } from "../kernel/kernel.js";
import { FileStorage } from "../storage/files.js";
import type { TreeHead } from "../tlog/checkpoint.js";
import type { Layout } from "../tlog/tile.js";
import { TreeReader } from "../tlog/tree-reader.js";
import type { ProofEnd } from "../tlog/verify-consistency.js";
import { verifyConsistency } from "../tlog/verify-consistency.js";
import type { Command } from "./command.js";
import { UsageError } from "./command.js";
import { readInput } from "./input.js";
import { loadKernel } from "./kernel.js";
import { LAYOUT_HELP, layoutOf, logDemand, requireCheckpoint } from "./log-files.js";
import { describe, endWith } from "./print.js";

export const logConsistency: Command = {
  name: "log consistency",
  usage: "log consistency DIR OLD NEW [--vkey KEY] [--origin TEXT] [--layout c2sp|go]",
  summary: "Prove that a log only grew from OLD to NEW, and check the proof.",
  help: `  DIR                       the log's folder
  OLD, NEW                  a signed checkpoint's file, or a tree size; the root of a size is
                            computed from the tiles
  --vkey KEY                the log's verifier key; without it no signature is looked at
  --origin TEXT             the origin that the checkpoints must have (default: the key's name)
${LAYOUT_HELP}
  --json                    one JSON object: command, outcome, code, checks, proof
The proof goes to stdout, one base64 hash a line; the checks go to stderr.`,
  options: {
    vkey: { type: "string" },
    origin: { type: "string" },
    layout: { type: "string" },
  },
  run: async (args) => {
    const [folder, oldText, newText] = args.exactly("DIR", "OLD", "NEW") as [
      string,
      string,
      string,
    ];
    const layout = layoutOf(args);
    const vkey = args.text("vkey");
    if (vkey === undefined && args.text("origin") !== undefined) {
      throw new UsageError("--origin goes with --vkey");
    }
    const kernel = await loadKernel();
    const older = await readEnd(kernel, oldText, folder, layout);
    const newer = await readEnd(kernel, newText, folder, layout);
    if (vkey !== undefined && ![older.end, newer.end].some((end) => end instanceof Uint8Array)) {
      throw new UsageError(
        "--vkey verifies signatures, and a size has none: name a checkpoint file",
      );
    }
    const [oldSize, newSize] = [older.head.size, newer.head.size];
    if (oldSize < 1n || oldSize > newSize) {
      throw new UsageError(`expected 1 <= OLD <= NEW, found sizes ${oldSize} and ${newSize}`);
    }
    const tree = new TreeReader(kernel, new FileStorage(folder), newSize, layout);
    const proof = await tree.proveConsistency(oldSize);
    if (!proof.ok) throw new UsageError(`no proof: ${describe(proof)}`);
    const log = vkey === undefined ? undefined : await logDemand(kernel, vkey, args.text("origin"));
    const inNewer = await tree.rootAt(oldSize);
    const verdict = verifyConsistency(kernel, older.end, newer.end, {
      log,
      proof: proof.value,
      olderRootInNewer: inNewer.ok ? inNewer.value : undefined,
    });
    const note = log ? undefined : "No --vkey: signatures were not looked at, so no log is proven.";
    const ending = endWith(verdict, note);
    if (!args.flag("json")) process.stderr.write(ending.text);
    const hashes = proof.value.map(encodeBase64);
    return {
      ...ending,
      // Without a signature nothing is proven of the log: two roots agree, and that is all.
      outcome: !log && verdict.outcome === "PROVEN" ? "DONE" : verdict.outcome,
      json: { ...ending.json, signatures: log ? "checked" : "not checked", proof: hashes },
      text: hashes.map((hash) => `${hash}\n`).join(""),
    };
  },
};

async function readEnd(
  kernel: Kernel,
  text: string,
  folder: string,
  layout: Layout,
): Promise<{ end: ProofEnd; head: TreeHead }> {
  const size = parseDecimal(text);
  if (size === undefined) {
    const end = await readInput(text);
    return { end, head: requireCheckpoint(end).checkpoint };
  }
  const root = await new TreeReader(kernel, new FileStorage(folder), size, layout).root();
  if (!root.ok) throw new UsageError(`no root for size ${size}: ${describe(root)}`);
  const head = { size, rootHash: root.value };
  return { end: head, head };
}
