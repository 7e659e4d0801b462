/** A gate that this program opens: its key, its log, the trust that it follows, its witness. */
import type { Gate } from "../../gate/gate.js";
import { openGate } from "../../gate/open-gate.js";
import type { Kernel } from "../../kernel/kernel.js";
import { systemClock } from "../../runtime/clock.js";
import { FileStorage } from "../../storage/files.js";
import type { Signer } from "../../tlog/signer.js";
import type { Failure, Result } from "../../verdict.js";
import { ok } from "../../verdict.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { readSigner } from "../key-file.js";
import { PASSPHRASE_HELP, passphraseSource } from "../passphrase.js";
import { HOST, measureEnvironment } from "./environment.js";
import { keepOpenings } from "./openings-folder.js";
import { followStore, TRUST_HELP, TRUST_OPTIONS } from "./trust-options.js";
import { peerWitnessesOf, WITNESS_HELP, WITNESS_OPTIONS, witnessOf } from "./witness-options.js";

export const HOST_OPTIONS = {
  "gate-key": { type: "string" },
  ...TRUST_OPTIONS,
  log: { type: "string" },
  ...WITNESS_OPTIONS,
  withhold: { type: "boolean" },
  "passphrase-file": { type: "string" },
} as const;

export const HOST_REQUIRED = ["gate-key", "trust", "log"] as const;

export const HOST_HELP = `  --gate-key KEYFILE        the gate's key, from "writ key new DOMAIN/NAME": its name is the gate's origin,
                            and the domain lists it ("writ domain gate add")
${TRUST_HELP}
  --log DIR                 the gate's log, made if it is not there; one writer at a time. "writ lineage
                            DIR" shows it
${WITNESS_HELP}
  --withhold                do not keep the arguments of runs: their digests stand in the log, their text
                            in DIR/openings unless told. Such a run cannot be resumed
${PASSPHRASE_HELP}`;

export interface GateHost {
  readonly gate: Gate;
  readonly kernel: Kernel;
  /** Stops what runs, and gives the log back. May be called again, and resolves when all is done. */
  close(): Promise<void>;
}

/** A failure is the log's, its witness's or the kernel's: nothing can be allowed. */
export async function openHost(
  kernel: Kernel,
  args: Arguments,
): Promise<Result<GateHost> & { readonly origin: string }> {
  const signer = await readGateKey(kernel, args);
  const origin = signer.key.name;
  const witness = await witnessOf(kernel, args, signer.key);
  const peerWitnesses = await peerWitnessesOf(kernel, args, signer.key);
  const log = args.required("log");
  const { follower, terms, maxStaleness } = await followStore(kernel, args);
  let opened: Result<Gate> | undefined;
  try {
    opened = await openGate({
      kernel,
      storage: new FileStorage(log),
      signer,
      follower,
      terms,
      maxStaleness,
      witness,
      peerWitnesses,
      clock: systemClock,
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      measure: measureEnvironment(),
      host: HOST,
      onOpenings: args.flag("withhold") ? undefined : keepOpenings(log),
    });
  } finally {
    if (!opened?.ok) await follower.close();
  }
  if (!opened.ok) return { ...(opened satisfies Failure), origin };
  const gate = opened.value;
  const closeBoth = async (): Promise<void> => {
    try {
      await gate.close();
    } finally {
      await follower.close();
    }
  };
  let closing: Promise<void> | undefined;
  return { ...ok({ gate, kernel, close: () => (closing ??= closeBoth()) }), origin };
}

async function readGateKey(kernel: Kernel, args: Arguments): Promise<Signer> {
  const path = args.required("gate-key");
  const signer = await readSigner(kernel, path, passphraseSource(args, { twice: false }));
  if (signer.key.type === "ed25519") return signer;
  throw new UsageError(`--gate-key ${path} is a witness's (type 04); make one without --cosigner`);
}
