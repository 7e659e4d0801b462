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
import { parseDuration, parseTime } from "./time.js";

const DEFAULT_SKEW = "60s";

export const verify: Command = {
  name: "verify",
  usage:
    "verify PROOF --entry FILE --policy FILE [--origin TEXT] [--now TIME] [--max-staleness DURATION]",
  summary: "Verify that a log holds an entry, by a C2SP tlog-proof and your own policy.",
  help: `  PROOF                     a tlog-proof file
  --entry FILE              the entry, byte for byte as it was logged
  --policy FILE             a C2SP tlog-policy: the logs, witnesses and quorum that you trust
  --origin TEXT             the origin that the checkpoint must have (default: the log key's name)
  --now TIME                RFC 3339, or seconds since the epoch (default: this machine's clock)
  --max-staleness DURATION  how old the quorum may be, such as 90s or 7d (default: any age)
  --skew DURATION           how far a witness's clock may run ahead (default: ${DEFAULT_SKEW})
  --json                    one JSON object: command, outcome, code, checks`,
  options: {
    entry: { type: "string" },
    policy: { type: "string" },
    origin: { type: "string" },
    now: { type: "string" },
    "max-staleness": { type: "string" },
    skew: { type: "string" },
  },
  run: async (args) => {
    const [proofPath] = args.exactly("PROOF") as [string];
    const [entryPath, policyPath] = [args.required("entry"), args.required("policy")];
    const now = args.text("now");
    const staleness = args.text("max-staleness");
    const demand = {
      origin: args.text("origin"),
      now: now === undefined ? Date.now() : parseTime(now),
      maxStaleness: staleness === undefined ? Number.POSITIVE_INFINITY : parseDuration(staleness),
      skew: parseDuration(args.text("skew") ?? DEFAULT_SKEW),
    };
    const kernel = await loadKernel();
    const policy = await readPolicy(kernel, policyPath);
    const [proof, entry] = [await readInput(proofPath), await readInput(entryPath)];
    const verifiers = await loadVerifiers(policy);
    return endWith(verifyProof(kernel, proof, entry, { ...demand, policy, verifiers }));
  },
};

async function readPolicy(kernel: Kernel, path: string): Promise<Policy> {
  const policy = parsePolicy(kernel, await readInput(path));
  if (policy.ok) return policy.value;
  throw new UsageError(`${path} is not a usable policy: ${describe(policy)}`);
}
