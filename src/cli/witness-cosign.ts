import { lstat, rename, unlink, writeFile } from "node:fs/promises";
import { parseDecimal } from "../bytes/decimal.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import { FileTrustStore } from "../storage/file-trust-store.js";
import { addCosignatures } from "../tlog/add-cosignature.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { parsePolicy } from "../tlog/policy.js";
import { NO_VERIFIERS } from "../tlog/verifiers.js";
import type { VerifierKey } from "../tlog/vkey.js";
import type { WitnessedLog } from "../tlog/witness.js";
import { formatAddCheckpoint, parseProofHashes } from "../tlog/witness.js";
import type { CosignAnswer } from "../tlog/witness-state.js";
import { cosign } from "../tlog/witness-state.js";
import type { Arguments, Command, Ending } from "./command.js";
import { UsageError } from "./command.js";
import { readInput } from "./input.js";
import { loadKernel } from "./kernel.js";
import { readSigner } from "./key-file.js";
import { PASSPHRASE_HELP, passphraseSource } from "./passphrase.js";
import { describe } from "./print.js";
import { verifiersOf, VKEYS, vkeysOf } from "./vkeys.js";

export const witnessCosign: Command = {
  name: "witness cosign",
  usage:
    "witness cosign CHECKPOINT --old N [--proof FILE] --state DIR --key KEYFILE --vkey KEY... [--policy FILE] [--origin TEXT] [--out FILE]",
  summary: "Cosign a log's checkpoint, if it continues what this witness cosigned before.",
  help: `  CHECKPOINT                the signed checkpoint
  --old N                   the size that this witness cosigned last for the log; 0 for none. Where it
                            is another one, the refusal says which
  --proof FILE              the consistency proof from N: base64 hashes, a line each, as "writ log
                            consistency DIR N NEW" prints it; not needed where N is 0 or the
                            checkpoint's own size
  --state DIR               what this witness remembers, made if it is not there. Lose it and the
                            key must never cosign again: keep them together, and never restore an
                            older state
  --key KEYFILE             the witness's key, from "writ key new --cosigner"
  --vkey KEY                the verifier key of a log to cosign for; may be repeated
  --policy FILE             a C2SP tlog-policy: its logs, instead of --vkey or besides
  --origin TEXT             the log's origin, where it is not the name of its one key
  --out FILE                write the checkpoint with the cosignature here too
${PASSPHRASE_HELP}
  --json                    one JSON object: command, outcome, code, status, size, cosignature, and
                            contradicted, the checkpoint that the log signed before where it now
                            contradicts itself; status is that of C2SP tlog-witness
The cosignature goes to stdout. Exit code: 0 cosigned, 1 refused, 2 misused.`,
  options: {
    ...VKEYS,
    old: { type: "string" },
    proof: { type: "string" },
    state: { type: "string" },
    key: { type: "string" },
    policy: { type: "string" },
    origin: { type: "string" },
    out: { type: "string" },
    "passphrase-file": { type: "string" },
  },
  run: async (args) => {
    const [path] = args.exactly("CHECKPOINT") as [string];
    const oldSize = parseDecimal(args.required("old"));
    if (oldSize === undefined) {
      throw new UsageError(`--old is a tree size, such as 0 or 512, not "${args.text("old")}"`);
    }
    const [state, keyFile] = [args.required("state"), args.required("key")];
    const kernel = await loadKernel();
    const logs = await readLogs(kernel, args);
    const checkpoint = await readInput(path);
    const proof = await readProof(args, oldSize, checkpoint);
    const signer = await readSigner(kernel, keyFile, passphraseSource(args, { twice: false }));
    const setup = { logs, verifiers: await verifiersOf(logs.map(({ key }) => key)) };
    const request = formatAddCheckpoint({ oldSize, proof, checkpoint });
    const store = new FileTrustStore(state);
    const answer = await cosign(kernel, store, setup, request, signer, Date.now());
    if (!answer.ok) {
      throw new UsageError(`this witness cannot answer, and signed nothing: ${describe(answer)}`);
    }
    if (answer.value.status !== 200) return refused(answer.value, checkpoint, state);

    const { status, head, line } = answer.value;
    const out = args.text("out");
    if (out !== undefined) await writeCosigned(kernel, out, checkpoint, line, signer.key);
    const json = { code: null, status, size: head.size, cosignature: line, contradicted: null };
    return { outcome: "DONE", json, text: line };
  },
};

/** The logs of `--vkey` and `--policy`, each under its key's name or the one `--origin`. */
async function readLogs(kernel: Kernel, args: Arguments): Promise<WitnessedLog[]> {
  const keys = vkeysOf(kernel, args);
  const path = args.text("policy");
  if (path !== undefined) {
    const policy = parsePolicy(kernel, await readInput(path));
    if (!policy.ok) throw new UsageError(`${path} is not a usable policy: ${describe(policy)}`);
    keys.push(...policy.value.logs);
  }
  if (keys.length === 0) throw new UsageError("no log to cosign for: --vkey is missing");
  const origin = args.text("origin");
  if (origin !== undefined && keys.length > 1) {
    throw new UsageError(`--origin goes with one log key, not with ${keys.length}`);
  }
  return keys.map((key) => ({ origin: origin ?? key.name, key }));
}

async function readProof(
  args: Arguments,
  oldSize: bigint,
  checkpoint: Uint8Array,
): Promise<Uint8Array[]> {
  const path = args.text("proof");
  if (path === undefined) {
    const signed = parseCheckpoint(checkpoint);
    // What is no checkpoint needs no proof: the witness refuses it.
    if (oldSize === 0n || !signed.ok || signed.value.checkpoint.size <= oldSize) return [];
    const { size } = signed.value.checkpoint;
    const how = `writ log consistency DIR ${oldSize} ${size}`;
    throw new UsageError(`--proof is missing, the proof from ${oldSize} to ${size}: "${how}"`);
  }
  const text = decodeUtf8(await readInput(path));
  const lines = text === undefined ? [] : text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const proof = text === undefined ? undefined : parseProofHashes(lines);
  if (proof?.ok) return proof.value;
  throw new UsageError(`--proof ${path}: ${proof ? describe(proof) : "it is not UTF-8 text"}`);
}

function refused(
  answer: Exclude<CosignAnswer, { readonly status: 200 }>,
  checkpoint: Uint8Array,
  state: string,
): Ending {
  const { status, failure } = answer;
  const contradicted =
    "contradicted" in answer ? new TextDecoder().decode(answer.contradicted) : null;
  process.stderr.write(`writ: not cosigned: ${describe(failure)}\n`);
  if (answer.status === 409) {
    process.stderr.write(`writ: ${adviceOn(answer.size, checkpoint, state)}\n`);
  }
  if (contradicted !== null) {
    process.stderr.write(`writ: the log signed this before; keep both:\n${contradicted}`);
  }
  const size = answer.status === 409 ? answer.size : null;
  const json = { code: failure.code, status, size, cosignature: null, contradicted };
  return { outcome: "REFUTED", json, text: "" };
}

function adviceOn(size: bigint, checkpoint: Uint8Array, state: string): string {
  if (size === 0n) {
    return `${state} remembers nothing of this log; only if this key never cosigned it, ask with --old 0`;
  }
  const remembers = `this witness remembers size ${size}`;
  const signed = parseCheckpoint(checkpoint);
  return signed.ok && signed.value.checkpoint.size < size
    ? `${remembers}, and cosigns no smaller tree: ask with a newer checkpoint and --old ${size}`
    : `${remembers}: ask again with --old ${size}, and the proof from there`;
}

/** The file is the old one or the new one, whole; a device or a pipe is written to. */
async function writeCosigned(
  kernel: Kernel,
  path: string,
  checkpoint: Uint8Array,
  line: string,
  key: VerifierKey,
): Promise<void> {
  const keys = { witnesses: [key], verifiers: NO_VERIFIERS };
  const cosigned = addCosignatures(kernel, checkpoint, encodeUtf8(line), keys);
  try {
    if (!cosigned.ok) throw new Error(describe(cosigned));
    const bytes = cosigned.value.checkpoint;
    const found = await lstat(path).catch(() => undefined);
    if (found && !found.isFile()) return await writeFile(path, bytes);
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      await writeFile(temporary, bytes, { flag: "wx" });
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
  } catch (error) {
    // Nothing is lost: the witness gives the cosignature of what it remembers as often as asked.
    process.stderr.write(`writ: cosigned, and this is the line:\n${line}`);
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot write --out ${path}: ${why}`, { cause: error });
  }
}
