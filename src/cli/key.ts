import { formatVkey, isKeyName } from "../tlog/vkey.js";
import type { Command } from "./command.js";
import { UsageError } from "./command.js";
import { loadKernel } from "./kernel.js";
import { generateKey, readVerifierKey, writeKeyFile } from "./key-file.js";
import { PASSPHRASE_HELP, passphraseSource } from "./passphrase.js";

export const keyNew: Command = {
  name: "key new",
  usage: "key new NAME [--out FILE] [--cosigner] [--encrypt [--passphrase-file FILE]]",
  summary: "Make an Ed25519 key; its verifier key goes to stdout.",
  help: `  NAME                      the key's name: like example.com/log, no space and no plus
  --out FILE                the key file, made with mode 0600 (default: NAME's last part + .key)
  --cosigner                a witness's key (type 04) instead of a log's (type 01)
  --encrypt                 seal the file under a passphrase (Argon2id, AES-256-GCM)
${PASSPHRASE_HELP}
  --json                    one JSON object: command, outcome, code, vkey, file`,
  options: {
    out: { type: "string" },
    cosigner: { type: "boolean" },
    encrypt: { type: "boolean" },
    "passphrase-file": { type: "string" },
  },
  run: async (args) => {
    const [name] = args.exactly("NAME") as [string];
    if (!isKeyName(name)) throw new UsageError(`NAME has no space and no plus: "${name}"`);
    if (args.text("passphrase-file") !== undefined && !args.flag("encrypt")) {
      throw new UsageError("--passphrase-file goes with --encrypt");
    }
    const file = args.text("out") ?? `${name.split(/[/\\]/).pop() || "writ"}.key`;
    const kernel = await loadKernel();
    const made = generateKey(
      kernel,
      name,
      args.flag("cosigner") ? "cosignature-ed25519" : "ed25519",
    );
    const ask = passphraseSource(args, { twice: true });
    await writeKeyFile(file, made, args.flag("encrypt") ? await ask(file) : undefined);
    process.stderr.write(`writ: wrote the private key to ${file}\n`);
    const vkey = formatVkey(made.key);
    return { outcome: "DONE", json: { vkey, file }, text: `${vkey}\n` };
  },
};

export const keyVkey: Command = {
  name: "key vkey",
  usage: "key vkey KEYFILE",
  summary: "Print the verifier key of a key file; asks for no passphrase.",
  help: `  KEYFILE                   made by "writ key new"
  --json                    one JSON object: command, outcome, code, vkey`,
  options: {},
  run: async (args) => {
    const [file] = args.exactly("KEYFILE") as [string];
    const vkey = formatVkey(await readVerifierKey(await loadKernel(), file));
    return { outcome: "DONE", json: { vkey }, text: `${vkey}\n` };
  },
};
