import { FileStorage } from "../storage/files.js";
import type { Kernel } from "../kernel/kernel.js";
import type { UnverifiedCheckpoint } from "../tlog/checkpoint.js";
import { parseCheckpoint } from "../tlog/checkpoint.js";
import { CHECKPOINT } from "../tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../tlog/note.js";
import { loadVerifiers } from "../tlog/verifiers.js";
import type { LogDemand } from "../tlog/verify-checkpoint.js";
import { parseVkey } from "../tlog/vkey.js";
import type { Arguments } from "./command.js";
import { UsageError } from "./command.js";
import { readInput } from "./input.js";
import { describe } from "./print.js";

export const LAYOUT_HELP = `  --layout c2sp|go          where tiles lie: tile/L/N (default), or tile/8/L/N as in the Go database`;

export function layoutOf(args: Arguments): "c2sp" | "go" {
  return args.oneOf("layout", ["c2sp", "go"], "c2sp");
}

/** The checkpoint of `--checkpoint`, else the log's own. */
export async function readCheckpoint(args: Arguments, folder: string): Promise<Uint8Array> {
  const path = args.text("checkpoint");
  if (path !== undefined) return await readInput(path);
  const bytes = await new FileStorage(folder).read(CHECKPOINT, MAX_NOTE_BYTES);
  if (!bytes) {
    throw new UsageError(`${folder} holds no file "${CHECKPOINT}"; name one with --checkpoint`);
  }
  return bytes;
}

/** A checkpoint whose signatures nobody asked about. */
export function requireCheckpoint(bytes: Uint8Array): UnverifiedCheckpoint {
  const signed = parseCheckpoint(bytes);
  if (!signed.ok) throw new UsageError(`not a checkpoint: ${describe(signed)}`);
  return signed.value;
}

/** The demand that `--vkey` and `--origin` make. */
export async function logDemand(kernel: Kernel, vkey: string, origin?: string): Promise<LogDemand> {
  const key = parseVkey(kernel, vkey);
  if (!key.ok) throw new UsageError(`--vkey: ${describe(key)}`);
  const logs = [key.value];
  const verifiers = await loadVerifiers({ logs, witnesses: [], quorum: undefined });
  return { logs, origin, verifiers };
}
