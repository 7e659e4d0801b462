import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatCanonical } from "../../bytes/canonical.js";
import { encodeHex } from "../../bytes/hex.js";
import { encodeUtf8 } from "../../bytes/utf8.js";
import type { Kernel } from "../../kernel/kernel.js";
import { FileStorage } from "../../storage/files.js";
import { MemoryStorage } from "../../storage/memory.js";
import type { Storage } from "../../storage/storage.js";
import { appendEntries, CHECKPOINT } from "../../tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../../tlog/note.js";
import { parsePolicy } from "../../tlog/policy.js";
import { formatProof } from "../../tlog/proof.js";
import { cosignCheckpoint } from "../../tlog/signer.js";
import { TreeReader } from "../../tlog/tree-reader.js";
import { loadVerifiers } from "../../tlog/verifiers.js";
import type { CheckpointDemand } from "../../tlog/verify-checkpoint.js";
import { verifyProof } from "../../tlog/verify-proof.js";
import { formatVkey } from "../../tlog/vkey.js";
import type { Verdict } from "../../verdict.js";
import type { Command, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { generateKey, signerOf } from "../key-file.js";
import { demonstrateAuthorizations } from "./authorizations.js";
import { required } from "./demo-domain.js";
import { demonstrateDomains } from "./domains.js";
import { isPart } from "./governed/courier.js";
import { demonstrateGates } from "./governed/governed.js";
import { servePart } from "./governed/part.js";
import { bold, dim, formatVerdict } from "../print.js";
import { Progress } from "../progress.js";
import { version } from "../version.js";

/** The page that checks bundles, beside this program. */
const VIEWER = fileURLToPath(new URL("viewer.html", import.meta.url));

const LEFT_OUT = new Set([".git", "node_modules", "dist"]);

export const demo: Command = {
  name: "demo",
  usage: "demo [--out DIR]",
  summary:
    "Prove this checkout, tamper with it, let domains meet, authorize, revoke, and govern a run.",
  help: `  --out DIR                 keep the log, the policy, one proof, the domains and their authorizations
                            in DIR, a folder that is not there yet (default: in memory)
  --json                    one JSON object: command, outcome, code, entries, proven, tampered,
                            domains, authorizations, governed`,
  options: { out: { type: "string" } },
  run: async (args) => {
    args.exactly();
    if (isPart()) {
      await servePart(await loadKernel());
      return { outcome: "DONE", json: {}, text: "" };
    }
    return await run(args.text("out"));
  },
};

interface LoggedFile {
  readonly path: string;
  readonly entry: Uint8Array;
}

async function run(out: string | undefined): Promise<Ending> {
  const kernel = await loadKernel();
  if (out !== undefined && (await new FileStorage(out).list("")).length > 0) {
    throw new UsageError(`${out} is not empty: name a folder that is not there yet`);
  }
  const files = await describeCheckout(kernel, fileURLToPath(new URL("..", import.meta.url)));
  const storage = out === undefined ? new MemoryStorage() : new FileStorage(out);
  const { demand, head } = await makeLog(kernel, storage, files);

  const started = performance.now();
  const progress = new Progress("proving");
  const tree = new TreeReader(kernel, storage, head.size, "c2sp");
  const checkpoint = (await storage.read(CHECKPOINT, MAX_NOTE_BYTES)) as Uint8Array;
  let proven = 0;
  let last: { file: LoggedFile; proof: Uint8Array } | undefined;
  let verdict: Verdict | undefined;
  for (const [i, file] of files.entries()) {
    const hashes = required(await tree.proveInclusion(BigInt(i)));
    const proof = formatProof({ index: BigInt(i), hashes, checkpoint });
    verdict = verifyProof(kernel, proof, file.entry, demand);
    if (verdict.outcome === "PROVEN") proven += 1;
    last = { file, proof };
    progress.update(i + 1, files.length);
  }
  progress.end();
  if (!last || !verdict) throw new UsageError("this checkout holds no file to log");
  const took = performance.now() - started;

  const tampered = last.file.entry.slice();
  tampered[tampered.length - 3] = (tampered[tampered.length - 3] as number) ^ 1;
  const refuted = verifyProof(kernel, last.proof, tampered, demand);
  if (out !== undefined) {
    await storage.write("demo.entry", last.file.entry);
    await storage.write("demo.tampered", tampered);
    await storage.write("demo.tlog-proof", last.proof);
  }

  const domains = await demonstrateDomains(kernel, out && join(out, "domains"), Date.now());
  const authorizations = await demonstrateAuthorizations(
    kernel,
    out && join(out, "authorizations"),
    Date.now(),
  );
  const governed = await demonstrateGates(kernel, out && join(out, "gates"));
  if (out !== undefined) {
    await storage.write("demo.bundle", governed.bundle.bytes);
    for (const [name, root] of governed.roots) await storage.write(`${name}.root.json`, root);
  }
  const steps = [...domains.steps, ...authorizations.steps];
  const strange = steps.find(({ outcome, expected }) => outcome !== expected);
  const held =
    proven === files.length && refuted.outcome === "REFUTED" && !strange && governed.held;
  const next =
    out === undefined
      ? []
      : [
          "",
          "Check it again yourself:",
          ...commands(out, [...governed.roots.keys()]),
          "and with your own eyes: open this page in a browser, and drop demo.bundle and the roots on it",
          `  ${VIEWER}`,
        ];
  const text = [
    bold(version()),
    "",
    `${files.length} files of this checkout logged, an entry each:`,
    dim(`  ${new TextDecoder().decode(last.file.entry)}`),
    `tree size ${head.size}, root ${encodeHex(head.rootHash)}`,
    "signed by the log, cosigned by a witness; both keys were made for this run and are gone",
    "",
    `${proven} of ${files.length} proven from the stored tiles in ${took.toFixed(0)} ms; the last one:`,
    formatVerdict(verdict),
    "",
    `Now one bit of that entry is flipped: ${last.file.path}`,
    formatVerdict(refuted),
    "",
    bold("Two organisations, pay.example and ship.example, each with its own keys, policy and log"),
    domains.text,
    "",
    bold("An authorization of pay.example for an agent of ship.example, and what became of it"),
    authorizations.text,
    "",
    bold("Three organisations in three processes: a run in nine phases, and a network that is cut"),
    governed.text,
    ...next,
    "",
  ].join("\n");
  return {
    outcome: held ? "DONE" : "REFUTED",
    json: {
      code: null,
      entries: files.length,
      proven,
      tampered: refuted,
      domains: domains.steps.map(({ step, outcome }) => ({ step, outcome })),
      authorizations: authorizations.steps.map(({ step, outcome }) => ({ step, outcome })),
      governed: {
        phases: governed.phases,
        delays: governed.delays,
        bound: governed.bound,
        cut: governed.cut,
        cutBound: governed.cutBound,
        proof: governed.verdict.outcome,
        bundle: governed.bundle.report.outcome,
      },
    },
    text,
  };
}

/** One entry a file: its path, size and digest, in canonical JSON, in the order of the paths. */
async function describeCheckout(kernel: Kernel, root: string): Promise<LoggedFile[]> {
  const paths: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (LEFT_OUT.has(entry.name)) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) paths.push(path);
    }
  };
  await walk("");
  const files: LoggedFile[] = [];
  for (const path of paths.sort()) {
    // A name that is not UTF-8 cannot stand in an entry; such a file is not found under what is read.
    const bytes = await readFile(join(root, path)).catch(() => undefined);
    if (!bytes) {
      process.stderr.write(`writ: cannot read ${JSON.stringify(path)}: left out\n`);
      continue;
    }
    const sha256 = encodeHex(kernel.sha256(bytes));
    files.push({ path, entry: encodeUtf8(formatCanonical({ path, size: bytes.length, sha256 })) });
  }
  return files;
}

/** A log of these entries with a witness's cosignature, and the policy of somebody who trusts both. */
async function makeLog(kernel: Kernel, storage: Storage, files: readonly LoggedFile[]) {
  const log = signerOf(generateKey(kernel, "demo.example/log", "ed25519"));
  const witness = signerOf(generateKey(kernel, "witness.example/w1", "cosignature-ed25519"));
  const entries = files.map((file) => file.entry);
  const { head, checkpoint } = required(await appendEntries(kernel, storage, log, entries));
  const now = Date.now();
  const time = BigInt(Math.floor(now / 1000));
  await storage.write(CHECKPOINT, await cosignCheckpoint(checkpoint, witness, time));

  const text = `log ${formatVkey(log.key)}\nwitness w1 ${formatVkey(witness.key)}\nquorum w1\n`;
  await storage.write("demo.policy", encodeUtf8(text));
  const policy = required(parsePolicy(kernel, encodeUtf8(text)));
  const verifiers = await loadVerifiers(policy);
  const demand: CheckpointDemand = {
    policy,
    verifiers,
    origin: undefined,
    now,
    maxStaleness: 60_000,
    skew: 1_000,
  };
  return { head, demand };
}

function commands(out: string, domains: readonly string[]): string[] {
  const proof = `writ verify ${join(out, "demo.tlog-proof")} --policy ${join(out, "demo.policy")}`;
  const pins = domains.map((name) => `--pin ${join(out, `${name}.root.json`)}`).join(" ");
  return [
    ...["demo.entry", "demo.tampered"].map((name) => `  ${proof} --entry ${join(out, name)}`),
    `  writ verify ${join(out, "demo.bundle")} ${pins}`,
  ];
}
