/** The options that say who vouches that a gate's log is the newest there is, and which peers cosign it. */
import type { Witness } from "../../gate/witness.js";
import { storeWitness } from "../../gate/witness.js";
import { UNWITNESSED } from "../../gate/options.js";
import type { Kernel } from "../../kernel/kernel.js";
import { systemClock } from "../../runtime/clock.js";
import { FileTrustStore } from "../../storage/file-trust-store.js";
import { NO_VERIFIERS } from "../../tlog/verifiers.js";
import type { VerifierKey } from "../../tlog/vkey.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { readSigner } from "../key-file.js";
import { passphraseSource } from "../passphrase.js";

export const WITNESS_OPTIONS = {
  witness: { type: "string" },
  "witness-key": { type: "string" },
  unwitnessed: { type: "boolean" },
  "peer-witness": { type: "string", multiple: true },
  "peer-witness-key": { type: "string", multiple: true },
} as const;

export const WITNESS_HELP = `  --witness DIR             what the domain's witness remembers, made if it is not there: as --state of
                            "writ witness cosign". It tells when the log was deleted or an older copy
                            put back, so keep it elsewhere than the log
  --witness-key KEYFILE     the witness's key, from "writ key new --cosigner"; the domain names it:
                            "writ domain witness DIR FILE"
  --unwitnessed             ask nobody: then nobody notices such a log. It shows in the log
  --peer-witness DIR        what the witness of a peer domain remembers, which cosigns the log as well: to
                            others only that proves anything. What was cosigned stands in LOG/cosigned.
                            May be repeated; an authorization with --witnessed needs one
  --peer-witness-key FILE   its key, which the peer's domain names; the first goes with the first
                            --peer-witness, and so on`;

export async function witnessOf(
  kernel: Kernel,
  args: Arguments,
  log: VerifierKey,
): Promise<Witness | typeof UNWITNESSED> {
  const [state, keyFile] = [args.text("witness"), args.text("witness-key")];
  if (args.flag("unwitnessed")) {
    if (state === undefined && keyFile === undefined) return UNWITNESSED;
    throw new UsageError("--unwitnessed goes without --witness and --witness-key");
  }
  if (state === undefined || keyFile === undefined) {
    throw new UsageError(
      state === undefined && keyFile === undefined
        ? "who vouches that the log is the newest? --witness DIR and --witness-key KEYFILE name the domain's witness; --unwitnessed asks nobody"
        : `--witness DIR and --witness-key KEYFILE go together: --${state === undefined ? "witness" : "witness-key"} is missing`,
    );
  }
  return await readWitness(kernel, args, log, { state, keyFile, option: "witness-key" });
}

/** Those of `--peer-witness` and `--peer-witness-key`, in their order. */
export async function peerWitnessesOf(
  kernel: Kernel,
  args: Arguments,
  log: VerifierKey,
): Promise<readonly Witness[]> {
  const [states, keyFiles] = [args.list("peer-witness"), args.list("peer-witness-key")];
  if (states.length !== keyFiles.length) {
    const found = `${states.length} and ${keyFiles.length}`;
    throw new UsageError(
      `--peer-witness DIR and --peer-witness-key FILE go together, one of each: there are ${found}`,
    );
  }
  const witnesses: Witness[] = [];
  // One after another: a passphrase may be asked for.
  for (const [i, state] of states.entries()) {
    const given = { state, keyFile: keyFiles[i] as string, option: "peer-witness-key" };
    witnesses.push(await readWitness(kernel, args, log, given));
  }
  return witnesses;
}

async function readWitness(
  kernel: Kernel,
  args: Arguments,
  log: VerifierKey,
  given: { readonly state: string; readonly keyFile: string; readonly option: string },
): Promise<Witness> {
  const { state, keyFile, option } = given;
  const signer = await readSigner(kernel, keyFile, passphraseSource(args, { twice: false }));
  if (signer.key.type !== "cosignature-ed25519") {
    throw new UsageError(
      `--${option} ${keyFile} is no witness's key: "writ key new NAME --cosigner" makes one`,
    );
  }
  const setup = { logs: [{ origin: log.name, key: log }], verifiers: NO_VERIFIERS };
  return storeWitness(kernel, new FileTrustStore(state), setup, signer, systemClock);
}
