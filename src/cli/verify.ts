import type { Kernel } from "../kernel/kernel.js";
import type { Policy } from "../tlog/policy.js";
import { parsePolicy } from "../tlog/policy.js";
import { loadVerifiers } from "../tlog/verifiers.js";
import { verifyProof } from "../tlog/verify-proof.js";
import type { Command } from "./command.js";
import { UsageError } from "./command.js";
import { readInput } from "./input.js";
import { loadKernel } from "./kernel.js";
import { describe, endWith } from "./print.js";
import { nowOf, parseDuration } from "./time.js";
import { isEvidence, verifyEvidenceFile } from "./trust/verify-evidence.js";

const DEFAULT_SKEW = "60s";
const OF_PROOFS = ["entry", "policy", "origin", "now", "max-staleness", "skew"];

export const verify: Command = {
  name: "verify",
  usage:
    "verify PROOF --entry FILE --policy FILE [--origin TEXT] [--now TIME] [--max-staleness DURATION] [--skew DURATION], or verify EVIDENCE --pin FILE",
  summary: "Verify that a log holds an entry, or that a domain has contradicted itself.",
  help: `  PROOF                     a tlog-proof file
  --entry FILE              the entry, byte for byte as it was logged
  --policy FILE             a C2SP tlog-policy: the logs, witnesses and quorum that you trust
  --origin TEXT             the origin that the checkpoint must have (default: the log key's name)
  --now TIME                RFC 3339, or seconds since the epoch (default: this machine's clock)
  --max-staleness DURATION  how old the quorum may be, such as 90s or 7d (default: any age)
  --skew DURATION           how far a witness's clock may run ahead (default: ${DEFAULT_SKEW})
  EVIDENCE                  evidence of equivocation, from "writ trust evidence"
  --pin FILE                root metadata of the domain, obtained in a way that you trust. PROVEN: its
                            keys signed two statements that cannot both be true
  --json                    one JSON object: command, outcome, code, checks`,
  options: {
    pin: { type: "string" },
    entry: { type: "string" },
    policy: { type: "string" },
    origin: { type: "string" },
    now: { type: "string" },
    "max-staleness": { type: "string" },
    skew: { type: "string" },
  },
  run: async (args) => {
    const pin = args.text("pin");
    if (pin !== undefined) {
      const [evidence] = args.exactly("EVIDENCE") as [string];
      const other = OF_PROOFS.find((name) => args.text(name) !== undefined);
      if (other) throw new UsageError(`--${other} goes with a proof, and --pin with evidence`);
      return await verifyEvidenceFile(evidence, pin);
    }
    const [proofPath] = args.exactly("PROOF") as [string];
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
    const [proof, entry] = [await readInput(proofPath), await readInput(entryPath)];
    if (isEvidence(proof)) {
      throw new UsageError(`${proofPath} is evidence of equivocation: verify it with --pin FILE`);
    }
    const verifiers = await loadVerifiers(policy);
    return endWith(verifyProof(kernel, proof, entry, { ...demand, policy, verifiers }));
  },
};

async function readPolicy(kernel: Kernel, path: string): Promise<Policy> {
  const policy = parsePolicy(kernel, await readInput(path));
  if (policy.ok) return policy.value;
  throw new UsageError(`${path} is not a usable policy: ${describe(policy)}`);
}
