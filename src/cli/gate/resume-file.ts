/** A resume statement as a file: what it is for, before anybody has verified it. */
import { parseEnvelope } from "../../attestation/dsse.js";
import { isObject } from "../../bytes/json-kind.js";
import { readJson } from "../../trust/schema.js";
import { UsageError } from "../command.js";
import { readInput } from "../input.js";

const MOST_BYTES = 1 << 16;

export interface ResumeFile {
  readonly bytes: Uint8Array;
  /** The run that it is for; undefined for the gate itself. */
  readonly run: string | undefined;
}

export async function readResume(path: string): Promise<ResumeFile> {
  const bytes = await readInput(path);
  const envelope = parseEnvelope(bytes, MOST_BYTES);
  const json = envelope.ok ? readJson("a resume", envelope.value.payload, MOST_BYTES) : envelope;
  const run = json.ok && isObject(json.value) ? json.value["run"] : undefined;
  if (run === null) return { bytes, run: undefined };
  if (typeof run === "string" && /^[0-9a-f]{32}$/.test(run)) return { bytes, run };
  throw new UsageError(`--resume ${path} is no resume, from "writ resume"`);
}
