import { FileStorage } from "../storage/files.js";
import { verifyLog } from "../tlog/verify-log.js";
import type { Command } from "./command.js";
import { loadKernel } from "./kernel.js";
import { LAYOUT_HELP, layoutOf, logDemand, readCheckpoint } from "./log-files.js";
import { endWith } from "./print.js";
import { Progress } from "./progress.js";

const GO_NOTE =
  "The records of a Go log are not in entry bundles and were not read: this speaks of its hashes.";

export const logCheck: Command = {
  name: "log check",
  usage: "log check DIR --vkey KEY [--origin TEXT] [--checkpoint FILE] [--layout c2sp|go]",
  summary: "Compute a stored log again: each tile from the level below, and the root.",
  help: `  DIR                       the log's folder
  --vkey KEY                the log's verifier key
  --origin TEXT             the origin that the checkpoint must have (default: the key's name)
  --checkpoint FILE         the signed checkpoint (default: DIR/checkpoint)
${LAYOUT_HELP}
  --json                    one JSON object: command, outcome, code, checks`,
  options: {
    vkey: { type: "string" },
    origin: { type: "string" },
    checkpoint: { type: "string" },
    layout: { type: "string" },
  },
  run: async (args) => {
    const [folder] = args.exactly("DIR") as [string];
    const layout = layoutOf(args);
    const vkey = args.required("vkey");
    const checkpoint = await readCheckpoint(args, folder);
    const kernel = await loadKernel();
    const progress = new Progress("checking tiles");
    const verdict = await verifyLog(kernel, new FileStorage(folder), checkpoint, {
      ...(await logDemand(kernel, vkey, args.text("origin"))),
      layout,
      onProgress: (done, total) => progress.update(done, total),
    });
    progress.end();
    return endWith(verdict, layout === "go" ? GO_NOTE : undefined);
  },
};
