/** The conformance suite: one module, no platform in it, run by a thin launcher on each runtime. */
import data from "conformance-data";
import { kernelDigest, loadKernel } from "writ";
import { authorization } from "./authorization.js";
import { gate } from "./gate.js";
import { hashes } from "./hashes.js";
import { proof } from "./proof.js";
import { proofs } from "./proofs.js";
import { realLogs } from "./real-logs.js";
import type { Report } from "./report.js";
import { hex } from "./report.js";
import { signatures } from "./signatures.js";
import { sigstore } from "./sigstore.js";
import { trees } from "./trees.js";
import { trust } from "./trust.js";

export async function run(): Promise<Report> {
  const kernel = await loadKernel();
  const checks = [
    ...hashes(kernel),
    ...trees(kernel, data),
    ...signatures(kernel, data),
    ...(await proofs(kernel, data)),
    ...(await realLogs(kernel, data)),
    ...trust(kernel, data),
    ...sigstore(kernel, data),
    ...authorization(kernel, data),
    ...gate(kernel, data),
    ...proof(kernel, data),
  ];
  const encoder = new TextEncoder();
  const digest = kernel.hasher("sha256").update(encoder.encode(kernelDigest));
  const failures: { name: string; errorName: string; message: string }[] = [];
  for (const [name, check] of checks) {
    digest.update(encoder.encode(`\n${name}\n`));
    try {
      await check((value) => {
        digest.update(typeof value === "string" ? encoder.encode(`${value}\n`) : value);
      });
    } catch (error) {
      const { name: errorName, message } =
        error instanceof Error ? error : { name: typeof error, message: String(error) };
      failures.push({ name, errorName, message });
    }
  }
  const failed = failures.length;
  return { passed: checks.length - failed, failed, failures, digest: hex(digest.digest()) };
}
