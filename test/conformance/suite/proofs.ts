import type { CheckpointDemand, Kernel, Policy } from "writ";
import { loadVerifiers, parsePolicy, verifyProof } from "writ";
import type { Data } from "./data.js";
import { unbase64 } from "./data.js";
import type { Check } from "./report.js";
import { assert } from "./report.js";

const utf8 = (text: string) => new TextEncoder().encode(text);

export function parsed(kernel: Kernel, text: string): Policy {
  const policy = parsePolicy(kernel, utf8(text));
  if (!policy.ok)
    throw new Error(`${policy.code}: expected ${policy.expected}, found ${policy.found}`);
  return policy.value;
}

/** Whole proofs through the public interface, with Ed25519 and ML-DSA-44 witnesses. */
export async function proofs(kernel: Kernel, { made }: Data): Promise<Check[]> {
  const policy = parsed(kernel, made.policy);
  const demand: CheckpointDemand = {
    policy,
    origin: undefined,
    verifiers: await loadVerifiers(policy),
    now: made.time * 1000,
    maxStaleness: 1000,
    skew: 0,
  };
  const pairs = made.proofs.map((proof, i) => ({
    proof: unbase64(proof),
    entry: utf8(made.entries[i] as string),
  }));
  return [
    [
      "every made proof is PROVEN with its entry and REFUTED with another",
      (output) => {
        for (const { proof, entry } of pairs) {
          const verdict = verifyProof(kernel, proof, entry, demand);
          assert(verdict.outcome === "PROVEN", JSON.stringify(verdict));
          const refuted = verifyProof(kernel, proof, utf8("another"), demand);
          assert(refuted.outcome === "REFUTED", JSON.stringify(refuted));
          output(JSON.stringify([verdict, refuted]));
        }
      },
    ],
    [
      "without its verifiers an ML-DSA-44 cosignature is not checked, and nothing is PROVEN",
      (output) => {
        const { proof, entry } = pairs[0]!;
        const verdict = verifyProof(kernel, proof, entry, { ...demand, verifiers: {} });
        assert(verdict.outcome === "INCOMPLETE", JSON.stringify(verdict));
        output(JSON.stringify(verdict));
      },
    ],
    [
      "every byte of a proof flipped is never PROVEN",
      (output) => {
        const { proof, entry } = pairs[1]!;
        // The ML-DSA-44 line is 3 KiB of base64: every 16th byte of it is enough here.
        for (let at = 0; at < proof.length; at += at < 900 ? 1 : 16) {
          const flipped = proof.slice();
          flipped[at] = (flipped[at] as number) ^ 1;
          const verdict = verifyProof(kernel, flipped, entry, demand);
          assert(verdict.outcome !== "PROVEN", `byte ${at}`);
          output(`${at} ${verdict.outcome} ${verdict.code}`);
        }
      },
    ],
  ];
}
