/** The proof bundle that the demonstration ends with: the logs of both gates, and of all three domains. */
import { join } from "node:path";
import { concatBytes } from "../../../bytes/concat.js";
import type { Kernel } from "../../../kernel/kernel.js";
import { keepCosigned } from "../../../lineage/cosigned.js";
import { proveBundle } from "../../../proof/prove-bundle.js";
import type { BundleReport } from "../../../proof/report.js";
import { verifyBundle } from "../../../proof/verify-bundle.js";
import { FileStorage } from "../../../storage/files.js";
import { inFolder, readFolder } from "../../../storage/folder.js";
import { addCosignatures } from "../../../tlog/add-cosignature.js";
import { CHECKPOINT } from "../../../tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../../../tlog/note.js";
import { NO_VERIFIERS } from "../../../tlog/verifiers.js";
import { parseVkey } from "../../../tlog/vkey.js";
import { formatAddCheckpoint } from "../../../tlog/witness.js";
import type { CosignAnswer } from "../../../tlog/witness-state.js";
import { encodeUtf8 } from "../../../bytes/utf8.js";
import { readOpenings, readSalt } from "../../gate/openings-folder.js";
import { required } from "../demo-domain.js";
import { GATE_LOG } from "./demo-gate.js";
import type { Introduction } from "./domain-part.js";

export interface DemoBundle {
  readonly bytes: Uint8Array;
  readonly report: BundleReport;
}

type Cosign = (request: Uint8Array) => Promise<CosignAnswer>;

/** The domains' own logs are seen by one another; then all of it goes into one file. */
export async function bundleOf(
  kernel: Kernel,
  folder: string,
  { pay, ship, mill }: Readonly<Record<"pay" | "ship" | "mill", Introduction>>,
  by: Readonly<Record<"ship" | "mill", Cosign>>,
): Promise<DemoBundle> {
  await cosignDomainLog(kernel, folder, pay, mill, by.mill);
  await cosignDomainLog(kernel, folder, ship, mill, by.mill);
  await cosignDomainLog(kernel, folder, mill, ship, by.ship);
  return await makeBundle(kernel, folder, [pay, ship, mill], [ship, mill]);
}

export function describeBundle({ bytes, report: { outcome, gates } }: DemoBundle): string {
  const decisions = gates.reduce((sum, gate) => sum + gate.decisions.agreed, 0);
  return `${outcome}: a bundle of both gates' logs, ${bytes.length} bytes, ${decisions} decisions made again`;
}

/** The witness of `by` cosigns what the log of a domain's trust changes has come to. */
async function cosignDomainLog(
  kernel: Kernel,
  folder: string,
  { name }: Introduction,
  by: Introduction,
  cosign: Cosign,
): Promise<void> {
  const storage = inFolder(new FileStorage(join(folder, name)), "public/log");
  const checkpoint = (await storage.read(CHECKPOINT, MAX_NOTE_BYTES)) as Uint8Array;
  const answer = await cosign(formatAddCheckpoint({ oldSize: 0n, proof: [], checkpoint }));
  if (answer.status !== 200) throw new Error(`no cosignature: ${answer.failure.code}`);
  const keys = { witnesses: [required(parseVkey(kernel, by.witness))], verifiers: NO_VERIFIERS };
  const line = encodeUtf8(answer.line);
  const cosigned = required(addCosignatures(kernel, checkpoint, line, keys));
  required(await keepCosigned(kernel, storage, cosigned.checkpoint, keys));
}

/** Made from what the domains have left in their folders, and verified from their first roots alone. */
async function makeBundle(
  kernel: Kernel,
  folder: string,
  domains: readonly Introduction[],
  gates: readonly Introduction[],
): Promise<DemoBundle> {
  const logs = gates.map(({ name }) => join(folder, name, GATE_LOG));
  const bundle = required(
    await proveBundle(kernel, {
      gates: logs.map((path) => ({
        log: new FileStorage(path),
        selection: { what: "all" },
        opened: async (run) => {
          const openings = await readOpenings(path, run);
          return openings.ok
            ? { openings: openings.value, salt: await readSalt(path, run) }
            : undefined;
        },
      })),
      domains: domains.map(({ name }) => readFolder(new FileStorage(join(folder, name)), "public")),
      roots: [],
      redact: false,
    }),
  );
  const pieces: Uint8Array[] = [];
  for await (const piece of bundle.pieces()) pieces.push(piece);
  const bytes = concatBytes(...pieces);
  const report = await verifyBundle(kernel, bytes, {
    roots: domains.map(({ root }) => root),
    now: Date.now(),
    skew: 60_000,
    policy: undefined,
    verifiers: NO_VERIFIERS,
    witnessInterval: 60_000,
  });
  return { bytes, report };
}
