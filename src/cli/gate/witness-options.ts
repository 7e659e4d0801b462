/** The options that say who vouches that a gate's log is the newest there is. */
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
} as const;

export const WITNESS_HELP = `  --witness DIR             what the domain's witness remembers, made if it is not there: as --state of
                            "writ witness cosign". It tells when the log was deleted or an older copy
                            put back, so keep it elsewhere than the log
  --witness-key KEYFILE     the witness's key, from "writ key new --cosigner"; the domain names it:
                            "writ domain witness DIR FILE"
  --unwitnessed             ask nobody: then nobody notices such a log. It shows in the log`;

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
  const signer = await readSigner(kernel, keyFile, passphraseSource(args, { twice: false }));
  if (signer.key.type !== "cosignature-ed25519") {
    throw new UsageError(
      `--witness-key ${keyFile} is no witness's key: "writ key new NAME --cosigner" makes one`,
    );
  }
  const setup = { logs: [{ origin: log.name, key: log }], verifiers: NO_VERIFIERS };
  return storeWitness(kernel, new FileTrustStore(state), setup, signer, systemClock);
}
