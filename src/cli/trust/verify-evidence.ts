/** `writ verify EVIDENCE --pin FILE`: the part of `verify` that is about contradictions of a domain. */
import { loadKernel } from "../kernel.js";
import type { Ending } from "../command.js";
import { endWith } from "../print.js";
import { verifyEvidence } from "../../sync/verify-evidence.js";

const NOTE =
  "PROVEN says that the domain's keys signed both. Who held them, and which of the two is true, it does not say.";

export async function verifyEvidenceFile(bytes: Uint8Array, root: Uint8Array): Promise<Ending> {
  const verdict = await verifyEvidence(await loadKernel(), bytes, root);
  return endWith(verdict, verdict.outcome === "PROVEN" ? NOTE : undefined);
}

/** Whether a file says of itself that it is such evidence. */
export function isEvidence(bytes: Uint8Array): boolean {
  if (bytes[0] !== "{".charCodeAt(0)) return false;
  return /"format"\s*:\s*"writ-equivocation\/v1"/.test(new TextDecoder().decode(bytes));
}
