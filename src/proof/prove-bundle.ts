/** Making a proof bundle from the logs of gates and of domains, and what is kept beside them. */
import { concatBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { describeSelection, UnreadableLog } from "./gate-selection.js";
import { Gathered } from "./gather.js";
import type { Manifest } from "./manifest.js";
import { BUNDLE_FORMAT, formatManifest } from "./manifest.js";
import type { Prepared, ProvenGate } from "./prepare-log.js";
import { prepareDomain, prepareGate } from "./prepare-log.js";
import { encodeFile } from "./read-bundle.js";

export interface BundleContents {
  readonly gates: readonly ProvenGate[];
  /** What domains have published: their folders, as others see them. */
  readonly domains: readonly Reader[];
  /** Root metadata that is not kept beside a log: the versions from the one that verifiers pin. */
  readonly roots: readonly Uint8Array[];
  /** Leaves the arguments of runs out: who verifies cannot make the decisions on them again. */
  readonly redact: boolean;
  /** Told how many entries were read of how many. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** A bundle, ready to be written: the same inputs give the same bytes. */
export interface ProvenBundle {
  /** SHA-256 of the manifest. */
  readonly id: string;
  readonly manifest: Manifest;
  /** Its bytes, piece by piece; reads the logs once more. */
  pieces(): AsyncGenerator<Uint8Array>;
}

const NEWLINE = Uint8Array.of(0x0a);

/**
 * A bundle of what is selected of these logs, as far as a checkpoint covers it. What is missing of kept
 * content is left out, and named when the bundle is verified.
 */
export async function proveBundle(
  kernel: Kernel,
  contents: BundleContents,
): Promise<Result<ProvenBundle>> {
  const gathered = new Gathered(kernel);
  try {
    const prepared: Prepared[] = [];
    for (const bytes of contents.roots) {
      const wrong = gathered.addRoot(bytes);
      if (wrong) return wrong;
    }
    for (const folder of contents.domains) {
      const log = await prepareDomain(kernel, gathered, folder);
      if (!log.ok) return log;
      prepared.push(log.value);
    }
    for (const gate of contents.gates) {
      const log = await prepareGate(kernel, gathered, gate, contents);
      if (!log.ok) return log;
      // Of several logs it is enough that one has something of it.
      if (log.value) prepared.push(log.value);
    }
    if (!prepared.some(({ named }) => named.kind === "gate")) {
      const what = contents.gates.map(({ selection }) => describeSelection(selection));
      const expected = `entries about ${what[0] ?? "a gate"}`;
      return failure("MISSING", expected, "none that a checkpoint covers");
    }
    return assemble(kernel, gathered, prepared);
  } catch (error) {
    if (error instanceof UnreadableLog) return error.failure;
    throw error;
  }
}

function assemble(
  kernel: Kernel,
  gathered: Gathered,
  prepared: readonly Prepared[],
): Result<ProvenBundle> {
  const trust = gathered.trust();
  if (!trust.ok) return trust;
  const files = [...gathered.files].sort(([a], [b]) => (a < b ? -1 : 1));
  const binary = files.find(([, bytes]) => decodeUtf8(bytes) === undefined);
  if (binary) return failure("MALFORMED", "kept content in UTF-8", binary[0]);
  const nameOf = ({ named }: Prepared): string => `${named.kind} ${named.origin}`;
  const logs = [...prepared].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const twice = logs.find((each, i) => i > 0 && nameOf(each) === nameOf(logs[i - 1] as Prepared));
  if (twice) return failure("MALFORMED", "each log once", twice.named.origin);
  const manifest: Manifest = {
    format: BUNDLE_FORMAT,
    ...trust.value,
    files: files.map(([sha256, bytes]) => ({ sha256, size: bytes.length })),
    logs: logs.map(({ named }) => named),
  };
  const first = formatManifest(manifest);
  return ok({
    id: encodeHex(kernel.sha256(first)),
    manifest,
    async *pieces() {
      yield concatBytes(first, NEWLINE);
      for (const [, bytes] of files) yield concatBytes(encodeFile(bytes), NEWLINE);
      for (const { lines } of logs) yield* lines();
    },
  });
}
