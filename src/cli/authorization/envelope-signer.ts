/** The key of `--key`, as a signer of envelopes. */
import type { Signer } from "../../attestation/signer.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { readSigner } from "../key-file.js";
import { PASSPHRASE_HELP, passphraseSource } from "../passphrase.js";

export const SIGNER_OPTIONS = {
  key: { type: "string" },
  "passphrase-file": { type: "string" },
} as const;

/** `whose`: `an issuer's`. */
export function signerHelp(whose: string): string {
  return `  --key KEYFILE             ${whose} key, from "writ key new"
${PASSPHRASE_HELP}`;
}

/** A signer, and the name that its key file gives the key. */
export interface NamedSigner extends Signer {
  readonly name: string;
}

export async function readEnvelopeSigner(kernel: Kernel, args: Arguments): Promise<NamedSigner> {
  const path = args.required("key");
  const signer = await readSigner(kernel, path, passphraseSource(args, { twice: false }));
  const { name, type, publicKey } = signer.key;
  if (type !== "ed25519") {
    throw new UsageError(`--key ${path} is a witness's (type 04); make one without --cosigner`);
  }
  return { name, publicKey, sign: (message) => signer.sign(message) };
}
