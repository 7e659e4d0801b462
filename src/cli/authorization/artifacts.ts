/** The files of `--artifact`, measured: read once, in memory that does not grow with them. */
import { basename } from "node:path";
import { measureArtifact } from "../../attestation/digest.js";
import type { DigestSet } from "../../attestation/statement.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Result } from "../../verdict.js";
import { ok } from "../../verdict.js";
import { streamInput } from "../input.js";

export interface MeasuredFile {
  readonly name: string;
  readonly digest: DigestSet;
}

/** UNSUPPORTED_DIGEST where an algorithm cannot be computed here. */
export async function measureFiles(
  kernel: Kernel,
  files: readonly string[],
  algorithms: readonly string[],
): Promise<Result<readonly MeasuredFile[]>> {
  const measured: MeasuredFile[] = [];
  for (const file of files) {
    const digest = await measureArtifact(kernel, algorithms, streamInput(file));
    if (!digest.ok) return digest;
    measured.push({ name: basename(file), digest: digest.value });
  }
  return ok(measured);
}
