import { loadVerifiers } from "../tlog/verifiers.js";
import { verifyProof } from "../tlog/verify-proof.js";
import { metadataTypeOf, verifyMetadataFile } from "../trust/verify-metadata-file.js";
import type { Arguments, Command, Ending } from "./command.js";
import { UsageError } from "./command.js";
import { peekInput, readAll, readInput } from "./input.js";
import { loadKernel } from "./kernel.js";
import { readPolicy } from "./policy-file.js";
import { endWith } from "./print.js";
import {
  BUNDLE_HELP,
  BUNDLE_OPTIONS,
  DEFAULT_SKEW,
  isBundle,
  verifyBundleInput,
} from "./proof/verify-bundle.js";
import { nowOf, parseDuration } from "./time.js";
import { isEvidence, verifyEvidenceFile } from "./trust/verify-evidence.js";

/** Of proofs, and of what is verified with a pinned root, the options that are for no other. */
const OF_PROOFS = ["entry", "origin", "max-staleness"];
const OF_BUNDLES = [
  "as-of",
  "remember",
  "compromised",
  "witness-interval",
  "max-bytes",
  "skew",
  "policy",
];

export const verify: Command = {
  name: "verify",
  usage:
    "verify BUNDLE --pin FILE... [OPTION...], verify PROOF --entry FILE --policy FILE [OPTION...], or verify (EVIDENCE | METADATA) --pin FILE",
  summary: "Verify a proof bundle, a tlog-proof, evidence of equivocation or trust metadata.",
  help: `${BUNDLE_HELP}
  PROOF                     a tlog-proof file, of any log
  --entry FILE              the entry, byte for byte as it was logged
  --policy FILE             a C2SP tlog-policy: the logs, witnesses and quorum that you trust
  --origin TEXT             the origin that the checkpoint must have (default: the log key's name)
  --max-staleness DURATION  how old the quorum may be, such as 90s or 7d (default: any age)
  EVIDENCE                  evidence of equivocation, from "writ trust evidence". PROVEN: the keys of the
                            pinned domain signed two statements that cannot both be true
  METADATA                  a file of TUF metadata: root, timestamp, snapshot or targets. PROVEN: its role
                            under the pinned root signed it, or of a root: it is that one or the next
  --now TIME                RFC 3339, or seconds since the epoch (default: this machine's clock)
  --skew DURATION           how far clocks may be apart (default: ${DEFAULT_SKEW})
  --json                    one JSON object: command, outcome, code, checks; of a bundle also id, asOf,
                            notChecked, logs, gates
Nothing is fetched. Exit code: 0 PROVEN, 1 REFUTED, 2 INCOMPLETE or misused.`,
  options: {
    ...BUNDLE_OPTIONS,
    entry: { type: "string" },
    origin: { type: "string" },
    "max-staleness": { type: "string" },
  },
  run: async (args) => {
    const [path] = args.exactly("FILE") as [string];
    if (args.list("pin").length > 0) return await verifyPinned(args, path);
    const other = OF_BUNDLES.slice(0, 5).find((name) => args.has(name));
    if (other) throw new UsageError(`--${other} goes with a proof bundle, and --pin with that`);
    return await verifyLogged(args, path);
  },
};

async function verifyPinned(args: Arguments, path: string): Promise<Ending> {
  const other = OF_PROOFS.find((name) => args.has(name));
  if (other) {
    throw new UsageError(
      `--${other} goes with a tlog-proof, and --pin with a bundle, evidence or metadata`,
    );
  }
  const input = await peekInput(path);
  if (isBundle(input.start)) return await verifyBundleInput(args, path, input.stream);
  const strange = OF_BUNDLES.find((name) => args.has(name));
  if (strange) throw new UsageError(`--${strange} goes with a bundle, and ${path} is none`);
  const pins = args.list("pin");
  if (pins.length > 1) throw new UsageError(`one --pin goes with ${path}, which is no bundle`);
  const [bytes, root] = [await readAll(path, input.stream), await readInput(pins[0] as string)];
  if (isEvidence(bytes)) return await verifyEvidenceFile(bytes, root);
  const type = metadataTypeOf(bytes);
  if (!type) {
    throw new UsageError(
      `${path} is no bundle, no evidence and no metadata of a kind that is known`,
    );
  }
  const kernel = await loadKernel();
  return endWith(await verifyMetadataFile(kernel, type, bytes, root, nowOf(args)));
}

async function verifyLogged(args: Arguments, path: string): Promise<Ending> {
  const proof = await readInput(path);
  if (isBundle(proof) || isEvidence(proof) || metadataTypeOf(proof)) {
    throw new UsageError(`${path} is verified with --pin FILE, a root that you trust`);
  }
  const [entryPath, policyPath] = [args.required("entry"), args.required("policy")];
  const staleness = args.text("max-staleness");
  const demand = {
    origin: args.text("origin"),
    now: nowOf(args),
    maxStaleness: staleness === undefined ? Number.POSITIVE_INFINITY : parseDuration(staleness),
    skew: parseDuration(args.text("skew") ?? DEFAULT_SKEW),
  };
  const kernel = await loadKernel();
  const policy = await readPolicy(kernel, policyPath);
  const entry = await readInput(entryPath);
  const verifiers = await loadVerifiers(policy);
  return endWith(verifyProof(kernel, proof, entry, { ...demand, policy, verifiers }));
}
