import { parseDecimal } from "../bytes/decimal.js";
import { encodeHex } from "../bytes/hex.js";
import { FileStorage } from "../storage/files.js";
import { formatProof } from "../tlog/proof.js";
import { TreeReader } from "../tlog/tree-reader.js";
import { failure } from "../verdict.js";
import type { Command } from "./command.js";
import { UsageError } from "./command.js";
import { loadKernel } from "./kernel.js";
import { describe } from "./print.js";
import { LAYOUT_HELP, layoutOf, readCheckpoint, requireCheckpoint } from "./log-files.js";

export const logProve: Command = {
  name: "log prove",
  usage: "log prove DIR INDEX [--checkpoint FILE] [--layout c2sp|go]",
  summary: "Write the tlog-proof of one entry to stdout.",
  help: `  DIR                       the log's folder
  INDEX                     the entry's index, from 0
  --checkpoint FILE         the signed checkpoint (default: DIR/checkpoint); its signatures are
                            copied, and verified by whoever runs "writ verify"
${LAYOUT_HELP}
  --json                    one JSON object: command, outcome, code, proof`,
  options: { checkpoint: { type: "string" }, layout: { type: "string" } },
  run: async (args) => {
    const [folder, indexText] = args.exactly("DIR", "INDEX") as [string, string];
    const index = parseDecimal(indexText);
    if (index === undefined) throw new UsageError(`INDEX is a number from 0, not "${indexText}"`);
    const layout = layoutOf(args);
    const checkpoint = await readCheckpoint(args, folder);
    const { size, rootHash } = requireCheckpoint(checkpoint).checkpoint;
    if (index >= size) throw new UsageError(`INDEX is below the tree size ${size}, not ${index}`);

    const kernel = await loadKernel();
    const tree = new TreeReader(kernel, new FileStorage(folder), size, layout);
    const leafHash = await tree.leafHash(index);
    if (!leafHash.ok) throw new UsageError(`no proof: ${describe(leafHash)}`);
    const hashes = await tree.proveInclusion(index);
    if (!hashes.ok) throw new UsageError(`no proof: ${describe(hashes)}`);
    const claim = { index, size, leafHash: leafHash.value, root: rootHash, proof: hashes.value };
    const { status, foundRoot } = kernel.checkInclusion(claim);
    if (status !== "ok") {
      // Tiles that are not the checkpoint's tree: a refutation, and no proof is written.
      const found = foundRoot ? encodeHex(foundRoot) : "none";
      const refuted = failure("TREE", `root ${encodeHex(rootHash)}`, `root ${found}`);
      process.stderr.write(
        `writ: the tiles are not those of the checkpoint: ${describe(refuted)}\n`,
      );
      return { outcome: "REFUTED", json: { code: refuted.code, proof: null }, text: "" };
    }
    const proof = new TextDecoder().decode(
      formatProof({ index, hashes: hashes.value, checkpoint }),
    );
    return { outcome: "DONE", json: { proof }, text: proof };
  },
};
